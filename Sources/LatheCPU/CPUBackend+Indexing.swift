import CPUKernels
import LatheCore
import Synchronization

extension CPUBackend {
  package func gather(outer: Int, count: Int, inner: Int, picked: Int, inputs: [Operand], outputs: [Operand])
    throws
  {
    guard outputs[0].elementCount > 0 else { return }
    counters.launched()
    let size = inputs[0].dtype.byteCount
    nonisolated(unsafe) let x = UnsafePointer(inputs[0].pointer.assumingMemoryBound(to: CChar.self))
    nonisolated(unsafe) let y = outputs[0].pointer.assumingMemoryBound(to: CChar.self)
    let index = IndexOperand(inputs[1], outer: outer, picked: picked, inner: inner)
    let bad = Atomic(Int.max)
    ThreadPool.shared.parallelFor(outer * picked, grain: max(1, 8192 / inner)) { range in
      var p = range.lowerBound
      while p < range.upperBound {
        let (o, first) = p.quotientAndRemainder(dividingBy: picked)
        let rows = min(picked - first, range.upperBound - p)
        let from = x + o * count * inner * size
        let to = y + p * inner * size
        let at = index.pointer(o, first)
        let failure: Int64 =
          if index.isRow {
            lathe_gather_rows(to, from, at, Int64(index.strides.picked), rows, count, inner * size)
          } else {
            lathe_gather_elements(
              to, from, at, Int64(index.strides.picked), Int64(index.strides.inner), rows, count, inner, size)
          }
        if failure >= 0 {
          bad.min(p * inner + Int(failure) * (index.isRow ? inner : 1), ordering: .relaxed)
          return
        }
        p += rows
      }
    }
    let position = bad.load(ordering: .relaxed)
    if position != .max { throw index.error("gather", at: position, count: count) }
  }

  package func scatterAdd(
    outer: Int, count: Int, inner: Int, picked: Int, inputs: [Operand], outputs: [Operand]
  )
    throws
  {
    guard outputs[0].elementCount > 0 else { return }
    counters.launched()
    let dtype = inputs[0].dtype
    let kernel =
      switch dtype {
      case .float32: lathe_scatter_add_f32
      case .float64: lathe_scatter_add_f64
      case .int32: lathe_scatter_add_i32
      case .int64: lathe_scatter_add_i64
      default: throw LatheError.unsupported("scatterAdd of \(dtype)")
      }
    let size = dtype.byteCount
    let index = IndexOperand(inputs[1], outer: outer, picked: picked, inner: inner)
    let width = index.isRow ? 1 : inner
    let resolved = try index.resolved("scatterAdd", outer: outer, count: count)
    nonisolated(unsafe) let base = inputs[0].pointer
    nonisolated(unsafe) let source = inputs[2].pointer
    nonisolated(unsafe) let y = outputs[0].pointer
    let numbers = NumberedTargets(
      resolved, dtype: dtype, outer: outer, count: count, picked: picked, width: width, length: inner / width)
    // Each thread has rows of its own and walks all indices, so that additions keep their order.
    let isRow: Int32 = index.isRow ? 1 : 0
    resolved.withUnsafeBufferPointer { buffer in
      nonisolated(unsafe) let indices = buffer
      ThreadPool.shared.parallelFor(outer * count, grain: max(1, 16 * 1024 / inner)) { range in
        (y + range.lowerBound * inner * size).copyMemory(
          from: base + range.lowerBound * inner * size, byteCount: range.count * inner * size)
        for o in range.lowerBound / count...(range.upperBound - 1) / count {
          let rows = range.clamped(to: o * count..<(o + 1) * count)
          let (to, from) = (y + o * count * inner * size, source + o * picked * inner * size)
          let index = indices.baseAddress.map { $0 + o * picked * width }
          let (low, high) = (rows.lowerBound - o * count, rows.upperBound - o * count)
          if let numbers {
            lathe_scatter_add_numbered(
              to.assumingMemoryBound(to: Float.self), from.assumingMemoryBound(to: Float.self), index, isRow,
              picked, inner, low, high, numbers.of(outer: o), numbers.sums)
          } else {
            kernel(to, from, index, isRow, picked, inner, low, high)
          }
        }
      }
    }
  }
}

/// The targets of a scatter-add to which so many are added that a sum in float32 would lose digits: elements, or whole rows.
private final class NumberedTargets: @unchecked Sendable {
  // Unchecked: `numbers` is only read after init, and each thread has sums of its own.
  private static let most = 256
  private let numbers: UnsafeMutablePointer<Int32>
  private let targets: Int
  let sums: UnsafeMutablePointer<Double>

  /// nil where there are none; `length` numbers of a target lie behind one another.
  init?(
    _ index: [Int32], dtype: DType, outer: Int, count: Int, picked: Int, width: Int, length: Int
  ) {
    guard dtype == .float32, picked > Self.most else { return nil }
    let (targets, numbers) = (
      count * width, UnsafeMutablePointer<Int32>.allocate(capacity: outer * count * width)
    )
    var next: Int32 = 0
    index.withUnsafeBufferPointer { index in
      for o in 0..<outer {
        next = lathe_number_targets(
          numbers + o * targets, index.baseAddress.map { $0 + o * picked * width }, picked, count, width,
          Self.most, next)
      }
    }
    self.targets = targets
    self.numbers = numbers
    sums = .allocate(capacity: Int(next) * length)
    if next == 0 { return nil }
  }

  deinit {
    numbers.deallocate()
    sums.deallocate()
  }

  func of(outer: Int) -> UnsafePointer<Int32> { UnsafePointer(numbers + outer * targets) }
}

/// Indices int32 [outer, picked, inner] with any strides.
struct IndexOperand: @unchecked Sendable {
  // Unchecked: it holds an address of memory that is only read.
  let strides: (outer: Int, picked: Int, inner: Int)
  /// Whether all elements of an inner run have one index.
  let isRow: Bool
  private let sizes: (picked: Int, inner: Int)
  private let base: UnsafePointer<Int32>

  init(_ operand: Operand, outer: Int, picked: Int, inner: Int) {
    guard let layout = operand.layout.reshaped(to: [outer, picked, inner]) else {
      preconditionFailure("an index must be seen as [outer, picked, inner]")
    }
    strides = (layout.strides[0], layout.strides[1], layout.strides[2])
    isRow = inner == 1 || layout.strides[2] == 0
    sizes = (picked, inner)
    base = UnsafePointer(operand.pointer(as: Int32.self))
  }

  func pointer(_ outer: Int, _ picked: Int) -> UnsafePointer<Int32> {
    base + outer * strides.outer + picked * strides.picked
  }

  /// All indices from 0 on and row-major, one for each row where rows are picked as a whole.
  ///
  /// - Throws: `LatheError.indexOutOfRange`, before anything is written.
  func resolved(_ operation: String, outer: Int, count: Int) throws -> [Int32] {
    let picked = sizes.picked
    let width = isRow ? 1 : sizes.inner
    var resolved = [Int32](repeating: 0, count: outer * picked * width)
    for o in 0..<(picked * width > 0 ? outer : 0) {
      let failure = resolved.withUnsafeMutableBufferPointer { buffer in
        lathe_resolve_indices(
          buffer.baseAddress.map { $0 + o * picked * width }, pointer(o, 0), Int64(strides.picked),
          Int64(strides.inner), picked, count, width)
      }
      if failure >= 0 {
        throw error(
          operation, at: o * picked * sizes.inner + Int(failure) * (isRow ? sizes.inner : 1), count: count)
      }
    }
    return resolved
  }

  /// Names the index at a position in row-major order.
  func error(_ operation: String, at position: Int, count: Int) -> LatheError {
    let (row, i) = position.quotientAndRemainder(dividingBy: sizes.inner)
    let (o, p) = row.quotientAndRemainder(dividingBy: sizes.picked)
    let value = pointer(o, p)[i * strides.inner]
    return LatheError(
      .indexOutOfRange, "\(operation): index \(value) is out of range for an axis of size \(count)")
  }
}
