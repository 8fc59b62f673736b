import CPUKernels
import LatheCPU
import LatheCore

/// Answers of the rows that are nearest: k nearest neighbours, by Euclidean distance to all rows.
public struct NearestNeighbors: Sendable {
  /// How much each neighbour counts.
  public enum Weights: Sendable, Hashable {
    /// All the same.
    case uniform
    /// By the inverse of their distance; those without one alone, where there are any.
    case distance
  }

  /// How many neighbours answer.
  public let k: Int
  /// How much each counts.
  public let weights: Weights
  /// The number of classes; 0 of numbers.
  public let classes: Int
  let rows: DenseRows
  let targets: [Double]

  /// How rows are kept and asked, with scikit-learn's defaults.
  public struct Configuration: Sendable, Hashable {
    /// How many neighbours answer.
    public var k = 5
    /// How much each counts.
    public var weights = Weights.uniform
    /// Whether targets are classes.
    public var isClassification: Bool

    /// The defaults, for classes or numbers.
    public init(k: Int = 5, weights: Weights = .uniform, isClassification: Bool) {
      self.k = k
      self.weights = weights
      self.isClassification = isClassification
    }
  }

  init(rows: DenseRows, targets: [Double], k: Int, weights: Weights, classes: Int) {
    self.rows = rows
    self.targets = targets
    self.k = k
    self.weights = weights
    self.classes = classes
  }

  /// Keeps rows; targets are numbers, those of classes whole ones from 0 on.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, and fewer rows than neighbours.
  public init(
    _ data: LabelledRows, k: Int = 5, weights: Weights = .uniform, isClassification: Bool = true
  ) throws {
    let what = "nearest neighbours"
    try LinearChecks.expect(
      k >= 1 && k <= data.features.rows,
      "\(what): \(k) neighbours of \(data.features.rows) rows; there must be one at least, and no more than rows"
    )
    if isClassification {
      classes = try LinearChecks.classes(data, what: what)
    } else {
      classes = 0
      try LinearChecks.check(data, what: what)
    }
    rows = try DenseRows(data.features, what: what)
    targets = data.targets
    self.k = k
    self.weights = weights
  }

  /// The nearest rows of each row, nearest first, of equally near ones the first; and their distances.
  public func neighbors(_ x: FeatureMatrix) -> (rows: [[Int]], distances: [[Double]]) {
    require(x.columns == rows.columns, "the model knows \(rows.columns) columns, the matrix has \(x.columns)")
    let queries = DenseRows.rowMajor(x)
    var found = [[Int]](repeating: [], count: x.rows)
    var distances = [[Double]](repeating: [], count: x.rows)
    found.withUnsafeMutableBufferPointer { found in
      distances.withUnsafeMutableBufferPointer { distances in
        ThreadPool.shared.parallelFor(x.rows, grain: 1) { range in
          var all = [Double](repeating: 0, count: rows.rows)
          for row in range {
            queries.withUnsafeBufferPointer { queries in
              guard let point = queries.baseAddress else { return }
              lathe_linear_distances(
                rows.values, rows.rows, rows.columns, point + row * rows.columns, 1, &all)
            }
            let nearest = Self.least(all, k)
            found[row] = nearest
            distances[row] = nearest.map { all[$0].squareRoot() }
          }
        }
      }
    }
    return (found, distances)
  }

  /// The places of the least values, rising.
  private static func least(_ values: [Double], _ count: Int) -> [Int] {
    // A heap would be longer to read and no faster for few neighbours: most rows fail the first comparison.
    var places: [Int] = []
    for (place, value) in values.enumerated() {
      if places.count == count, let last = places.last, values[last] <= value { continue }
      var low = places.count
      while low > 0, values[places[low - 1]] > value { low -= 1 }
      places.insert(place, at: low)
      if places.count > count { places.removeLast() }
    }
    return places
  }

  /// The share of each class among the neighbours, class after class in each row.
  public func probabilities(_ x: FeatureMatrix) -> [Double] {
    require(classes > 0, "probabilities: the model answers numbers, not classes")
    let (found, distances) = neighbors(x)
    return zip(found, distances).flatMap { rows, distances -> [Double] in
      var shares = [Double](repeating: 0, count: classes)
      for (row, share) in zip(rows, self.shares(distances)) { shares[Int(targets[row])] += share }
      return shares
    }
  }

  /// The class that most neighbours have, of equals the first, or the neighbours' mean.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    if classes > 0 { return RowAnswers.largest(probabilities(x), of: classes) }
    let (found, distances) = neighbors(x)
    return zip(found, distances).map { rows, distances in
      zip(rows, shares(distances)).reduce(0) { $0 + targets[$1.0] * $1.1 }
    }
  }

  /// What each neighbour counts; all together one.
  private func shares(_ distances: [Double]) -> [Double] {
    if weights == .uniform { return distances.map { _ in 1 / Double(k) } }
    let hasSame = distances.contains(0)
    let inverse = distances.map { hasSame ? ($0 == 0 ? 1 : 0) : 1 / $0 }
    let sum = inverse.reduce(0, +)
    return inverse.map { $0 / sum }
  }
}

extension RowAnswers {
  /// The place of the largest of each row's values, of equals the first.
  static func largest(_ values: [Double], of count: Int) -> [Double] {
    stride(from: 0, to: values.count, by: count).map { first in
      var best = 0
      for k in 1..<count where values[first + k] > values[first + best] { best = k }
      return Double(best)
    }
  }
}
