#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    package func copy(inputs: [Operand], outputs: [Operand]) throws {
      let from = inputs[0]
      let to = outputs[0]
      let count = to.elementCount
      guard count > 0 else { return }
      let (source, target) = OpenCLBackend.inOrderOfTarget(from.layout, to.layout)
      let axes = CollapsedAxes(shape: target.shape, layouts: [source, target])
      let inner = axes.rank - 1
      let isUnit = axes.strides[0][inner] == 1 && axes.strides[1][inner] == 1
      let element = OpenCLBackend.rawType(from.dtype)
      if let matrices = axes.asMatrices {
        return try transpose(matrices, element, from: from, at: source.offset, to: to, at: target.offset)
      }
      if profile == .gpu {
        return try copyPlaces(axes, element, from: from, at: source.offset, to: to, at: target.offset)
      }
      let kernel = try kernel(
        .file("copy.cl"), "copy",
        [
          "ELEMENT": .string(element), "WIDE": .string(element + "16"), "RANK": .int(axes.rank),
          "UNIT_STRIDE": isUnit ? 1 : 0,
        ])
      let (groups, block) = blocks(of: count)
      try launch(
        kernel,
        [
          .memory(from.memory), .long(source.offset), .memory(to.memory), .long(target.offset), .long(count),
          .long(block), .bytes(OpenCLBackend.bytes(of: axes)),
        ], global: (groups, 1, 1))
    }

    /// copy of copy.cl on GPUs, by vectors where both sides have whole ones.
    private func copyPlaces(
      _ axes: CollapsedAxes, _ element: String, from: Operand, at sourceOffset: Int, to: Operand,
      at targetOffset: Int
    ) throws {
      var axes = axes
      let inner = axes.rank - 1
      let others = axes.strides.flatMap { $0.dropLast() } + [sourceOffset, targetOffset, axes.sizes[inner]]
      let isVector = axes.strides.allSatisfy { $0[inner] == 1 } && others.allSatisfy { $0 % 4 == 0 }
      let width = isVector ? 4 : 1
      axes.sizes[inner] /= width
      for k in axes.strides.indices {
        for axis in 0..<inner { axes.strides[k][axis] /= width }
      }
      let isNarrow = axes.hasNarrowPlaces
      let count = axes.sizes.reduce(1, *)
      let groups = gpuGroups(count)
      try launch(
        kernel(
          .file("copy.cl"), "copy",
          [
            "ELEMENT": .string(element), "WIDTH": .int(width), "RANK": .int(axes.rank),
            "NARROW": isNarrow ? 1 : 0,
          ]),
        [
          .memory(from.memory), .long(sourceOffset / width), .memory(to.memory), .long(targetOffset / width),
          .long(count), .long(0), .bytes(OpenCLBackend.places(of: axes, isNarrow: isNarrow)),
        ], global: (groups * 256, 1, 1), local: (256, 1, 1))
    }

    /// The struct `lathe_places` of copy.cl.
    private static func places(of axes: CollapsedAxes, isNarrow: Bool) -> [UInt8] {
      let lists = [axes.sizes] + axes.strides
      var bytes: [UInt8] = []
      for list in lists {
        for axis in 0..<8 {
          let value = axis < list.count ? list[axis] : 0
          if isNarrow {
            withUnsafeBytes(of: Int32(value)) { bytes += $0 }
          } else {
            withUnsafeBytes(of: Int64(value)) { bytes += $0 }
          }
        }
      }
      for axis in 0..<8 { bytes += KernelArgument.divisorBytes(axis < axes.rank ? axes.sizes[axis] : 1) }
      return bytes
    }

    /// Copies a batch of matrices whose rows are the source's columns, tile by tile.
    private func transpose(
      _ axes: CollapsedAxes, _ element: String, from: Operand, at sourceOffset: Int, to: Operand,
      at targetOffset: Int
    ) throws {
      let kernel = try kernel(.file("copy.cl"), "transpose", ["TRANSPOSE": 1, "ELEMENT": .string(element)])
      let arguments: [KernelArgument] = [
        .memory(from.memory), .long(sourceOffset), .memory(to.memory), .long(targetOffset),
        .bytes(OpenCLBackend.bytes(of: axes)),
      ]
      if profile == .cpu {
        try launch(kernel, arguments, global: ((axes.sizes[1] + 15) / 16, axes.sizes[0], 1))
      } else {
        let tiles = (columns: (axes.sizes[2] + 31) / 32, rows: (axes.sizes[1] + 31) / 32)
        try launch(
          kernel, arguments, global: (tiles.columns * 32, tiles.rows * 8, axes.sizes[0]), local: (32, 8, 1))
      }
    }

    /// The struct `lathe_axes` of copy.cl.
    private static func bytes(of axes: CollapsedAxes) -> [UInt8] {
      var words = [Int64](repeating: 0, count: 24)
      for axis in 0..<axes.rank {
        words[axis] = Int64(axes.sizes[axis])
        words[8 + axis] = Int64(axes.strides[0][axis])
        words[16 + axis] = Int64(axes.strides[1][axis])
      }
      return words.withUnsafeBytes { Array($0) }
    }

    /// Both layouts with their axes sorted so that the target is written from front to back.
    private static func inOrderOfTarget(_ source: Layout, _ target: Layout) -> (Layout, Layout) {
      let order = (0..<target.rank).sorted {
        let a = abs(target.strides[$0])
        let b = abs(target.strides[$1])
        return a == b ? $0 < $1 : a > b
      }
      let axes = Shape(order)
      return (source.permuted(axes), target.permuted(axes))
    }

    /// An unsigned type of an element's size.
    static func rawType(_ dtype: DType) -> String {
      switch dtype.byteCount {
      case 1: "uchar"
      case 2: "ushort"
      case 4: "uint"
      default: "ulong"
      }
    }

    /// Work-groups of 256 for kernels of the gpu profile whose work-items take elements in turn.
    func gpuGroups(_ count: Int) -> Int { min((count + 255) / 256, max(1, info.computeUnits) * 32) }
  }
#endif
