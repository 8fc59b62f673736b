import LatheCore

/// Settings of a kind of model that another library brings to pipelines.
public protocol TableEstimator: Sendable, Hashable {
  /// Whether it tells classes, not numbers.
  var isClassifier: Bool { get }

  /// Trains a model of rows.
  ///
  /// - Parameters:
  ///   - data: The rows to learn from.
  ///   - classes: How many classes there are; 0 of numbers.
  /// - Throws: `LatheError` where the rows cannot be learned from.
  func train(_ data: LabelledRows, classes: Int) throws -> any TablePredictor
}

/// A trained model that another library brought: what a `TableModel` asks, and how it is stored.
///
/// Its facts stand in the JSON of a table's model, its weights in a file beside it. So that a stored one can be read, the type is
/// made known once: `TablePredictors.register(_:)`.
public protocol TablePredictor: Sendable {
  /// What the JSON says besides weights.
  associatedtype Facts: Codable, Sendable

  /// The name of the kind in files.
  static var kind: String { get }
  /// How many features a row has.
  var columns: Int { get }
  /// How many classes there are; 0 of numbers.
  var classes: Int { get }
  /// What the JSON says.
  var facts: Facts { get }
  /// How many bytes the weights take.
  var weightBytes: Int { get }

  /// Refuses values that the model cannot take.
  ///
  /// - Throws: `LatheError.invalidArgument` naming the column and the row.
  func check(_ x: FeatureMatrix, what: String) throws
  /// Numbers, or the places of classes.
  func predict(_ x: FeatureMatrix) throws -> [Double]
  /// The probability of each class, class after class in each row; nil where the model knows none.
  func probabilities(_ x: FeatureMatrix) throws -> [Double]?
  /// Writes the weights to a file.
  func saveWeights(to path: String) throws

  /// Reads a model.
  ///
  /// - Parameters:
  ///   - facts: What the JSON says.
  ///   - path: The file of its weights.
  /// - Throws: `LatheError` where they do not fit each other.
  init(facts: Facts, weights path: String) throws
}

/// A `TableEstimator` as one case of `Estimator`.
public struct CustomEstimator: Sendable, Hashable {
  /// The settings.
  public let settings: any TableEstimator

  /// An estimator by its settings.
  public init(_ settings: any TableEstimator) { self.settings = settings }

  /// Whether both have the same settings.
  public static func == (a: CustomEstimator, b: CustomEstimator) -> Bool {
    AnyHashable(a.settings) == AnyHashable(b.settings)
  }

  /// Hashes the settings.
  public func hash(into hasher: inout Hasher) { hasher.combine(AnyHashable(settings)) }
}

extension TablePredictor {
  /// Answers where callers cannot take errors: a device that fails then ends the program with its message.
  func answers(_ x: FeatureMatrix) -> [Double] {
    do { return try predict(x) } catch { fail(error) }
  }

  /// The same of probabilities.
  func chances(_ x: FeatureMatrix) -> [Double]? {
    do { return try probabilities(x) } catch { fail(error) }
  }

  private func fail(_ error: any Error) -> Never {
    stop("\(Self.kind): \((error as? LatheError)?.message ?? "\(error)")")
  }
}
