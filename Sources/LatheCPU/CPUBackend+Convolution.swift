import CPUKernels
import LatheCore

extension CPUBackend {
  package func convolution(_ sizes: Convolution2D, inputs: [Operand], outputs: [Operand]) throws {
    counters.launched()
    if outputs[0].elementCount == 0 { return }
    ConvolutionKernel(sizes).forward(
      inputs[0].pointer(as: Float.self), filter: inputs[1].pointer(as: Float.self),
      bias: sizes.hasBias ? inputs[2].pointer(as: Float.self) : nil, to: outputs[0].pointer(as: Float.self))
  }

  package func convolutionBackwardInput(_ sizes: Convolution2D, inputs: [Operand], outputs: [Operand]) throws
  {
    counters.launched()
    let dx = outputs[0].pointer(as: Float.self)
    if inputs[0].elementCount == 0 || inputs[1].elementCount == 0 {
      dx.update(repeating: 0, count: outputs[0].elementCount)
      return
    }
    ConvolutionKernel(sizes).backwardInput(
      inputs[0].pointer(as: Float.self), filter: inputs[1].pointer(as: Float.self), to: dx)
  }

  package func convolutionBackwardFilter(_ sizes: Convolution2D, inputs: [Operand], outputs: [Operand]) throws
  {
    counters.launched()
    let dfilter = outputs[0].pointer(as: Float.self)
    if inputs[0].elementCount == 0 || inputs[1].elementCount == 0 {
      dfilter.update(repeating: 0, count: outputs[0].elementCount)
      return
    }
    ConvolutionKernel(sizes).backwardFilter(
      inputs[0].pointer(as: Float.self), inputs[1].pointer(as: Float.self), to: dfilter)
  }
}

/// The convolutions of kernels/cpu on all threads.
private struct ConvolutionKernel {
  /// Multiplications that are worth handing to another thread.
  private static let leastForThread = 1 << 17
  private let sizes: lathe_convolution
  private var pool: ThreadPool { .shared }

  init(_ s: Convolution2D) {
    sizes = lathe_convolution(
      batch: s.batch, channels: s.channels, height: s.height, width: s.width,
      output_channels: s.outputChannels, groups: s.groups, kernel_height: s.kernelHeight,
      kernel_width: s.kernelWidth, stride_y: s.strideY, stride_x: s.strideX, padding_y: s.paddingY,
      padding_x: s.paddingX, dilation_y: s.dilationY, dilation_x: s.dilationX,
      output_height: s.outputHeight, output_width: s.outputWidth, relu: s.activation == .relu)
  }

  private init(_ sizes: lathe_convolution) { self.sizes = sizes }

  /// Multiplications of one group for each pixel of the output.
  private var workOfPixel: Int {
    sizes.output_channels / sizes.groups * (sizes.channels / sizes.groups) * sizes.kernel_height
      * sizes.kernel_width
  }

  private func grain(_ work: Int) -> Int { max(1, Self.leastForThread / max(work, 1)) }

  func forward(
    _ x: UnsafePointer<Float>, filter: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    to y: UnsafeMutablePointer<Float>
  ) {
    withUnsafePointer(to: sizes) { s in
      // Elements of a filter are added in order: many are better left to the products.
      if sizes.channels == sizes.groups && sizes.output_channels == sizes.groups && workOfPixel <= 256 {
        let work = 4 * workOfPixel * sizes.output_height * sizes.output_width
        pool.parallelFor(sizes.batch * sizes.channels, grain: grain(work)) { range in
          lathe_depthwise_run(s, x, filter, bias, y, range.lowerBound, range.upperBound)
        }
        return
      }
      if lathe_winograd_suits(s) {
        return forwardByWinograd(x, filter: filter, isTurned: false, bias: bias, to: y)
      }
      guard let packed = lathe_workspace(LATHE_WORKSPACE_SHARED, lathe_convolution_packed_size(s))
      else { return }
      let tiles = lathe_convolution_tiles(s)
      pool.parallelFor(tiles, grain: grain(4 * workOfPixel * sizes.groups / tiles)) { range in
        lathe_convolution_pack(s, filter, packed, range.lowerBound, range.upperBound)
      }
      // Few pixels: the output channels are cut, too.
      let panels = lathe_convolution_panels(s)
      let wanted = (4 * pool.threadCount + panels * sizes.groups - 1) / (panels * sizes.groups)
      let blocks = min(wanted, tiles / sizes.groups)
      let work = workOfPixel * lathe_gemm_panel_columns() / blocks
      pool.parallelFor(sizes.groups * blocks * panels, grain: grain(work)) { range in
        lathe_convolution_run(s, x, packed, bias, y, blocks, range.lowerBound, range.upperBound)
      }
    }
  }

  private func forwardByWinograd(
    _ x: UnsafePointer<Float>, filter: UnsafePointer<Float>, isTurned: Bool, bias: UnsafePointer<Float>?,
    to y: UnsafeMutablePointer<Float>
  ) {
    withUnsafePointer(to: sizes) { s in
      guard let packed = lathe_workspace(LATHE_WORKSPACE_SHARED, lathe_winograd_packed_size(s))
      else { return }
      let tiles = lathe_convolution_tiles(s)
      pool.parallelFor(tiles, grain: 1) { range in
        lathe_winograd_pack(s, filter, isTurned, packed, range.lowerBound, range.upperBound)
      }
      // Few blocks: the output channels are cut, too, and each part transforms the tiles anew.
      let blocks = lathe_winograd_blocks(s)
      let parts = min(tiles, (2 * pool.threadCount + blocks - 1) / blocks)
      pool.parallelFor(blocks * parts, grain: 1) { range in
        lathe_winograd_run(s, x, packed, bias, y, parts, range.lowerBound, range.upperBound)
      }
    }
  }

  func backwardInput(
    _ dy: UnsafePointer<Float>, filter: UnsafePointer<Float>, to dx: UnsafeMutablePointer<Float>
  ) {
    withUnsafePointer(to: sizes) { s in
      var turned = lathe_convolution()
      let size = workOfPixel * sizes.groups
      if lathe_convolution_turn(s, &turned) {
        if lathe_winograd_suits(&turned) {
          return ConvolutionKernel(turned).forwardByWinograd(
            dy, filter: filter, isTurned: true, bias: nil, to: dx)
        }
        guard let other = lathe_workspace(LATHE_WORKSPACE_PARTIAL, size) else { return }
        pool.parallelFor(sizes.channels, grain: grain(16 * size / sizes.channels)) { range in
          lathe_convolution_turn_filter(s, filter, other, range.lowerBound, range.upperBound)
        }
        ConvolutionKernel(turned).forward(dy, filter: other, bias: nil, to: dx)
        return
      }
      let blockChannels = lathe_convolution_scatter_channels(s, pool.threadCount)
      let blocks = (sizes.channels / sizes.groups + blockChannels - 1) / blockChannels
      let count = lathe_convolution_scatter_size(s, blockChannels)
      guard let packed = lathe_workspace(LATHE_WORKSPACE_SHARED, count) else { return }
      // A range packs a part of the outputs for all its tiles before the next: few long ranges.
      let tiles = lathe_convolution_scatter_tiles(s, blockChannels)
      pool.parallelFor(tiles, grain: max(16, tiles / (2 * pool.threadCount))) { range in
        lathe_convolution_scatter_pack(s, filter, blockChannels, packed, range.lowerBound, range.upperBound)
      }
      let work = workOfPixel * sizes.output_height * sizes.output_width / blocks
      pool.parallelFor(sizes.batch * sizes.groups * blocks, grain: grain(work)) { range in
        lathe_convolution_scatter_run(s, dy, packed, dx, blockChannels, range.lowerBound, range.upperBound)
      }
    }
  }

  func backwardFilter(
    _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, to dfilter: UnsafeMutablePointer<Float>
  ) {
    withUnsafePointer(to: sizes) { s in
      if lathe_winograd_suits(s) { return backwardFilterByWinograd(dy, x, to: dfilter) }
      var plan = lathe_convolution_filter_plan(s)
      let size = workOfPixel * sizes.groups
      guard let partial = lathe_workspace(LATHE_WORKSPACE_PARTIAL, size * plan.slices) else { return }
      let tasks = sizes.groups * plan.slices * plan.tap_blocks
      let work = size * sizes.batch * sizes.output_height * sizes.output_width / tasks
      pool.parallelFor(tasks, grain: grain(work)) { range in
        lathe_convolution_filter_run(s, &plan, dy, x, partial, range.lowerBound, range.upperBound)
      }
      pool.parallelFor(size, grain: 1 << 14) { range in
        lathe_convolution_filter_sum(s, &plan, partial, dfilter, range.lowerBound, range.upperBound)
      }
    }
  }

  private func backwardFilterByWinograd(
    _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, to dfilter: UnsafeMutablePointer<Float>
  ) {
    withUnsafePointer(to: sizes) { s in
      guard let memory = lathe_workspace(LATHE_WORKSPACE_SHARED, lathe_winograd_filter_size(s))
      else { return }
      for chunk in 0..<lathe_winograd_filter_chunks(s) {
        pool.parallelFor(lathe_winograd_filter_tasks(s), grain: 1) { range in
          lathe_winograd_filter_transform(s, dy, x, memory, chunk, range.lowerBound, range.upperBound)
        }
        pool.parallelFor(lathe_winograd_filter_products(s), grain: 1) { range in
          lathe_winograd_filter_multiply(s, memory, chunk, range.lowerBound, range.upperBound)
        }
      }
      pool.parallelFor(sizes.output_channels, grain: 1) { range in
        lathe_winograd_filter_finish(s, memory, dfilter, range.lowerBound, range.upperBound)
      }
    }
  }
}
