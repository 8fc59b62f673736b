import CPUKernels
import LatheCPU

/// A tree on codes: what training and validation rows are sent through.
struct BinnedTree {
  private let features: [Int]
  private let children: [(left: Int, right: Int)]
  private let tables: [[UInt8]]
  let values: [Double]

  init(_ grown: GrownTree) {
    features = grown.tree.splits.map(\.feature)
    children = grown.tree.splits.map { ($0.left, $0.right) }
    tables = grown.goesLeft
    values = grown.tree.leaves.map { $0.values[0] }
  }

  /// Adds what the tree says, times a factor, to the scores of all rows of a matrix.
  func add(to scores: UnsafeMutablePointer<Double>, _ matrix: BinnedMatrix, factor: Double = 1) {
    ThreadPool.shared.parallelFor(matrix.rows, grain: 4096) { range in
      for row in range { scores[row] += value(matrix, row) * factor }
    }
  }

  /// The same for some rows.
  func add(to scores: UnsafeMutablePointer<Double>, _ matrix: BinnedMatrix, rows: [UInt32]) {
    ThreadPool.shared.parallelFor(rows.count, grain: 4096) { range in
      for i in range { scores[Int(rows[i])] += value(matrix, Int(rows[i])) }
    }
  }

  private func value(_ matrix: BinnedMatrix, _ row: Int) -> Double {
    var node = features.isEmpty ? ~0 : 0
    while node >= 0 {
      let code = matrix.column(features[node])[row]
      node = tables[node][Int(code)] == 1 ? children[node].left : children[node].right
    }
    return values[~node]
  }
}
