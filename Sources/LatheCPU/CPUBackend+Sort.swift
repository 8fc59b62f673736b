import LatheCore

extension CPUBackend {
  func sort(rows: Int, count: Int, descending: Bool, inputs: [Operand], outputs: [Operand]) throws {
    counters.launched()
    switch inputs[0].dtype {
    case .int32: sortRows(rows, count, descending, inputs, outputs) { (a: Int32, b: Int32) in a < b }
    case .int64: sortRows(rows, count, descending, inputs, outputs) { (a: Int64, b: Int64) in a < b }
    case .uint8: sortRows(rows, count, descending, inputs, outputs) { (a: UInt8, b: UInt8) in a < b }
    default:
      // NaN counts as the largest.
      sortRows(rows, count, descending, inputs, outputs) { (a: Float, b: Float) in
        a < b || (b.isNaN && !a.isNaN)
      }
    }
  }

  @inline(__always)
  private func sortRows<T>(
    _ rows: Int, _ count: Int, _ descending: Bool, _ inputs: [Operand], _ outputs: [Operand],
    less: (T, T) -> Bool
  ) {
    let x = inputs[0].pointer(as: T.self)
    let values = outputs[0].pointer(as: T.self)
    let indices = outputs[1].pointer(as: Int32.self)
    withoutActuallyEscaping(less) { less in
      ThreadPool.shared.parallelFor(rows, grain: max(1, 4096 / max(count, 1))) { range in
        for row in range {
          let start = row * count
          // Swift's sort is stable.
          var pairs = (0..<count).map { (value: x[start + $0], index: Int32($0)) }
          pairs.sort { descending ? less($1.value, $0.value) : less($0.value, $1.value) }
          for (i, pair) in pairs.enumerated() {
            values[start + i] = pair.value
            indices[start + i] = pair.index
          }
        }
      }
    }
  }
}
