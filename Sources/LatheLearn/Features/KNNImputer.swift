import LatheCPU
import LatheCore

/// Missing values as means of the nearest rows that have them: scikit-learn's `KNNImputer`.
///
/// Distances are Euclidean over the columns that both rows have, scaled up to all of them.
public struct KNNImputer: Sendable, Hashable, Codable {
  /// How many rows a value is the mean of.
  public let neighbors: Int
  /// Whether they count by the inverse of their distance.
  public let isByDistance: Bool
  /// How many columns there are.
  public let columns: Int
  /// The rows it learned from, one after the other; nil is missing.
  let rows: [Double?]
  /// The columns' means, for rows that share no column with another.
  let means: [Double]

  /// Keeps rows.
  ///
  /// - Throws: `LatheError` for infinite values, a column that has none, and fewer than one neighbour.
  public init(fit x: FeatureMatrix, neighbors: Int = 5, isByDistance: Bool = false) throws {
    guard neighbors >= 1 else {
      throw LatheError(.invalidArgument, "imputation: \(neighbors) neighbours; one is the least")
    }
    self.neighbors = neighbors
    self.isByDistance = isByDistance
    columns = x.columns
    means = try SimpleImputer(fit: x, .mean).fills
    rows = DenseRows.rowMajor(x).map { $0.isNaN ? nil : $0 }
  }

  var isSound: Bool {
    columns > 0 && means.count == columns && rows.count >= columns && rows.count % columns == 0
      && neighbors >= 1
  }

  /// Rows without missing values.
  public func transform(_ x: FeatureMatrix) -> FeatureMatrix {
    require(x.columns == columns, "the imputer knows \(columns) columns, not \(x.columns)")
    let known = rows.map { $0 ?? .nan }
    var values = DenseRows.rowMajor(x)
    values.withUnsafeMutableBufferPointer { values in
      guard let values = values.baseAddress else { return }
      known.withUnsafeBufferPointer { known in
        ThreadPool.shared.parallelFor(x.rows, grain: 1) { range in
          for row in range { fill(values + row * columns, known) }
        }
      }
    }
    return FeatureMatrix(values, rows: x.rows, columns: columns, categorical: x.categorical, names: x.names)
  }

  private func fill(_ row: UnsafeMutablePointer<Double>, _ known: UnsafeBufferPointer<Double>) {
    let holes = (0..<columns).filter { row[$0].isNaN }
    guard !holes.isEmpty else { return }
    let count = known.count / columns
    let distances = (0..<count).map { other -> Double in
      var (sum, present) = (0.0, 0)
      for j in 0..<columns {
        let distance = row[j] - known[other * columns + j]
        if !distance.isNaN {
          sum += distance * distance
          present += 1
        }
      }
      return present == 0 ? .nan : sum * Double(columns) / Double(present)
    }
    let order = distances.indices.filter { !distances[$0].isNaN }
      .sorted { (distances[$0], $0) < (distances[$1], $1) }
    for j in holes {
      let nearest = order.lazy.filter { !known[$0 * columns + j].isNaN }.prefix(neighbors)
      guard !nearest.isEmpty else {
        row[j] = means[j]
        continue
      }
      let hasSame = nearest.contains { distances[$0] == 0 }
      var (sum, total) = (0.0, 0.0)
      for other in nearest {
        let weight =
          !isByDistance ? 1 : hasSame ? (distances[other] == 0 ? 1 : 0) : 1 / distances[other].squareRoot()
        sum += weight * known[other * columns + j]
        total += weight
      }
      row[j] = sum / total
    }
  }
}
