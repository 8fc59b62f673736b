import CPUKernels
import LatheCore

extension CPUBackend {
  package func maxPool(_ sizes: Pool2D, inputs: [Operand], outputs: [Operand]) throws {
    let x = inputs[0].pointer(as: Float.self)
    let (y, index) = (outputs[0].pointer(as: Float.self), outputs[1].pointer(as: Int32.self))
    forEachPlane(sizes) { lathe_max_pool($0, x, y, index, $1.lowerBound, $1.upperBound) }
  }

  package func maxPoolBackward(_ sizes: Pool2D, inputs: [Operand], outputs: [Operand]) throws {
    let (dy, index) = (inputs[0].pointer(as: Float.self), inputs[1].pointer(as: Int32.self))
    let dx = outputs[0].pointer(as: Float.self)
    forEachPlane(sizes) { lathe_max_pool_backward($0, dy, index, dx, $1.lowerBound, $1.upperBound) }
  }

  package func averagePool(_ sizes: Pool2D, inputs: [Operand], outputs: [Operand]) throws {
    let (x, y) = (inputs[0].pointer(as: Float.self), outputs[0].pointer(as: Float.self))
    forEachPlane(sizes) { lathe_average_pool($0, x, y, $1.lowerBound, $1.upperBound) }
  }

  package func averagePoolBackward(_ sizes: Pool2D, inputs: [Operand], outputs: [Operand]) throws {
    let (dy, dx) = (inputs[0].pointer(as: Float.self), outputs[0].pointer(as: Float.self))
    forEachPlane(sizes) { lathe_average_pool_backward($0, dy, dx, $1.lowerBound, $1.upperBound) }
  }

  private func forEachPlane(_ s: Pool2D, _ body: (UnsafePointer<lathe_pool>, Range<Int>) -> Void) {
    counters.launched()
    let sizes = lathe_pool(
      planes: s.planes, height: s.height, width: s.width, kernel_height: s.kernelHeight,
      kernel_width: s.kernelWidth, stride_y: s.strideY, stride_x: s.strideX, padding_y: s.paddingY,
      padding_x: s.paddingX, output_height: s.outputHeight, output_width: s.outputWidth,
      counts_padding: s.countsPadding, adaptive: s.isAdaptive)
    let work = s.height * s.width + s.outputHeight * s.outputWidth * s.kernelHeight * s.kernelWidth
    withUnsafePointer(to: sizes) { sizes in
      ThreadPool.shared.parallelFor(s.planes, grain: max(1, 32768 / max(work, 1))) { body(sizes, $0) }
    }
  }
}
