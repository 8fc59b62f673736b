import CPUKernels
import LatheCPU
import LatheCore

/// Rows of float64 numbers that lie behind each other, and the sums over rows that linear models need.
///
/// Rows are taken in pieces that depend on their number alone, so that no sum depends on the number of threads.
struct DenseRows: Sendable {
  let rows: Int
  let columns: Int
  let values: [Double]

  init(_ values: [Double], rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// The rows of a matrix.
  ///
  /// - Throws: `LatheError` where there are none, or one has a missing or infinite value.
  init(_ x: FeatureMatrix, what: String) throws {
    try self.init(x, what: what) { $0.scores([Double](repeating: 0, count: x.columns), outputs: 1) }
  }

  /// The rows of a matrix and the means of its columns, which show at once that all values are finite.
  static func withMeans(_ x: FeatureMatrix, what: String) throws -> (rows: DenseRows, means: [Double]) {
    var means: [Double] = []
    let rows = try DenseRows(x, what: what) {
      means = $0.means(nil)
      return means
    }
    return (rows, means)
  }

  /// - Parameter sums: Numbers that are not finite where a value is not.
  private init(_ x: FeatureMatrix, what: String, sums: (DenseRows) -> [Double]) throws {
    guard x.rows > 0, x.columns > 0 else {
      throw LatheError(
        .invalidArgument, "\(what): a matrix of \(x.rows) x \(x.columns) has nothing to learn from")
    }
    self.init(Self.rowMajor(x), rows: x.rows, columns: x.columns)
    guard sums(self).contains(where: { !$0.isFinite }) else { return }
    guard let place = values.firstIndex(where: { !$0.isFinite }) else {
      throw LatheError(
        .invalidArgument, "\(what): sums of the columns are beyond float64; scale the columns")
    }
    let isMissing = values[place].isNaN
    throw LatheError(
      .invalidArgument,
      "\(what): column '\(x.names[place % columns])' is \(isMissing ? "missing" : "\(values[place])") in row \(place / columns); "
        + (isMissing
          ? "fill missing values first (SimpleImputer)"
          : "remove what is infinite, or far beyond the other values"))
  }

  /// The values of a matrix row after row, without a copy where that is how they are stored.
  static func rowMajor(_ x: FeatureMatrix) -> [Double] {
    if case .float64(let values) = x.storage, x.order == .rowMajor { return values }
    return [Double](unsafeUninitializedCapacity: x.rows * x.columns) { target, count in
      var place = 0
      for row in 0..<x.rows {
        for column in 0..<x.columns {
          target[place] = x[row, column]
          place += 1
        }
      }
      count = place
    }
  }

  /// Rows of a piece, of which there are at most 64.
  private func pieceRows(leastRows: Int, sums: Int, blockRows: Int) -> Int {
    // All pieces' sums together take 8 MB at most.
    let most = max(1, min(64, (1 << 20) / max(1, sums)))
    let size = max(leastRows, (rows + most - 1) / most)
    return (size + blockRows - 1) / blockRows * blockRows
  }

  /// Adds what a function makes of blocks of rows, in an order that depends on the number of rows alone.
  ///
  /// - Parameters:
  ///   - count: How many sums there are.
  ///   - blockRows: Rows of a block at most: such as stay in the second cache between two looks at them.
  ///   - body: Adds to the sums what a block gives.
  func sum(
    _ count: Int, blockRows: Int = 64,
    _ body: (Range<Int>, UnsafePointer<Double>, UnsafeMutablePointer<Double>) -> Void
  ) -> [Double] {
    let size = pieceRows(
      leastRows: max(blockRows, (1 << 14) / max(1, columns)), sums: count, blockRows: blockRows)
    let pieces = max(1, (rows + size - 1) / size)
    var partial = [Double](repeating: 0, count: pieces * count)
    partial.withUnsafeMutableBufferPointer { partial in
      guard let target = partial.baseAddress else { return }
      values.withUnsafeBufferPointer { values in
        guard let x = values.baseAddress else { return }
        ThreadPool.shared.parallelFor(pieces, grain: 1) { range in
          for piece in range {
            var first = piece * size
            let end = min(first + size, rows)
            while first < end {
              let next = min(first + blockRows, end)
              body(first..<next, x + first * columns, target + piece * count)
              first = next
            }
          }
        }
      }
      var width = pieces
      while width > 1 {
        let half = (width + 1) / 2
        for i in 0..<(width - half) * count { target[i] += target[half * count + i] }
        width = half
      }
    }
    return Array(partial.prefix(count))
  }

  /// Each row's products with `outputs` vectors of weights that lie behind each other.
  func scores(_ weights: [Double], outputs: Int) -> [Double] {
    [Double](unsafeUninitializedCapacity: rows * outputs) { target, count in
      let to = target.baseAddress
      values.withUnsafeBufferPointer { values in
        weights.withUnsafeBufferPointer { weights in
          ThreadPool.shared.parallelFor(rows, grain: max(64, (1 << 15) / max(1, columns * outputs))) {
            guard let x = values.baseAddress, let w = weights.baseAddress, let to else { return }
            lathe_linear_scores(
              x + $0.lowerBound * columns, $0.count, columns, w, outputs, to + $0.lowerBound * outputs)
          }
        }
      }
      count = rows * outputs
    }
  }

  /// The sum of rows, each multiplied by a factor.
  func weightedSum(_ factors: [Double]) -> [Double] {
    factors.withUnsafeBufferPointer { factors in
      sum(columns) { range, x, sums in
        guard let f = factors.baseAddress else { return }
        lathe_linear_gradient(x, range.count, columns, f + range.lowerBound, 1, sums)
      }
    }
  }

  /// The sum of f y y^T over rows y = x - means with factors f, a whole matrix.
  func gram(_ factors: [Double]? = nil, around means: [Double]? = nil) -> [Double] {
    let room = lathe_linear_gram_room(columns)
    var result = Self.optionally(factors) { f in
      Self.optionally(means) { means in
        sum(columns * columns, blockRows: LATHE_GRAM_ROWS) { range, x, sums in
          withUnsafeTemporaryAllocation(of: Double.self, capacity: room) { room in
            guard let room = room.baseAddress else { return }
            lathe_linear_gram(x, range.count, columns, means, f.map { $0 + range.lowerBound }, room, sums)
          }
        }
      }
    }
    for i in 0..<columns {
      for j in 0..<i { result[i * columns + j] = result[j * columns + i] }
    }
    return result
  }

  /// Calls a function with the place of numbers; nil of none.
  private static func optionally<Result>(
    _ numbers: [Double]?, _ body: (UnsafePointer<Double>?) -> Result
  ) -> Result {
    numbers?.withUnsafeBufferPointer { body($0.baseAddress) } ?? body(nil)
  }

  /// The rows less a vector.
  func centered(around means: [Double]) -> DenseRows {
    let centered = [Double](unsafeUninitializedCapacity: rows * columns) { target, count in
      count = rows * columns
      let to = target.baseAddress
      values.withUnsafeBufferPointer { values in
        ThreadPool.shared.parallelFor(rows, grain: max(1, (1 << 14) / columns)) { range in
          guard let x = values.baseAddress, let to else { return }
          for row in range {
            for j in 0..<columns { to[row * columns + j] = x[row * columns + j] - means[j] }
          }
        }
      }
    }
    return DenseRows(centered, rows: rows, columns: columns)
  }

  /// Means of columns by rows' weights.
  func means(_ weights: [Double]?) -> [Double] {
    let weights = weights ?? .init(repeating: 1, count: rows)
    let total = weights.reduce(0, +)
    return weightedSum(weights).map { $0 / total }
  }
}
