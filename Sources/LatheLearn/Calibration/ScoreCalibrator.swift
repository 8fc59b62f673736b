import LatheCore

/// How scores become probabilities.
public enum CalibrationMethod: String, Sendable, Hashable, Codable, CaseIterable {
  /// A logistic curve of two numbers (Platt, 1999), for few rows.
  case platt
  /// Rising steps, for a thousand rows and more.
  case isotonic
  /// One factor of all classes' scores (Guo et al., 2017), which leaves the order of classes as it is.
  case temperature
}

/// Platt's curve: 1 / (1 + exp(slope * score + intercept)), with targets kept off 0 and 1 by the classes' sizes.
public struct PlattCalibration: Sendable, Hashable, Codable {
  /// The factor of scores, below 0 where a larger score speaks for the class.
  public let slope: Double
  /// The constant.
  public let intercept: Double

  /// The curve of least log loss.
  ///
  /// - Throws: `LatheError.invalidArgument` where counts differ, a score is not finite, or a class has no row.
  public init(fit scores: [Double], labels: [Bool], weights: [Double]? = nil) throws {
    guard scores.count == labels.count, weights.map({ $0.count == scores.count }) ?? true,
      scores.allSatisfy(\.isFinite), labels.contains(true), labels.contains(false)
    else {
      throw LatheError(
        .invalidArgument,
        "Platt's calibration: \(scores.count) scores for \(labels.count) labels; scores must be finite, and both classes there"
      )
    }
    // Scores that are large for exp are made smaller, and the slope with them.
    let most = scores.reduce(0) { max($0, abs($1)) }
    let scale = most >= 30 ? most : 1
    var sums = (positive: 0.0, negative: 0.0)
    for (row, label) in labels.enumerated() {
      if label { sums.positive += weights?[row] ?? 1 } else { sums.negative += weights?[row] ?? 1 }
    }
    let high = (sums.positive + 1) / (sums.positive + 2)
    let low = 1 / (sums.negative + 2)
    let total = sums.positive + sums.negative
    let start = [0, logarithm((sums.negative + 1) / (sums.positive + 1))]
    let result = LBFGS(maxIterations: 1000, tolerance: 1e-12).minimize(from: start) { point, gradient in
      var value = 0.0
      gradient = [0, 0]
      for (row, score) in scores.enumerated() {
        let f = score / scale
        let weight = (weights?[row] ?? 1) / total
        let target = labels[row] ? high : low
        let z = -(point[0] * f + point[1])
        // log(1 + e^z) - target z
        value += weight * (max(z, 0) + logarithm(1 + exponential(-abs(z))) - target * z)
        let difference = weight * (logistic(z) - target)
        gradient[0] -= difference * f
        gradient[1] -= difference
      }
      return value
    }
    slope = result.point[0] / scale
    intercept = result.point[1]
  }

  /// The probability of the class.
  public func predict(_ scores: [Double]) -> [Double] { scores.map { logistic(-(slope * $0 + intercept)) } }
}

/// One factor of logarithms of probabilities.
public struct TemperatureScaling: Sendable, Hashable, Codable {
  /// What scores are multiplied by; below 1 probabilities come nearer to each other.
  public let inverseTemperature: Double

  /// The factor of least log loss.
  ///
  /// - Parameters:
  ///   - logits: Class after class in each row.
  ///   - labels: The place of each row's class.
  public init(fit logits: [Double], labels: [Int], classes: Int, weights: [Double]? = nil) throws {
    guard classes >= 2, logits.count == labels.count * classes, !labels.isEmpty,
      logits.allSatisfy(\.isFinite),
      labels.allSatisfy({ $0 >= 0 && $0 < classes }), weights.map({ $0.count == labels.count }) ?? true
    else {
      throw LatheError(
        .invalidArgument,
        "temperature scaling: \(logits.count) scores for \(labels.count) rows of \(classes) classes; they must be finite, and "
          + "labels places of classes")
    }
    // The loss by the factor is convex; its derivative changes sign once.
    func slope(_ factor: Double) -> Double {
      var sum = 0.0
      for (row, label) in labels.enumerated() {
        let own = logits[row * classes..<(row + 1) * classes]
        var p = own.map { $0 * factor }
        softmax(&p)
        let mean = zip(own, p).reduce(0) { $0 + $1.0 * $1.1 }
        sum += (weights?[row] ?? 1) * (mean - own[own.startIndex + label])
      }
      return sum
    }
    // As scikit-learn, within e^-10 to e^10.
    var (low, high) = (-10.0, 10.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if slope(exponential(middle)) > 0 { high = middle } else { low = middle }
    }
    inverseTemperature = exponential((low + high) / 2)
  }

  /// Probabilities, class after class in each row.
  public func predict(_ logits: [Double], classes: Int) -> [Double] {
    RowAnswers.softmax(logits.map { $0 * inverseTemperature }, classes: classes)
  }

  /// Logarithms of probabilities, for models that know no scores.
  package static func logits(_ probabilities: [Double]) -> [Double] {
    probabilities.map { logarithm($0 + 1e-12) }
  }
}
