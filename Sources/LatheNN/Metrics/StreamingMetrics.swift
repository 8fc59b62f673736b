import Foundation
import Lathe

/// A mean over all examples, taken batch by batch.
public struct MeanMetric: Sendable, Hashable {
  /// The sum so far, and what it is divided by.
  public private(set) var sum = 0.0, count = 0

  /// No examples.
  public init() {}

  /// Adds the mean of a batch.
  public mutating func update(mean: Double, count: Int) {
    sum += mean * Double(count)
    self.count += count
  }

  /// The mean; NaN of no examples.
  public var value: Double { sum / Double(count) }

  /// e to the mean, the perplexity where the mean is that of a cross-entropy.
  public var perplexity: Double { exp(value) }
}

/// Shares of examples whose class is among the k largest logits.
public struct TopKAccuracy: Sendable, Hashable {
  /// How many logits count.
  public let k: Int
  private var right = 0
  private var count = 0

  /// No examples.
  public init(_ k: Int) {
    require(k > 0, "TopKAccuracy: k \(k)")
    self.k = k
  }

  /// Adds a batch: logits [..., classes] and labels [...].
  public mutating func update(logits: Tensor, labels: Tensor) throws {
    let best = logits.topK(min(k, logits.shape[logits.rank - 1])).indices
    right += try (best .== labels.cast(to: .int32).unsqueezed(-1)).sum().item(as: Int.self)
    count += labels.count
  }

  /// The share; NaN of no examples.
  public var value: Double { Double(right) / Double(count) }
}

/// The mean negative logarithm of the probability of each example's class, as scikit-learn's `log_loss`.
public struct LogLoss: Sendable, Hashable {
  private var mean = MeanMetric()

  /// No examples.
  public init() {}

  /// Adds a batch.
  ///
  /// - Parameters:
  ///   - probabilities: Per example one per class, cut to 2^-52...1 - 2^-52 and then divided by their sum.
  ///   - labels: Class indices.
  /// - Throws: `LatheError.invalidArgument` where a class is not there or the counts differ.
  public mutating func update(probabilities: [[Double]], labels: [Int]) throws {
    guard probabilities.count == labels.count,
      zip(probabilities, labels).allSatisfy({ $0.indices.contains($1) })
    else {
      throw LatheError(
        .invalidArgument,
        "LogLoss: \(probabilities.count) rows of probabilities for \(labels.count) labels, each of them a class"
      )
    }
    for (row, label) in zip(probabilities, labels) {
      let cut = row.map { min(max($0, .ulpOfOne), 1 - .ulpOfOne) }
      mean.update(mean: -log(cut[label] / cut.reduce(0, +)), count: 1)
    }
  }

  /// The mean; NaN of no examples.
  public var value: Double { mean.value }
}

/// Figures of predicted numbers: mean absolute error, root mean squared error and the coefficient of determination.
public struct RegressionMetrics: Sendable, Hashable {
  private var count = 0
  private var absolute = 0.0
  private var squared = 0.0
  // Mean and sum of squared distances from it, updated example by example (Welford, 1962).
  private var mean = 0.0
  private var spread = 0.0

  /// No examples.
  public init() {}

  /// Adds examples.
  ///
  /// - Throws: `LatheError.invalidArgument` where the counts differ.
  public mutating func update(predictions: [Double], targets: [Double]) throws {
    guard predictions.count == targets.count else {
      throw LatheError(
        .invalidArgument, "RegressionMetrics: \(predictions.count) predictions for \(targets.count) targets")
    }
    for (x, y) in zip(predictions, targets) {
      count += 1
      absolute += abs(x - y)
      squared += (x - y) * (x - y)
      let distance = y - mean
      mean += distance / Double(count)
      spread += distance * (y - mean)
    }
  }

  /// Adds a batch of tensors of one shape.
  public mutating func update(predictions: Tensor, targets: Tensor) throws {
    try update(
      predictions: predictions.scalars(as: Float.self).map(Double.init),
      targets: targets.scalars(as: Float.self).map(Double.init))
  }

  /// The mean of |x - y|.
  public var meanAbsoluteError: Double { absolute / Double(count) }
  /// The mean of (x - y)^2.
  public var meanSquaredError: Double { squared / Double(count) }
  /// The root of the mean of (x - y)^2.
  public var rootMeanSquaredError: Double { meanSquaredError.squareRoot() }
  /// 1 - sum (x - y)^2 / sum (y - mean)^2; where all targets are equal 1 for exact predictions, else 0; NaN
  /// of no examples.
  public var r2: Double {
    if count == 0 { return .nan }
    return spread == 0 ? (squared == 0 ? 1 : 0) : 1 - squared / spread
  }
}
