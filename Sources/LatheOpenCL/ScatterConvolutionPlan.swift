#if OpenCL
  import LatheCore

  /// How convolution_scatter_cpu.cl computes an input's gradient.
  struct ScatterConvolutionPlan: Sendable {
    let kernel: OpenCLKernel
    /// Work-items for each image.
    let blocks: Int

    /// Floats of a work-item's part of the padded image.
    private static let most = 16384

    /// Channels of the output that are added in order.
    private static let mostChannels = 512

    /// Whether scattering serves better than gathering, which does taps x taps products for each pixel of the image
    /// and not for each of the output.
    static func serves(_ sizes: Convolution2D) -> Bool {
      sizes.strideY == 1 && sizes.strideX == 1
        && sizes.height * sizes.width * 10 > sizes.outputHeight * sizes.outputWidth * 14
        && paddedPixels(sizes) <= most && sizes.outputChannels / sizes.groups <= mostChannels
    }

    private static func paddedPixels(_ sizes: Convolution2D) -> Int {
      (sizes.height + 2 * sizes.paddingY) * (sizes.width + 2 * sizes.paddingX)
    }

    init(_ sizes: Convolution2D, backend: OpenCLBackend) throws {
      var options = convolutionOptions(sizes, backward: true)
      for name in ["BACKWARD", "HAS_BIAS", "RELU", "STRIDE_Y", "STRIDE_X"] { options[name] = nil }
      let rows = sizes.channels / sizes.groups
      let most = max(1, Self.most / Self.paddedPixels(sizes))
      let block = (1...min(rows, most)).last { rows % $0 == 0 } ?? 1
      let vectors = ceilingDivide(sizes.outputHeight * sizes.outputWidth, backend.vectors.lanes)
      let across = [2, 3].first { vectors % $0 == 0 } ?? 1
      options["BLOCK"] = .int(block)
      options["NV"] = .int(across)
      options["ROWS_TILE"] = .int(evenPart(of: block, most: backend.vectors.sums / across))
      blocks = sizes.groups * (rows / block)
      kernel = try backend.kernel(.file("convolution_scatter_cpu.cl"), "convolution_scatter", options)
    }
  }
#endif
