import CPUKernels
import LatheCPU

/// Divides the rows of a leaf between its children, in their order, on all cores.
final class RowDivision {
  private let left: UnsafeMutablePointer<UInt32>
  private let right: UnsafeMutablePointer<UInt32>

  /// Rows that are worth a task of their own.
  private static let rowsOfPart = 16384

  init(rows: Int) {
    left = .allocate(capacity: max(rows, 1))
    right = .allocate(capacity: max(rows, 1))
  }

  deinit {
    left.deallocate()
    right.deallocate()
  }

  /// Puts the rows whose codes go left in front; returns how many there are.
  func divide(
    _ rows: UnsafeMutablePointer<UInt32>, count: Int, codes: UnsafePointer<UInt8>, goesLeft: [UInt8]
  ) -> Int {
    let parts = max(1, min(count / Self.rowsOfPart, 4 * ThreadPool.shared.threadCount))
    if parts == 1 {
      let lefts = lathe_tree_partition(codes, rows, count, goesLeft, rows, right)
      (rows + lefts).update(from: right, count: count - lefts)
      return lefts
    }
    var lefts = [Int](repeating: 0, count: parts)
    let bounds = (0...parts).map { count * $0 / parts }
    lefts.withUnsafeMutableBufferPointer { lefts in
      ThreadPool.shared.parallelFor(parts, grain: 1) { range in
        for part in range {
          let first = bounds[part]
          lefts[part] = lathe_tree_partition(
            codes, rows + first, bounds[part + 1] - first, goesLeft, left + first, right + first)
        }
      }
    }
    let total = lefts.reduce(0, +)
    var leftStarts = [0]
    var rightStarts = [total]
    for part in 0..<parts {
      leftStarts.append(leftStarts[part] + lefts[part])
      rightStarts.append(rightStarts[part] + bounds[part + 1] - bounds[part] - lefts[part])
    }
    ThreadPool.shared.parallelFor(parts, grain: 1) { range in
      for part in range {
        let first = bounds[part]
        (rows + leftStarts[part]).update(from: left + first, count: lefts[part])
        (rows + rightStarts[part]).update(
          from: right + first, count: bounds[part + 1] - first - lefts[part])
      }
    }
    return total
  }
}
