import LatheCPU
import LatheCore

/// What each column contributes to a weighted sum where columns go together: unknown columns are what the known ones suggest, as
/// in a normal distribution (shap's `LinearExplainer` with `correlation_dependent`).
///
/// A column without weight may contribute what it says of others. Up to 12 columns all subsets are asked; of more, orders are drawn,
/// each with its reverse.
public struct CorrelatedLinearSHAP: Sendable, Hashable {
  /// How it is found.
  public struct Configuration: Sendable, Hashable, Codable {
    /// Orders that are drawn where there are more than 12 columns, half of them the reverse of others.
    public var orders = 1000
    /// What they depend on.
    public var seed: UInt64 = 0

    /// The defaults.
    public init() {}
  }

  private static let mostExact = 12

  private let means: [Double]
  /// For each output what a unit of each column (inner) adds to what each column contributes.
  private let transforms: [[[Double]]]
  /// The mean score, one for each output.
  public let expected: [Double]

  /// An explainer of weights.
  ///
  /// - Parameters:
  ///   - coefficients: For each output a weight for each column.
  ///   - intercepts: For each output the constant.
  ///   - background: Rows whose means and covariances are those of rows that nothing is known of.
  /// - Throws: `LatheError.invalidArgument` where numbers of columns differ or the background has fewer than two rows.
  public init(
    coefficients: [[Double]], intercepts: [Double], background: FeatureMatrix,
    _ configuration: Configuration = Configuration()
  ) throws {
    guard coefficients.count == intercepts.count, !coefficients.isEmpty,
      coefficients.allSatisfy({ $0.count == background.columns }), background.rows > 1,
      configuration.orders >= 2
    else {
      throw LatheError(
        .invalidArgument,
        "correlated linear SHAP: \(coefficients.first?.count ?? 0) weights, a background of \(background.rows) x "
          + "\(background.columns) and \(configuration.orders) orders; there must be two rows, two orders and a weight for each column"
      )
    }
    let (rows, means) = try DenseRows.withMeans(background, what: "correlated linear SHAP")
    let columns = background.columns
    let sums = rows.gram(around: means)
    // As in shap, columns that do not vary contribute nothing.
    let varying = (0..<columns).filter { sums[$0 * columns + $0] / Double(rows.rows - 1) > 1e-8 }
    var covariance = DenseMatrix(varying.count, varying.count)
    for (i, a) in varying.enumerated() {
      for (j, b) in varying.enumerated() { covariance[i, j] = sums[a * columns + b] / Double(rows.rows - 1) }
    }
    if !varying.isEmpty, (covariance.eigenDecomposition().values.first ?? 0) < 1e-7 {
      for i in varying.indices { covariance[i, i] += 1e-6 }
    }
    self.means = means
    expected = zip(coefficients, intercepts).map { own, constant in
      zip(own, means).reduce(constant) { $0 + $1.0 * $1.1 }
    }
    let orders = CorrelatedOrders(covariance: covariance)
    transforms = coefficients.map { own in
      let weights = varying.map { own[$0] }
      let small =
        varying.count <= Self.mostExact
        ? orders.exact(weights) : orders.sampled(weights, configuration.orders, seed: configuration.seed)
      var full = [[Double]](repeating: .init(repeating: 0, count: columns), count: columns)
      for (i, a) in varying.enumerated() { for (j, b) in varying.enumerated() { full[a][b] = small[i][j] } }
      return full
    }
  }

  /// An explainer of scores of a logistic regression.
  public init(_ model: LogisticRegression, background: FeatureMatrix) throws {
    try self.init(
      coefficients: model.coefficients, intercepts: model.intercepts, background: background)
  }

  /// An explainer of a linear regression.
  public init(_ model: LinearRegression, background: FeatureMatrix) throws {
    try self.init(
      coefficients: [model.coefficients], intercepts: [model.intercept], background: background)
  }

  /// The contributions to scores: row after row, in each output after output, in each column after column.
  public func contributions(_ x: FeatureMatrix) -> [Double] {
    require(
      x.columns == means.count,
      "correlated linear SHAP: the matrix has \(x.columns) columns, the model \(means.count)")
    return (0..<x.rows).flatMap { row in
      let distances = means.indices.map { x[row, $0] - means[$0] }
      return transforms.flatMap { own in
        own.map { list in zip(list, distances).reduce(0) { $0 + $1.0 * $1.1 } }
      }
    }
  }
}

/// How much the expected sum changes when columns become known one after the other.
private struct CorrelatedOrders {
  let covariance: DenseMatrix
  private var count: Int { covariance.rows }

  init(covariance: DenseMatrix) { self.covariance = covariance }

  /// What a unit of each known column adds to the expected sum: C[S, S]^-1 C[S, :] w, zero elsewhere.
  private func slopes(_ factor: DenseMatrix, _ forward: [Double], _ order: [Int], _ known: Int) -> [Double] {
    var result = [Double](repeating: 0, count: count)
    for i in stride(from: known - 1, through: 0, by: -1) {
      var value = forward[i]
      for j in i + 1..<max(known, i + 1) { value -= factor[j, i] * result[order[j]] }
      result[order[i]] = value / factor[i, i]
    }
    return result
  }

  /// Cholesky's factor of the covariances in an order, and the solution of its first half for the weights.
  private func solved(_ order: [Int], _ weights: [Double]) -> (factor: DenseMatrix, forward: [Double]) {
    let n = order.count
    var factor = DenseMatrix(n, n)
    var forward = [Double](repeating: 0, count: n)
    for i in 0..<n {
      for j in 0...i {
        var value = covariance[order[i], order[j]]
        for k in 0..<j { value -= factor[i, k] * factor[j, k] }
        factor[i, j] = i == j ? max(value, 1e-12).squareRoot() : value / factor[j, j]
      }
      var value = 0.0
      for k in 0..<count { value += covariance[order[i], k] * weights[k] }
      for k in 0..<i { value -= factor[i, k] * forward[k] }
      forward[i] = value / factor[i, i]
    }
    return (factor, forward)
  }

  /// The mean over all orders, by subsets.
  func exact(_ weights: [Double]) -> [[Double]] {
    var result = [[Double]](repeating: .init(repeating: 0, count: count), count: count)
    // |S|! (n - |S| - 1)! / n!
    var shares = [Double](repeating: 1 / Double(max(count, 1)), count: max(count, 1))
    for size in 1..<max(count, 1) { shares[size] = shares[size - 1] * Double(size) / Double(count - size) }
    for subset in 0..<(1 << count) {
      let order = (0..<count).filter { subset >> $0 & 1 == 1 }
      let (factor, forward) = solved(order, weights)
      let own = slopes(factor, forward, order, order.count)
      for i in 0..<count {
        let isKnown = subset >> i & 1 == 1
        let share = isKnown ? shares[order.count - 1] : -shares[order.count]
        for j in order { result[i][j] += share * own[j] }
      }
    }
    return result
  }

  /// The mean over drawn orders and their reverses.
  func sampled(_ weights: [Double], _ orders: Int, seed: UInt64) -> [[Double]] {
    var random = RandomSource(seed: seed)
    var result = [[Double]](repeating: .init(repeating: 0, count: count), count: count)
    let pairs = orders / 2
    var order = Array(0..<count)
    for _ in 0..<pairs {
      random.shuffle(&order)
      for own in [order, order.reversed()] {
        let (factor, forward) = solved(own, weights)
        var before = [Double](repeating: 0, count: count)
        for (place, column) in own.enumerated() {
          let after = slopes(factor, forward, own, place + 1)
          for j in 0..<count { result[column][j] += (after[j] - before[j]) / Double(2 * pairs) }
          before = after
        }
      }
    }
    return result
  }
}
