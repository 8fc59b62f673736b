import LatheLearn

/// A mixture of products of distributions, one product around each observation and a wide one.
///
/// Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011, section 4, and of several parameters together as
/// Falkner et al., "BOHB", ICML 2018. Numbers have normal distributions cut off at the ends of the axis, as wide as the distance
/// to the farther neighbour and not below a share of the axis that falls with the number of observations; choices have the
/// observed one and a little of all others. The wide product is even over all, and counts as much as one observation.
struct ParzenEstimator {
  private var columns: [Column] = []
  /// Rising sums of the weights.
  private let sums: [Double]
  /// Each weight times what does not depend on the place.
  private var factors: [Double]

  private enum Column {
    /// Normal distributions on an axis that is scaled to 0...1.
    case numbers(means: [Double], widths: [Double])
    /// Whole numbers: few of the distributions differ, and each product says which it has.
    case whole(SearchAxis, kernels: [(mean: Double, width: Double, factor: Double)], which: [Int])
    /// The factors of the observed choice and of another one.
    case choices(count: Int, observed: [Int], same: Double, other: Double)
    /// An axis of one place.
    case fixed(Double)
  }

  /// - Parameters:
  ///   - parameters: What is observed.
  ///   - observations: Values of all of them.
  ///   - weights: How much each observation counts.
  init(_ parameters: [SearchParameter], _ observations: [[SearchValue]], weights: [Double]) {
    let total = weights.reduce(1, +)
    var sum = 0.0
    sums = (weights + [1]).map {
      sum += $0
      return sum
    }
    factors = (weights + [1]).map { $0 / total }
    for (place, parameter) in parameters.enumerated() {
      add(parameter.domain, observations.map { $0[place] })
    }
  }

  private mutating func add(_ domain: SearchDomain, _ values: [SearchValue]) {
    if case .choice(let choices) = domain {
      let places = Dictionary(uniqueKeysWithValues: zip(choices, choices.indices))
      let spread = 1 / Double(values.count + 1)
      let whole = 1 + spread * Double(choices.count)
      factors[values.count] /= Double(choices.count)
      columns.append(
        .choices(
          count: choices.count, observed: values.map { places[$0] ?? 0 }, same: (1 + spread) / whole,
          other: spread / whole))
      return
    }
    guard let axis = domain.axis, axis.width > 0 else {
      columns.append(.fixed(domain.axis?.low ?? 0))
      return
    }
    var means = values.map { ((domain.coordinate($0) ?? axis.low) - axis.low) / axis.width }
    let least = 1 / Double(min(100, 2 + means.count))
    var widths = [Double](repeating: 1, count: means.count)
    let order = means.indices.sorted { means[$0] < means[$1] }
    for (rank, i) in order.enumerated() where order.count > 1 {
      let before = rank > 0 ? means[i] - means[order[rank - 1]] : 0
      let behind = rank + 1 < order.count ? means[order[rank + 1]] - means[i] : 0
      widths[i] = min(max(before, behind, least), 1)
    }
    means.append(0.5)
    widths.append(1)
    func onAxis(_ mean: Double, _ width: Double) -> Double {
      max(NormalDistribution.between(-mean / width, (1 - mean) / width), 1e-300)
    }
    guard axis.step != nil else {
      for i in means.indices { factors[i] /= onAxis(means[i], widths[i]) * widths[i] * 2.5066282746310002 }
      columns.append(.numbers(means: means, widths: widths))
      return
    }
    var kernels: [(mean: Double, width: Double, factor: Double)] = []
    var known: [[Double]: Int] = [:]
    let which = zip(means, widths).map { mean, width in
      if let kernel = known[[mean, width]] { return kernel }
      kernels.append((mean, width, 1 / onAxis(mean, width)))
      known[[mean, width]] = kernels.count - 1
      return kernels.count - 1
    }
    columns.append(.whole(axis, kernels: kernels, which: which))
  }

  /// A number for each parameter: a share of its axis, or which of its choices.
  func draw(_ random: inout RandomSource) -> [Double] {
    let wanted = random.uniform() * (sums.last ?? 0)
    var (part, high) = (0, sums.count - 1)
    while part < high {
      let middle = (part + high) / 2
      if sums[middle] > wanted { high = middle } else { part = middle + 1 }
    }
    return columns.map { column in
      switch column {
      case .numbers(let means, let widths): return Self.draw(means[part], widths[part], &random)
      case .whole(_, let kernels, let which):
        return Self.draw(kernels[which[part]].mean, kernels[which[part]].width, &random)
      case .choices(let count, let observed, let same, _):
        guard part < observed.count, count > 1 else { return Double(random.below(count)) }
        if random.uniform() < same { return Double(observed[part]) }
        let other = random.below(count - 1)
        return Double(other >= observed[part] ? other + 1 : other)
      case .fixed: return 0
      }
    }
  }

  private static func draw(_ mean: Double, _ width: Double, _ random: inout RandomSource) -> Double {
    // Means lie on the axis, so that a third of the tries at least does, too.
    for _ in 0..<64 {
      let place = mean + width * random.normal()
      if place >= 0 && place <= 1 { return place }
    }
    return mean
  }

  /// The density at some places, shares of whole numbers being those where they lie.
  func density(_ places: [Double]) -> Double {
    var terms = factors
    var exponents = [Double](repeating: 0, count: terms.count)
    for (column, place) in zip(columns, places) {
      switch column {
      case .numbers(let means, let widths):
        for i in means.indices {
          let x = (place - means[i]) / widths[i]
          exponents[i] -= 0.5 * x * x
        }
      case .whole(let axis, let kernels, let which):
        let half = (axis.step ?? 0) / 2 / axis.width
        let masses = kernels.map { kernel in
          kernel.factor
            * NormalDistribution.between(
              (place - half - kernel.mean) / kernel.width, (place + half - kernel.mean) / kernel.width)
        }
        for i in which.indices { terms[i] *= masses[which[i]] }
      case .choices(_, let observed, let same, let other):
        let chosen = Int(place)
        for i in observed.indices { terms[i] *= observed[i] == chosen ? same : other }
      case .fixed: break
      }
    }
    // The wide product keeps the sum away from zero.
    var sum = 0.0
    for i in terms.indices where exponents[i] > -100 { sum += terms[i] * exponential(exponents[i]) }
    return sum
  }
}

/// The standard normal distribution.
enum NormalDistribution {
  /// The probability of a number between two.
  static func between(_ low: Double, _ high: Double) -> Double {
    // Of two numbers far on the right the difference is taken on the left, where it loses no digits.
    low > 0 ? below(-low) - below(-high) : below(high) - below(low)
  }

  /// The probability of a number below one.
  static func below(_ x: Double) -> Double { 0.5 * complementaryError(-x * 0.7071067811865476) }

  /// The density.
  static func density(_ x: Double) -> Double { exponential(-0.5 * x * x) * 0.3989422804014327 }
}
