#if OpenCL
  import LatheCore

  /// Definitions that convolution kernels share.
  func convolutionOptions(_ sizes: Convolution2D, backward: Bool) -> KernelOptions {
    let inGroup = sizes.channels / sizes.groups
    let outGroup = sizes.outputChannels / sizes.groups
    return [
      "BACKWARD": .int(backward ? 1 : 0), "GROUPS": .int(sizes.groups),
      "ROWS": .int(backward ? inGroup : outGroup), "CHANNELS": .int(backward ? outGroup : inGroup),
      "KERNEL_HEIGHT": .int(sizes.kernelHeight), "KERNEL_WIDTH": .int(sizes.kernelWidth),
      "STRIDE_Y": .int(sizes.strideY), "STRIDE_X": .int(sizes.strideX),
      "PADDING_Y": .int(sizes.paddingY), "PADDING_X": .int(sizes.paddingX),
      "DILATION_Y": .int(sizes.dilationY), "DILATION_X": .int(sizes.dilationX),
      "SOURCE_HEIGHT": .int(backward ? sizes.outputHeight : sizes.height),
      "SOURCE_WIDTH": .int(backward ? sizes.outputWidth : sizes.width),
      "TARGET_HEIGHT": .int(backward ? sizes.height : sizes.outputHeight),
      "TARGET_WIDTH": .int(backward ? sizes.width : sizes.outputWidth),
      "HAS_BIAS": .int(sizes.hasBias && !backward ? 1 : 0),
      "RELU": .int(sizes.activation == .relu && !backward ? 1 : 0),
    ]
  }

  /// The number of lines of `segment` pixels whose sum, at most `most`, fills vectors of `unit` pixels best.
  private func linesPerBlock(segment: Int, most: Int, unit: Int) -> Int {
    var best = (fill: 0.0, lines: 1)
    for lines in 1...max(1, most / segment) {
      let pixels = lines * segment
      let fill = Double(pixels) / Double(roundedUp(pixels, to: unit))
      if fill >= best.fill - 0.02 { best = (max(fill, best.fill), lines) }
    }
    return best.lines
  }

  /// `extent` in the fewest equal parts of at most `most`.
  func evenPart(of extent: Int, most: Int) -> Int {
    ceilingDivide(extent, ceilingDivide(extent, most))
  }

  /// How convolution_cpu.cl does a forward pass or a backward pass to the input.
  struct ConvolutionPlan: Sendable {
    let kernel: OpenCLKernel
    let rows: Int
    let blockLines: Int
    let blockOut: Int
    let linesPerImage: Int
    let phases: Int

    init(_ sizes: Convolution2D, _ choice: KernelChoice?, backward: Bool, backend: OpenCLBackend) throws {
      var options = convolutionOptions(sizes, backward: backward)
      let taps = sizes.kernelHeight * sizes.kernelWidth
      let inGroup = sizes.channels / sizes.groups
      let outGroup = sizes.outputChannels / sizes.groups
      let channels = backward ? outGroup : inGroup
      rows = backward ? inGroup : outGroup
      phases = backward ? sizes.strideY * sizes.strideX : 1
      let height = backward ? ceilingDivide(sizes.height, sizes.strideY) : sizes.outputHeight
      let width = backward ? ceilingDivide(sizes.width, sizes.strideX) : sizes.outputWidth

      // The registers that do not hold sums have the pixels and a weight.
      let registers = backend.vectors
      let vectors = choice?.parameters["NV"] ?? (rows <= 4 && registers.count >= 32 ? 4 : 2)
      blockOut = evenPart(of: rows, most: (choice?.parameters["SUMS"] ?? registers.sums) / vectors)
      // A panel of 128 KB stays in the second-level cache.
      let panel = choice?.parameters["PANEL"] ?? 32768
      let most = max(64, min(1024, panel / min(channels * taps, 256)))
      let segment = evenPart(of: width, most: max(most, 256))
      blockLines = linesPerBlock(segment: segment, most: most, unit: registers.lanes * vectors)
      let pixels = roundedUp(blockLines * segment, to: registers.lanes * vectors)
      let panelChannels = evenPart(of: channels, most: max(1, min(channels, panel / (pixels * taps))))
      linesPerImage = height * ceilingDivide(width, segment)
      options["SEGMENT"] = .int(segment)
      options["BLOCK_LINES"] = .int(blockLines)
      options["BLOCK_OUT"] = .int(blockOut)
      options["NV"] = .int(vectors)
      options["PANEL_CHANNELS"] = .int(panelChannels)
      kernel = try backend.kernel(.file("convolution_cpu.cl"), "convolution", options)
    }
  }

  /// How convolution_filter_cpu.cl computes a filter's gradient.
  struct FilterGradientPlan: Sendable {
    let kernel: OpenCLKernel
    let blockLines: Int
    let chunks: Int
    let linesPerImage: Int

    init(_ sizes: Convolution2D, _ choice: KernelChoice?, backend: OpenCLBackend) throws {
      var options = convolutionOptions(sizes, backward: false)
      for name in ["BACKWARD", "HAS_BIAS", "RELU"] { options[name] = nil }
      let taps = sizes.kernelHeight * sizes.kernelWidth
      let channels = sizes.channels / sizes.groups
      let rows = sizes.outputChannels / sizes.groups
      // 256 KB of patches, at best 512 pixels long.
      let panel = choice?.parameters["PANEL"] ?? 65536
      let chunk = evenPart(of: channels, most: max(1, min(channels, panel / (512 * taps))))
      let most = max(64, min(1024, panel / (chunk * taps)))
      let segment = evenPart(of: sizes.outputWidth, most: max(256, most))
      blockLines = linesPerBlock(segment: segment, most: most, unit: backend.vectors.lanes)
      chunks = ceilingDivide(channels, chunk)
      linesPerImage = sizes.outputHeight * ceilingDivide(sizes.outputWidth, segment)
      let isWide = backend.vectors.count >= 32
      let tileRows = choice?.parameters["TILE_ROWS"] ?? (isWide ? rows % 5 == 0 ? 5 : 4 : 3)
      let tileTaps =
        choice?.parameters["TILE_TAPS"] ?? (isWide ? tileRows == 5 || taps % 5 == 0 ? 5 : 4 : 3)
      options["SEGMENT"] = .int(segment)
      options["BLOCK_LINES"] = .int(blockLines)
      options["CHUNK"] = .int(chunk)
      options["TILE_ROWS"] = .int(tileRows)
      options["TILE_TAPS"] = .int(tileTaps)
      kernel = try backend.kernel(.file("convolution_filter_cpu.cl"), "filter_gradient", options)
    }
  }
#endif
