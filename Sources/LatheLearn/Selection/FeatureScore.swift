import LatheCPU
import LatheCore
import LatheTables

/// How much each column says of the target by itself, in scikit-learn's words.
public enum FeatureScore: Sendable, Hashable, Codable {
  /// Whether counts depend on classes.
  case chi2
  /// Whether means of classes differ.
  case fClassif
  /// Whether numbers are correlated.
  case fRegression
  /// How many nats a column tells of the class (Ross, 2014).
  case mutualInformationClassif(neighbors: Int = 3)
  /// How many nats it tells of a number (Kraskov, Stögbauer and Grassberger, 2004).
  case mutualInformationRegression(neighbors: Int = 3)

  /// The score of each column, and how probable one as large is by chance, where that is known.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, targets that are no classes, or negative counts.
  public func evaluate(_ data: LabelledRows) throws -> (scores: [Double], pValues: [Double]?) {
    let what = "feature scores"
    let x = try DenseRows(data.features, what: what)
    let (rows, columns) = (x.rows, x.columns)
    let count = Double(rows)
    func column(_ j: Int) -> [Double] { (0..<rows).map { x.values[$0 * columns + j] } }
    switch self {
    case .chi2:
      let classes = try LinearChecks.classes(data, what: what)
      try LinearChecks.expect(
        x.values.allSatisfy { $0 >= 0 }, "\(what): chi2 takes counts; values must not be negative")
      let members = (0..<classes).map { own in data.targets.map { Int($0) == own ? 1.0 : 0 } }
      let observed = members.map { x.weightedSum($0) }
      let shares = members.map { $0.reduce(0, +) / count }
      let scores = (0..<columns).map { j -> Double in
        let sum = observed.reduce(0) { $0 + $1[j] }
        return (0..<classes).reduce(0) { total, k in
          let expected = shares[k] * sum
          let lack = observed[k][j] - expected
          return total + lack * lack / expected
        }
      }
      return (scores, scores.map { Tails.chiSquared($0, freedom: Double(classes - 1)) })
    case .fClassif:
      let classes = try LinearChecks.classes(data, what: what)
      let (between, within) = (Double(classes - 1), count - Double(classes))
      let scores = (0..<columns).map { j -> Double in
        let values = column(j)
        let mean = Sums.mean(values)
        var (sums, counts) = ([Double](repeating: 0, count: classes), [Double](repeating: 0, count: classes))
        for row in 0..<rows {
          sums[Int(data.targets[row])] += values[row] - mean
          counts[Int(data.targets[row])] += 1
        }
        let means = zip(sums, counts).map { $0 / $1 }
        let outer = zip(means, counts).reduce(0) { $0 + $1.0 * $1.0 * $1.1 }
        let inner = (0..<rows).reduce(0.0) {
          let distance = values[$1] - mean - means[Int(data.targets[$1])]
          return $0 + distance * distance
        }
        return (outer / between) / (inner / within)
      }
      return (scores, scores.map { Tails.f($0, between, within) })
    case .fRegression:
      try LinearChecks.check(data, what: what)
      let target = data.targets.map { $0 - Sums.mean(data.targets) }
      let own = Sums.sum(target.map { $0 * $0 })
      let scores = (0..<columns).map { j -> Double in
        let values = column(j)
        let mean = Sums.mean(values)
        let centered = values.map { $0 - mean }
        let product = Sums.sum(zip(centered, target).map { $0 * $1 })
        let square = product * product / (own * Sums.sum(centered.map { $0 * $0 }))
        return square / (1 - square) * (count - 2)
      }
      return (scores, scores.map { Tails.f($0, 1, count - 2) })
    case .mutualInformationClassif(let neighbors):
      _ = try LinearChecks.classes(data, what: what)
      return (
        MutualInformation.each(columns) { j in
          MutualInformation.withClasses(column(j), data.targets.map { Int($0) }, neighbors)
        }, nil
      )
    case .mutualInformationRegression(let neighbors):
      try LinearChecks.check(data, what: what)
      try LinearChecks.expect(
        neighbors >= 1 && neighbors < rows,
        "\(what): \(neighbors) neighbours of \(rows) rows; fewer than rows are needed")
      let target = MutualInformation.scaled(data.targets)
      return (
        MutualInformation.each(columns) { j in
          MutualInformation.withNumbers(MutualInformation.scaled(column(j)), target, neighbors)
        }, nil
      )
    }
  }
}

/// Mutual information by the distances of nearest neighbours.
private enum MutualInformation {
  static func each(_ columns: Int, _ make: (Int) -> Double) -> [Double] {
    var found = [Double](repeating: 0, count: columns)
    found.withUnsafeMutableBufferPointer { found in
      nonisolated(unsafe) let (found, make) = (found, make)
      ThreadPool.shared.parallelFor(columns, grain: 1) { for j in $0 { found[j] = max(0, make(j)) } }
    }
    return found
  }

  static func scaled(_ values: [Double]) -> [Double] {
    let deviation = Sums.variance(values, freedom: 0).squareRoot()
    return deviation > 0 ? values.map { $0 / deviation } : values
  }

  /// How many of rising values are nearer than a distance, itself among them.
  private static func within(_ sorted: [Double], _ value: Double, _ distance: Double) -> Int {
    sorted.firstPlace { $0 - value >= distance } - sorted.firstPlace { value - $0 < distance }
  }

  static func withClasses(_ values: [Double], _ labels: [Int], _ neighbors: Int) -> Double {
    let members = RowSplits.rowsByClass(labels).filter { $0.count > 1 }
    let kept = members.flatMap { $0 }
    let all = kept.map { values[$0] }.sorted()
    var (ofNeighbors, ofClasses, ofAll) = (0.0, 0.0, 0.0)
    for rows in members {
      let own = rows.map { values[$0] }.sorted()
      let k = min(neighbors, rows.count - 1)
      for (place, value) in own.enumerated() {
        // The k nearest of sorted values stand beside.
        var (low, high) = (place, place)
        var radius = 0.0
        for _ in 0..<k {
          let left = low > 0 ? value - own[low - 1] : .infinity
          let right = high < own.count - 1 ? own[high + 1] - value : .infinity
          if left <= right { low -= 1 } else { high += 1 }
          radius = min(left, right)
        }
        ofAll += digamma(Double(max(1, within(all, value, radius))))
      }
      ofNeighbors += Double(rows.count) * digamma(Double(k))
      ofClasses += Double(rows.count) * digamma(Double(rows.count))
    }
    let count = Double(kept.count)
    return count == 0 ? 0 : digamma(count) + (ofNeighbors - ofClasses - ofAll) / count
  }

  static func withNumbers(_ x: [Double], _ y: [Double], _ neighbors: Int) -> Double {
    let (sortedX, sortedY) = (x.sorted(), y.sorted())
    var sum = 0.0
    for row in x.indices {
      // The largest of the k least distances.
      var nearest = [Double](repeating: .infinity, count: neighbors)
      for other in x.indices where other != row {
        let distance = max(abs(x[row] - x[other]), abs(y[row] - y[other]))
        guard distance < nearest[neighbors - 1] else { continue }
        var place = neighbors - 1
        while place > 0, nearest[place - 1] > distance {
          nearest[place] = nearest[place - 1]
          place -= 1
        }
        nearest[place] = distance
      }
      let radius = nearest[neighbors - 1]
      sum += digamma(Double(max(1, within(sortedX, x[row], radius))))
      sum += digamma(Double(max(1, within(sortedY, y[row], radius))))
    }
    let count = Double(x.count)
    return digamma(count) + digamma(Double(neighbors)) - sum / count
  }
}

/// How probable values as large are by chance.
enum Tails {
  /// Of `count` fair coins at least so many.
  static func binomial(atLeast hits: Int, of count: Int) -> Double {
    guard hits > 0 else { return 1 }
    let n = Double(count)
    var sum = 0.0
    for hit in stride(from: hits, through: count, by: 1) {
      let k = Double(hit)
      let ways: Double = logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1)
      sum += exponential(ways - n * logarithm(2))
    }
    return sum
  }

  static func chiSquared(_ x: Double, freedom: Double) -> Double {
    x.isNaN ? .nan : upperGamma(freedom / 2, x / 2)
  }

  static func f(_ x: Double, _ first: Double, _ second: Double) -> Double {
    if x.isNaN { return .nan }
    if x == .infinity { return 0 }
    return incompleteBeta(second / 2, first / 2, second / (second + first * x))
  }

  /// The regularised upper incomplete gamma function: a series, or a continued fraction.
  private static func upperGamma(_ a: Double, _ x: Double) -> Double {
    if x <= 0 { return 1 }
    let front = exponential(a * logarithm(x) - x - logGamma(a))
    if x < a + 1 {
      var (term, sum, k) = (1 / a, 1 / a, a)
      for _ in 0..<1000 {
        k += 1
        term *= x / k
        sum += term
        if abs(term) < abs(sum) * 1e-17 { break }
      }
      return 1 - front * sum
    }
    var b = x + 1 - a
    var c = 1e300
    var d = 1 / b
    var h = d
    for i in 1..<1000 {
      let an = -Double(i) * (Double(i) - a)
      b += 2
      d = 1 / (an * d + b)
      c = b + an / c
      h *= d * c
      if abs(d * c - 1) < 1e-16 { break }
    }
    return front * h
  }

  /// The regularised incomplete beta function by Lentz's continued fraction.
  private static func incompleteBeta(_ a: Double, _ b: Double, _ x: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(b, a, 1 - x) }
    let scale: Double = logGamma(a + b) - logGamma(a) - logGamma(b)
    let front = exponential(scale + a * logarithm(x) + b * logOnePlus(-x))
    var (c, d) = (1.0, 1 / (1 - (a + b) * x / (a + 1)))
    var h = d
    for i in 1..<1000 {
      let m = Double(i)
      let n: Double = a + 2 * m
      let even: Double = m * (b - m) * x / ((n - 1) * n)
      d = 1 / (1 + even * d)
      c = 1 + even / c
      h *= d * c
      let odd: Double = -(a + m) * (a + b + m) * x / (n * (n + 1))
      d = 1 / (1 + odd * d)
      c = 1 + odd / c
      h *= d * c
      if abs(d * c - 1) < 1e-16 { break }
    }
    return front * h / a
  }
}
