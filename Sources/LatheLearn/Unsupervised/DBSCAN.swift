import CPUKernels
import LatheCPU
import LatheCore

/// Groups of rows that lie close together, and rows that belong to none: scikit-learn's `DBSCAN`.
public enum DBSCAN {
  /// The group of each row, from 0 on; -1 of rows that belong to none.
  ///
  /// - Parameters:
  ///   - x: The rows.
  ///   - epsilon: Up to what distance rows are neighbours.
  ///   - minSamples: How many neighbours, itself among them, make a row the core of a group.
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, and a distance that is not above 0.
  public static func labels(_ x: FeatureMatrix, epsilon: Double = 0.5, minSamples: Int = 5) throws -> [Int] {
    let rows = try DenseRows(x, what: "DBSCAN")
    try LinearChecks.expect(
      epsilon > 0 && minSamples >= 1,
      "DBSCAN: epsilon \(epsilon) must be above 0, and \(minSamples) neighbours one at least")
    let limit = epsilon * epsilon
    let neighbors = RowDistances.map(rows) { row, distances -> [Int32] in
      (0..<rows.rows).filter { distances[$0] <= limit }.map { Int32($0) }
    }
    var labels = [Int](repeating: -1, count: rows.rows)
    var next = 0
    for row in 0..<rows.rows where labels[row] < 0 && neighbors[row].count >= minSamples {
      var waiting = [row]
      labels[row] = next
      while let own = waiting.popLast() {
        guard neighbors[own].count >= minSamples else { continue }
        for other in neighbors[own] where labels[Int(other)] < 0 {
          labels[Int(other)] = next
          waiting.append(Int(other))
        }
      }
      next += 1
    }
    return labels
  }
}

/// Squared distances of each row to all rows.
enum RowDistances {
  /// What a function makes of each row's squared distances, rows side by side.
  static func map<T>(
    _ x: DenseRows, _ make: (Int, UnsafeBufferPointer<Double>) -> T
  ) -> [T] {
    var found = [T?](repeating: nil, count: x.rows)
    found.withUnsafeMutableBufferPointer { found in
      nonisolated(unsafe) let found = found
      nonisolated(unsafe) let make = make
      ThreadPool.shared.parallelFor(x.rows, grain: max(1, (1 << 13) / max(1, x.rows))) { range in
        withUnsafeTemporaryAllocation(of: Double.self, capacity: x.rows) { distances in
          x.values.withUnsafeBufferPointer { values in
            guard let start = values.baseAddress, let to = distances.baseAddress else { return }
            for row in range {
              lathe_linear_distances(start, x.rows, x.columns, start + row * x.columns, 1, to)
              found[row] = make(row, UnsafeBufferPointer(start: to, count: x.rows))
            }
          }
        }
      }
    }
    return found.compactMap { $0 }
  }
}
