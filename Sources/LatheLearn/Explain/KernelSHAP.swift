import LatheCore
import LatheTables

/// What each column contributes to any model's prediction: Shapley values where columns that are not known take the values of
/// background rows (Lundberg and Lee, 2017).
///
/// Of few columns all coalitions are asked for and the values are exact; of many they are drawn and joined by weighted least
/// squares.
public struct KernelSHAP<Rows: ExplainedRows>: Sendable {
  private let background: Rows
  private let predict: @Sendable (Rows) throws -> [Double]
  private let samples: Int
  private let seed: UInt64
  /// The mean prediction of the background rows.
  public let expected: Double

  /// An explainer of a function.
  ///
  /// - Parameters:
  ///   - background: Rows whose values columns take that are not known; some dozens do.
  ///   - samples: The most coalitions that are asked for; nil for 2,048 and two for each column, as shap.
  ///   - predict: One number for each row.
  /// - Throws: What `predict` throws, and `LatheError.invalidArgument` where the background has no row.
  public init(
    background: Rows, samples: Int? = nil, seed: UInt64 = 0,
    predict: @escaping @Sendable (Rows) throws -> [Double]
  ) throws {
    guard background.rowCount > 0, !background.columnNames.isEmpty, samples ?? 2 >= 2 else {
      throw LatheError(
        .invalidArgument, "kernel SHAP: a background without rows or columns, or \(samples ?? 0) samples")
    }
    self.background = background
    self.predict = predict
    self.samples = samples ?? 2048 + 2 * background.columnNames.count
    self.seed = seed
    expected = Sums.mean(try predict(background))
  }

  /// The contributions: for each row one for each column; with `expected` they add up to the prediction.
  public func contributions(_ rows: Rows) throws -> [[Double]] {
    let answers = try predict(rows)
    // The explained rows behind the background's, so that columns can be taken from either.
    let all = try background.appending(rows)
    return try (0..<rows.rowCount).map { row in
      try contributions(all, background.rowCount + row, answers[row])
    }
  }

  private func contributions(_ all: Rows, _ row: Int, _ answer: Double) throws -> [Double] {
    let names = all.columnNames
    // A column that has the row's value everywhere contributes nothing.
    let varying = try names.indices.filter { column in
      let own = try all.point(row, column)
      return try (0..<background.rowCount).contains { try all.point($0, column) != own }
    }
    var result = [Double](repeating: 0, count: names.count)
    if varying.isEmpty { return result }
    if varying.count == 1 {
      result[varying[0]] = answer - expected
      return result
    }
    let found =
      varying.count < 30 && 1 << varying.count <= max(samples, 16)
      ? try exact(all, row, varying, answer) : try sampled(all, row, varying, answer)
    for (column, value) in zip(varying, found) { result[column] = value }
    return result
  }

  /// Mean predictions where the columns of each coalition are the row's.
  private func values(_ all: Rows, _ row: Int, _ coalitions: [[Bool]], _ varying: [Int]) throws -> [Double] {
    let count = background.rowCount
    let width = all.columnNames.count
    let atOnce = max(1, 50_000 / count)
    var result: [Double] = []
    for first in stride(from: 0, to: coalitions.count, by: atOnce) {
      let part = coalitions[first..<min(first + atOnce, coalitions.count)]
      var places = [[Int]](
        repeating: part.flatMap { _ in 0..<count }, count: width)
      for (k, column) in varying.enumerated() {
        places[column] = part.flatMap { known in
          known[k] ? [Int](repeating: row, count: count) : Array(0..<count)
        }
      }
      let found = try predict(all.gathering(places))
      for k in part.indices.map({ $0 - first }) {
        result.append(Sums.sum(Array(found[k * count..<(k + 1) * count])) / Double(count))
      }
    }
    return result
  }

  /// Shapley's sum over all coalitions.
  private func exact(_ all: Rows, _ row: Int, _ varying: [Int], _ answer: Double) throws -> [Double] {
    let m = varying.count
    let coalitions = (0..<1 << m).map { bits in (0..<m).map { bits >> $0 & 1 == 1 } }
    var v = try values(all, row, Array(coalitions[1..<coalitions.count - 1]), varying)
    v = [expected] + v + [answer]
    // k! (m - 1 - k)! / m!
    var weights = [1 / Double(m)]
    for k in stride(from: 1, to: m, by: 1) { weights.append(weights[k - 1] * Double(k) / Double(m - k)) }
    return (0..<m).map { j in
      v.indices.filter { $0 >> j & 1 == 0 }.reduce(0) {
        $0 + weights[$1.nonzeroBitCount] * (v[$1 | 1 << j] - v[$1])
      }
    }
  }

  /// Whole sizes of coalitions while they fit into the number of samples, then drawn ones with their complements.
  private func sampled(_ all: Rows, _ row: Int, _ varying: [Int], _ answer: Double) throws -> [Double] {
    let m = varying.count
    var (coalitions, weights) = (CoalitionSample(columns: m).drawn(samples, seed: seed, stream: UInt64(row)))
    let v = try values(all, row, coalitions, varying)
    let total = weights.reduce(0, +)
    weights = weights.map { $0 / total }
    // The last column's value is what the others leave of the sum.
    let difference = answer - expected
    let wide = zip(coalitions, zip(v, weights)).flatMap { known, pair -> [Double] in
      let root = pair.1.squareRoot()
      let last = known[m - 1] ? 1.0 : 0
      return (0..<m - 1).map { ((known[$0] ? 1 : 0) - last) * root }
        + [(pair.0 - expected - last * difference) * root]
    }
    let (found, _) = LeastSquares.solve(
      DenseRows(wide, rows: coalitions.count, columns: m), l2: 0, tolerance: 1e-12)
    return found + [difference - found.reduce(0, +)]
  }
}

/// Coalitions of many columns, by Shapley's kernel.
struct CoalitionSample {
  let columns: Int

  /// Coalitions and their weights: of the smallest and largest sizes all, of others drawn ones.
  func drawn(_ budget: Int, seed: UInt64, stream: UInt64) -> (coalitions: [[Bool]], weights: [Double]) {
    let m = columns
    let half = (m - 1) / 2
    // The kernel's weight of all coalitions of a size and of the size that is left, together.
    let sizes = Array(1...max(1, m / 2))
    var kernel = sizes.map { size -> Double in
      Double(m - 1) / (Double(size) * Double(m - size)) * (size <= half ? 2 : 1)
    }
    let sum = kernel.reduce(0, +)
    kernel = kernel.map { $0 / sum }
    var coalitions: [[Bool]] = []
    var weights: [Double] = []
    var left = budget
    var next = 0
    var count = 1.0
    while next < sizes.count {
      count *= Double(m - next) / Double(next + 1)
      let paired = sizes[next] <= half
      let all = count * (paired ? 2 : 1)
      guard all <= Double(left) else { break }
      let share = kernel[next] / all
      for chosen in combinations(sizes[next]) {
        coalitions.append(chosen)
        weights.append(share)
        if paired {
          coalitions.append(chosen.map { !$0 })
          weights.append(share)
        }
      }
      left -= Int(all)
      next += 1
    }
    guard next < sizes.count, left > 1 else { return (coalitions, weights) }
    let rest = Array(kernel[next...])
    let restSum = rest.reduce(0, +)
    var random = RandomSource(seed: seed, stream: stream)
    var seen: [[Bool]: Double] = [:]
    var order: [[Bool]] = []
    for _ in 0..<left / 2 {
      var at = random.uniform() * restSum
      var size = sizes[next]
      for (k, weight) in rest.enumerated() {
        size = sizes[next + k]
        at -= weight
        if at < 0 { break }
      }
      var chosen = [Bool](repeating: false, count: m)
      for column in random.sample(size, of: m) { chosen[column] = true }
      for own in [chosen, chosen.map { !$0 }] {
        if seen[own] == nil { order.append(own) }
        seen[own, default: 0] += 1
      }
    }
    let drawn = seen.values.reduce(0, +)
    for own in order {
      coalitions.append(own)
      weights.append((seen[own] ?? 0) / drawn * restSum)
    }
    return (coalitions, weights)
  }

  private func combinations(_ size: Int) -> [[Bool]] {
    var result: [[Bool]] = []
    var chosen = [Bool](repeating: false, count: columns)
    func visit(_ first: Int, _ left: Int) {
      if left == 0 {
        result.append(chosen)
        return
      }
      for column in first...(columns - left) {
        chosen[column] = true
        visit(column + 1, left - 1)
        chosen[column] = false
      }
    }
    visit(0, size)
    return result
  }
}
