#if OpenCL
  import COpenCL
  import LatheCore

  extension OpenCLBackend {
    package func maxPool(_ sizes: Pool2D, inputs: [Operand], outputs: [Operand]) throws {
      try pool("max_pool", sizes, inputs + outputs, result: outputs[0])
    }

    package func maxPoolBackward(_ sizes: Pool2D, inputs: [Operand], outputs: [Operand]) throws {
      try pool("max_pool_backward", sizes, inputs + outputs, result: outputs[0])
    }

    package func averagePool(_ sizes: Pool2D, inputs: [Operand], outputs: [Operand]) throws {
      try pool("average_pool", sizes, inputs + outputs, result: outputs[0])
    }

    package func averagePoolBackward(_ sizes: Pool2D, inputs: [Operand], outputs: [Operand]) throws {
      try pool("average_pool_backward", sizes, inputs + outputs, result: outputs[0])
    }

    /// The largest window whose size is compiled in, with its loops unrolled.
    ///
    /// Sizes of planes are compiled in for CPUs only.
    private static let largestUnrolled = 25

    private func pool(_ function: String, _ sizes: Pool2D, _ operands: [Operand], result: Operand) throws {
      guard result.elementCount > 0 else { return }
      let isUnrolled = !sizes.isAdaptive && sizes.kernelHeight * sizes.kernelWidth <= Self.largestUnrolled
      // max_pool_backward writes whole windows under the cpu profile where they tile the plane.
      let tiled =
        sizes.strideY == sizes.kernelHeight && sizes.strideX == sizes.kernelWidth && sizes.paddingY == 0
        && sizes.paddingX == 0
      let byWindows =
        !function.hasSuffix("backward")
        || (isUnrolled && tiled && function == "max_pool_backward" && profile == .cpu)
      let lines = sizes.planes * (byWindows ? sizes.outputHeight : sizes.height)
      // Kernels count lines and the elements of a plane in 32 bits.
      let most = max(lines, sizes.height * sizes.width, sizes.outputHeight * sizes.outputWidth)
      guard most <= Int(Int32.max) / 2 else {
        throw LatheError.unsupported("pooling of \(sizes.planes) planes of \(sizes.height) x \(sizes.width)")
      }
      let isNarrow = [(sizes.height, sizes.outputHeight), (sizes.width, sizes.outputWidth)]
        .allSatisfy { $0.0 * $0.1 + max($0.0, $0.1) <= Int(UInt32.max) }
      let hasNarrowElements = result.elementCount < Int(Int32.max)
      let kernel =
        try isUnrolled
        ? unrolledPool(function, sizes, tiled: tiled, isNarrow: hasNarrowElements)
        : self.kernel(
          .file("pooling_windows.cl"), function,
          ["NARROW": isNarrow ? 1 : 0, "NARROW_ELEMENTS": hasNarrowElements ? 1 : 0])
      let linesPerItem = max(1, ceilingDivide(lines, 16 * info.computeUnits))
      var arguments =
        operands.map { KernelArgument.memory($0.memory) }
        + [isUnrolled ? .int(sizes.planes) : .bytes(try Self.bytes(of: sizes)), .int(linesPerItem)]
      if isUnrolled && profile == .gpu {
        arguments.append(
          .ints([
            sizes.height, sizes.width, sizes.outputHeight, sizes.outputWidth, sizes.paddingY, sizes.paddingX,
            0, 0,
          ]))
      }
      if profile == .gpu {
        try launch(kernel, arguments, global: (result.elementCount, 1, 1), local: (64, 1, 1))
      } else {
        try launch(kernel, arguments, global: (ceilingDivide(lines, linesPerItem), 1, 1))
      }
    }

    private func unrolledPool(
      _ function: String, _ sizes: Pool2D, tiled: Bool, isNarrow: Bool
    ) throws -> OpenCLKernel {
      let isInside =
        sizes.paddingY == 0 && sizes.paddingX == 0
        && (sizes.outputHeight - 1) * sizes.strideY + sizes.kernelHeight <= sizes.height
        && (sizes.outputWidth - 1) * sizes.strideX + sizes.kernelWidth <= sizes.width
      var options: KernelOptions = [
        "KERNEL_HEIGHT": .int(sizes.kernelHeight), "KERNEL_WIDTH": .int(sizes.kernelWidth),
        "STRIDE_Y": .int(sizes.strideY), "STRIDE_X": .int(sizes.strideX),
        "COUNTS_PADDING": sizes.countsPadding ? 1 : 0, "TILED": tiled ? 1 : 0, "INSIDE": isInside ? 1 : 0,
      ]
      if profile == .gpu {
        options["NARROW_ELEMENTS"] = isNarrow ? 1 : 0
        return try kernel(.file("pooling.cl"), function, options)
      }
      options.add([
        "HEIGHT": .int(sizes.height), "WIDTH": .int(sizes.width), "OUT_HEIGHT": .int(sizes.outputHeight),
        "OUT_WIDTH": .int(sizes.outputWidth), "PADDING_Y": .int(sizes.paddingY),
        "PADDING_X": .int(sizes.paddingX),
      ])
      var geometry = sizes
      geometry.planes = 0
      return try layerPlans.plan(.pool(geometry, function: function)) {
        try kernel(.file("pooling.cl"), function, options)
      }
    }

    /// The struct `pool_sizes` of pooling_windows.cl.
    private static func bytes(of s: Pool2D) throws -> [UInt8] {
      let words = try [
        s.height, s.outputHeight, s.kernelHeight, s.strideY, s.paddingY,
        s.width, s.outputWidth, s.kernelWidth, s.strideX, s.paddingX,
        s.planes, s.countsPadding && !s.isAdaptive ? 1 : 0, s.isAdaptive ? 1 : 0,
      ].map { value in
        guard let word = Int32(exactly: value) else {
          throw LatheError.unsupported("pooling with a size of \(value)")
        }
        return word
      }
      return words.withUnsafeBytes { Array($0) }
    }
  }
#endif
