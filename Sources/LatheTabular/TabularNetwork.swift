import LatheCore
import LatheLearn
import Lathe
import LatheNN
import LatheTraining

/// Networks of tables as models of pipelines, trained by AdamW in batches on a device.
///
/// ```swift
/// let (features, _) = try ColumnTransformer.standard(for: train, target: "species", .networks())
/// let network = TabularNetwork(.ftTransformer(), isClassifier: true)
/// let model = try Pipeline(features, network.estimator, target: "species").fit(train)
/// ```
///
/// Features are numbers without gaps and categories, as `ColumnTransformer.Habit.networks` makes them. A part of the rows is kept
/// apart to see when to stop, and the weights of the best epoch are taken. Categories that were not there in training are
/// taken for missing ones; where none were missing, for the mean of those there are.
public struct TabularNetwork: TableEstimator {
  /// The network.
  public var architecture: TabularArchitecture
  /// Whether it tells classes, not numbers.
  public var isClassifier: Bool
  /// The most passes over the rows; without it 100, fewer of many rows.
  public var epochs: Int?
  /// Rows of a batch; without it 32 to 512, by how many rows there are.
  public var batchSize: Int?
  /// AdamW's step size; without it 1e-3.
  public var learningRate: Float?
  /// How much AdamW draws matrices to zero.
  public var weightDecay: Float = 1e-4
  /// The part of the rows that says when to stop; 0 for none, so that all epochs are done.
  public var validation = 0.15
  /// Epochs without a better loss on that part that are waited for.
  public var patience = 12
  /// What first values, batches, dropout and the part kept apart depend on.
  public var seed: UInt64 = 42
  /// Where training takes place, and predictions of what was trained.
  public var device: Device = .default

  /// A network with the usual training.
  public init(_ architecture: TabularArchitecture, isClassifier: Bool) {
    self.architecture = architecture
    self.isClassifier = isClassifier
  }

  /// As an estimator of a `Pipeline`.
  public var estimator: Estimator { .custom(CustomEstimator(self)) }

  /// Lets `TableModel(path:)` read networks.
  public static func register() { TablePredictors.register(FittedTabularNetwork.self) }

  /// Trains a network of rows.
  ///
  /// - Parameters:
  ///   - data: The rows to learn from; a column of categories has whole numbers from 0 on, NaN of missing ones.
  ///   - classes: How many classes there are; 0 of numbers.
  /// - Throws: `LatheError` for settings that cannot be, missing numbers, a loss that is not a number, or a device that fails.
  public func train(_ data: LabelledRows, classes: Int) throws -> any TablePredictor {
    try fit(data, classes: classes)
  }

  /// The same, as what it is.
  public func fit(_ data: LabelledRows, classes: Int) throws -> FittedTabularNetwork {
    Self.register()
    try check(data, classes)
    return try TabularTraining(self, data, classes: classes).run()
  }

  private func check(_ data: LabelledRows, _ classes: Int) throws {
    func refuse(_ what: String) -> LatheError {
      LatheError(.invalidArgument, "\(architecture.name): \(what)")
    }
    if let problem = architecture.problem { throw refuse(problem) }
    guard isClassifier ? classes >= 2 : classes == 0 else {
      throw refuse("\(classes) classes; two are the least, and none where numbers are predicted")
    }
    guard data.features.rows > 1, data.features.columns > 0 else {
      throw refuse(
        "a matrix of \(data.features.rows) x \(data.features.columns) has nothing to learn from; two rows are the least"
      )
    }
    let rows = data.features.rows
    guard data.targets.count == rows, data.targets.allSatisfy(\.isFinite) else {
      throw refuse("\(data.targets.count) targets for \(rows) rows; give each row one that is finite")
    }
    if isClassifier, !data.targets.allSatisfy({ $0 >= 0 && $0 < Double(classes) && $0 == $0.rounded() }) {
      throw refuse("targets must be classes 0 to \(classes - 1)")
    }
    if let weights = data.weights {
      guard weights.count == rows, weights.allSatisfy({ $0 >= 0 && $0.isFinite }),
        weights.contains(where: { $0 > 0 })
      else {
        throw refuse("weights must be one for each of the \(rows) rows, not negative, and not all zero")
      }
    }
    let counts = [("epochs", epochs ?? 1), ("batchSize", batchSize ?? 1), ("patience", patience)]
    if let (name, value) = counts.first(where: { $0.1 < 1 }) {
      throw refuse("\(name) is \(value); one is the least")
    }
    if let learningRate, !(learningRate > 0 && learningRate.isFinite) {
      throw refuse("learningRate is \(learningRate); give a number above 0")
    }
    guard weightDecay >= 0, weightDecay.isFinite, validation >= 0, validation < 1 else {
      throw refuse(
        "weightDecay is \(weightDecay) and validation \(validation); give 0 or more, and a part below 1")
    }
  }
}
