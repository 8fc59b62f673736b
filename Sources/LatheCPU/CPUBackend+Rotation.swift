import CPUKernels
import LatheCore

extension CPUBackend {
  package func rotate(_ sizes: Rotation, inputs: [Operand], outputs: [Operand]) throws {
    guard outputs[0].elementCount > 0 else { return }
    counters.launched()
    let layouts = inputs.map(\.layout)
    var rotation = lathe_rotation()
    rotation.heads = sizes.heads
    rotation.time = sizes.time
    rotation.width = sizes.width
    rotation.pairs = sizes.pairs
    rotation.is_interleaved = sizes.isInterleaved
    rotation.is_inverse = sizes.isInverse
    rotation.x = UnsafePointer(inputs[0].pointer(as: Float.self))
    rotation.x_batch = layouts[0].strides[0]
    rotation.x_head = layouts[0].strides[1]
    rotation.x_time = layouts[0].strides[2]
    rotation.cosines = UnsafePointer(inputs[1].pointer(as: Float.self))
    rotation.sines = UnsafePointer(inputs[2].pointer(as: Float.self))
    rotation.cosine_row = layouts[1].strides[0]
    rotation.sine_row = layouts[2].strides[0]
    rotation.y = outputs[0].pointer(as: Float.self)
    let rows = sizes.batch * sizes.heads * sizes.time
    withUnsafePointer(to: rotation) { rotation in
      ThreadPool.shared.parallelFor(rows, grain: max(1, 16384 / sizes.width)) {
        lathe_rotate(rotation, $0.lowerBound, $0.upperBound)
      }
    }
  }
}
