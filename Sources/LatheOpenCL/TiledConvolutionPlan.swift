#if OpenCL
  import LatheCore

  /// How convolution_gpu.cl does a forward pass or a backward pass to the input.
  struct TiledConvolutionPlan: Sendable {
    let kernel: OpenCLKernel
    let rows: Int
    let pixelsPerImage: Int

    init(_ sizes: Convolution2D, backward: Bool, backend: OpenCLBackend) throws {
      rows = (backward ? sizes.channels : sizes.outputChannels) / sizes.groups
      pixelsPerImage = backward ? sizes.height * sizes.width : sizes.outputHeight * sizes.outputWidth
      kernel = try backend.kernel(
        .file("convolution_gpu.cl"), "convolution", convolutionOptions(sizes, backward: backward))
    }
  }

  /// How convolution_gpu.cl computes a filter's gradient.
  struct TiledFilterGradientPlan: Sendable {
    let kernel: OpenCLKernel
    let reduce: OpenCLKernel
    let rows: Int
    let columns: Int

    init(_ sizes: Convolution2D, backend: OpenCLBackend) throws {
      var geometry = sizes
      geometry.hasBias = false
      geometry.activation = .none
      rows = sizes.outputChannels / sizes.groups
      columns = sizes.channels / sizes.groups * sizes.kernelHeight * sizes.kernelWidth
      let options = convolutionOptions(geometry, backward: false)
      kernel = try backend.kernel(.file("convolution_gpu.cl"), "filter_gradient", options)
      reduce = try backend.kernel(.file("convolution_gpu.cl"), "reduce_slices", options)
    }
  }
#endif
