import CPUKernels
import LatheCore
import Synchronization

extension CPUBackend {
  func gather(outer: Int, count: Int, inner: Int, picked: Int, inputs: [Operand], outputs: [Operand]) throws {
    counters.launched()
    var sizes = lathe_index_sizes(inputs[1], outer: outer, count: count, inner: inner, picked: picked)
    let x = inputs[0].pointer(as: UInt8.self)
    let index = inputs[1].pointer(as: Int32.self)
    let out = outputs[0].pointer(as: UInt8.self)
    let size = inputs[0].dtype.byteCount
    let bad = Atomic<Int64>(.max)
    withUnsafePointer(to: &sizes) { sizes in
      ThreadPool.shared.parallelFor(outer * picked, grain: max(1, (1 << 14) / max(inner, 1))) { range in
        let place = lathe_gather(x, index, out, size, sizes, range.lowerBound, range.upperBound)
        if place >= 0 { bad.min(place, ordering: .relaxed) }
      }
    }
    try check("gather", bad.load(ordering: .relaxed), sizes, index)
  }

  func scatterAdd(outer: Int, count: Int, inner: Int, picked: Int, inputs: [Operand], outputs: [Operand])
    throws
  {
    counters.launched()
    var sizes = lathe_index_sizes(inputs[1], outer: outer, count: count, inner: inner, picked: picked)
    let index = inputs[1].pointer(as: Int32.self)
    let bytes = outer * count * inner * inputs[0].dtype.byteCount
    outputs[0].pointer(as: UInt8.self).update(from: inputs[0].pointer(as: UInt8.self), count: bytes)
    let bad = Atomic<Int64>(.max)
    // Each thread owns columns, so that the order of additions to an element is that of the indices.
    let width =
      inner >= 64 ? (inner + ThreadPool.shared.threadCount - 1) / ThreadPool.shared.threadCount : inner
    let pieces = width == 0 ? 0 : (inner + width - 1) / width
    withUnsafePointer(to: &sizes) { sizes in
      ThreadPool.shared.parallelFor(outer * pieces, grain: max(1, (1 << 13) / max(width * picked, 1))) {
        range in
        for job in range {
          let first = job % pieces * width
          let place = Self.scatter(
            inputs[2], index, outputs[0], sizes, o: job / pieces, columns: first..<min(first + width, inner))
          if place >= 0 { bad.min(place, ordering: .relaxed) }
        }
      }
    }
    try check("scatterAdd", bad.load(ordering: .relaxed), sizes, index)
  }

  private static func scatter(
    _ source: Operand, _ index: UnsafePointer<Int32>, _ out: Operand,
    _ sizes: UnsafePointer<lathe_index_sizes>, o: Int,
    columns: Range<Int>
  ) -> Int64 {
    let (first, last) = (columns.lowerBound, columns.upperBound)
    switch out.dtype {
    case .int32:
      return lathe_scatter_add_i32(
        source.pointer(as: Int32.self), index, out.pointer(as: Int32.self), sizes, o, first, last)
    case .int64:
      return lathe_scatter_add_i64(
        source.pointer(as: Int64.self), index, out.pointer(as: Int64.self), sizes, o, first, last)
    default:
      return lathe_scatter_add_f32(
        source.pointer(as: Float.self), index, out.pointer(as: Float.self), sizes, o, first, last)
    }
  }

  /// Turns the place of a bad index into the error that names it.
  private func check(
    _ name: String, _ place: Int64, _ sizes: lathe_index_sizes, _ index: UnsafePointer<Int32>
  ) throws {
    guard place != .max else { return }
    let inner = max(sizes.inner, 1)
    let (row, i) = Int(place).quotientAndRemainder(dividingBy: inner)
    let (o, p) = row.quotientAndRemainder(dividingBy: max(sizes.picked, 1))
    let value = index[o * sizes.outer_stride + p * sizes.picked_stride + i * sizes.inner_stride]
    throw LatheError(
      .indexOutOfRange, "\(name): index \(value) is outside an axis of size \(sizes.count)")
  }
}

extension lathe_index_sizes {
  fileprivate init(_ index: Operand, outer: Int, count: Int, inner: Int, picked: Int) {
    let strides = index.layout.strides
    self.init(
      outer: outer, count: count, inner: inner, picked: picked, outer_stride: strides[0],
      picked_stride: strides[1],
      inner_stride: strides[2])
  }
}
