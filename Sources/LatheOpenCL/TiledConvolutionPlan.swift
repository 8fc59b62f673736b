#if OpenCL
  import LatheCore

  /// How convolution_gpu.cl does a forward pass or a backward pass to the input.
  struct TiledConvolutionPlan: Sendable {
    let kernel: OpenCLKernel
    /// Rows and columns of results of a work-group, and its work-items along each.
    let tile: Int
    var side: Int { tile / 4 }
    let rows: Int
    let pixelsPerImage: Int

    init(_ sizes: Convolution2D, _ choice: KernelChoice?, backward: Bool, backend: OpenCLBackend) throws {
      rows = (backward ? sizes.channels : sizes.outputChannels) / sizes.groups
      pixelsPerImage = backward ? sizes.height * sizes.width : sizes.outputHeight * sizes.outputWidth
      tile = choice?.parameters["TILE"] ?? 64
      let options = convolutionOptions(sizes, backward: backward).adding(choice)
      kernel = try backend.kernel(.file("convolution_gpu.cl"), "convolution", options)
    }
  }

  extension KernelOptions {
    /// The definitions with a choice's parameters among them.
    func adding(_ choice: KernelChoice?) -> KernelOptions {
      var options = self
      for (name, value) in (choice?.parameters.values ?? [:]).sorted(by: { $0.key < $1.key }) {
        options[name] = .int(value)
      }
      return options
    }
  }

  /// How convolution_gpu.cl computes a filter's gradient.
  struct TiledFilterGradientPlan: Sendable {
    let kernel: OpenCLKernel
    let tile: Int
    let depth: Int
    var side: Int { tile / 4 }
    let rows: Int
    let columns: Int

    init(_ sizes: Convolution2D, _ choice: KernelChoice?, backend: OpenCLBackend) throws {
      var geometry = sizes
      geometry.hasBias = false
      geometry.activation = .none
      rows = sizes.outputChannels / sizes.groups
      columns = sizes.channels / sizes.groups * sizes.kernelHeight * sizes.kernelWidth
      tile = choice?.parameters["TILE"] ?? 64
      depth = choice?.parameters["DEPTH"] ?? 16
      let options = convolutionOptions(geometry, backward: false).adding(choice)
      kernel = try backend.kernel(.file("convolution_gpu.cl"), "filter_gradient", options)
    }
  }
#endif
