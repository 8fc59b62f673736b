import LatheCPU
import LatheCore

/// The directions with the largest singular values, without means taken: scikit-learn's `TruncatedSVD`, of texts known as
/// latent semantic analysis.
public struct TruncatedSVD: Sendable, Hashable, Codable {
  /// The directions, of length 1, that of the largest value first; the largest number of each is positive.
  public let components: [[Double]]
  /// The singular values.
  public let singularValues: [Double]

  /// Learns from rows, exactly.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, and more components than rows or columns.
  public init(fit x: FeatureMatrix, components: Int = 2) throws {
    let rows = try DenseRows(x, what: "truncated SVD")
    try Self.check(components, rows.rows, rows.columns)
    let (_, s, vt) = LeastSquares.triangle(rows).singularValueDecomposition()
    self.init(s, vt, components)
  }

  /// Learns from sparse rows, by random directions that are made better several times (Halko, Martinsson and Tropp, 2011).
  ///
  /// - Throws: `LatheError.invalidArgument` for values that are not finite, and more components than rows or columns.
  public init(fit x: SparseRows, components: Int = 2, rounds: Int = 5, seed: UInt64 = 0) throws {
    try Self.check(components, x.rows, x.columns)
    try LinearChecks.expect(x.values.allSatisfy(\.isFinite), "truncated SVD: values that are not finite")
    let width = min(components + 10, x.rows, x.columns)
    let columns = x.transposed()
    var random = RandomSource(seed: seed)
    // Vectors lie behind each other.
    var sides = (0..<width * x.columns).map { _ in random.normal() }
    for round in 0...max(0, rounds) {
      let products = Self.orthonormal(Self.turned(x.scores(sides, outputs: width), width), width, x.rows)
      sides = Self.turned(columns.scores(products, outputs: width), width)
      if round < rounds { sides = Self.orthonormal(sides, width, x.columns) }
    }
    // Q^T X is small; its directions are those of X.
    var small = DenseMatrix(width, x.columns)
    for i in 0..<width { for j in 0..<x.columns { small[i, j] = sides[i * x.columns + j] } }
    let (_, s, vt) = small.singularValueDecomposition()
    self.init(s, vt, components)
  }

  private init(_ s: [Double], _ vt: DenseMatrix, _ count: Int) {
    singularValues = Array(s.prefix(count))
    components = (0..<count).map { k in
      let vector = (0..<vt.columns).map { vt[k, $0] }
      let largest = vector.max { abs($0) < abs($1) } ?? 1
      return largest < 0 ? vector.map { -$0 } : vector
    }
  }

  private static func check(_ components: Int, _ rows: Int, _ columns: Int) throws {
    try LinearChecks.expect(
      components >= 1 && components <= min(rows, columns),
      "truncated SVD: \(components) components of \(rows) rows and \(columns) columns; 1...\(min(rows, columns)) are possible"
    )
  }

  /// Numbers that lie row after row, column after column.
  private static func turned(_ values: [Double], _ width: Int) -> [Double] {
    let count = values.count / width
    return (0..<width).flatMap { k in (0..<count).map { values[$0 * width + k] } }
  }

  /// Vectors made orthogonal to those before them, twice, which leaves no more than rounding.
  private static func orthonormal(_ vectors: [Double], _ width: Int, _ size: Int) -> [Double] {
    var result = vectors
    for k in 0..<width {
      for _ in 0..<2 {
        for before in 0..<k {
          var dot = 0.0
          for i in 0..<size { dot += result[k * size + i] * result[before * size + i] }
          for i in 0..<size { result[k * size + i] -= dot * result[before * size + i] }
        }
      }
      let length = result[k * size..<(k + 1) * size].reduce(0) { $0 + $1 * $1 }.squareRoot()
      if length > 0 { for i in 0..<size { result[k * size + i] /= length } }
    }
    return result
  }

  /// The rows by their parts in each direction.
  public func transform(_ x: FeatureMatrix) -> FeatureMatrix {
    FeatureMatrix(
      LinearScores.of(x, coefficients: components, intercepts: components.map { _ in 0 }), rows: x.rows,
      columns: components.count, names: components.indices.map { "svd\($0)" })
  }

  /// The sparse rows by their parts in each direction.
  public func transform(_ x: SparseRows) -> FeatureMatrix {
    require(
      x.columns == components[0].count, "the model knows \(components[0].count) columns, not \(x.columns)")
    return FeatureMatrix(
      x.scores(components.flatMap { $0 }, outputs: components.count), rows: x.rows, columns: components.count,
      names: components.indices.map { "svd\($0)" })
  }
}

/// Random directions, in which distances of rows nearly stay: scikit-learn's `GaussianRandomProjection` and
/// `SparseRandomProjection`.
public struct RandomProjection: Sendable, Hashable, Codable {
  /// For each feature the weights of columns.
  public let components: [[Double]]

  /// Directions of normal numbers.
  public static func gaussian(columns: Int, components: Int, seed: UInt64 = 0) -> RandomProjection {
    var random = RandomSource(seed: seed)
    let scale = 1 / Double(components).squareRoot()
    return RandomProjection(
      components: (0..<components).map { _ in (0..<columns).map { _ in scale * random.normal() } })
  }

  /// Directions of which most weights are 0 (Li, Hastie and Church, 2006).
  ///
  /// - Parameter density: The part of weights that are not; nil for 1 / the root of columns.
  public static func sparse(
    columns: Int, components: Int, density: Double? = nil, seed: UInt64 = 0
  ) -> RandomProjection {
    var random = RandomSource(seed: seed)
    let density = density ?? 1 / Double(columns).squareRoot()
    let scale = 1 / (density * Double(components)).squareRoot()
    return RandomProjection(
      components: (0..<components).map { _ in
        (0..<columns).map { _ in random.uniform() < density ? (random.uniform() < 0.5 ? scale : -scale) : 0 }
      })
  }

  /// How many directions keep distances of rows within a part of them, most probably (Johnson and Lindenstrauss).
  public static func leastComponents(rows: Int, error: Double = 0.1) -> Int {
    Int(4 * logarithm(Double(rows)) / (error * error / 2 - error * error * error / 3))
  }

  /// The rows in the directions.
  public func transform(_ x: FeatureMatrix) -> FeatureMatrix {
    FeatureMatrix(
      LinearScores.of(x, coefficients: components, intercepts: components.map { _ in 0 }), rows: x.rows,
      columns: components.count, names: components.indices.map { "projection\($0)" })
  }
}
