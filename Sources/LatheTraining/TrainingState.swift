import Foundation
import Lathe
import LatheNN

/// What a run was started with; a resumed run must be the same.
public struct TrainingSettings: Codable, Hashable, Sendable {
  /// The network's name, such as `lenet`.
  public var architecture: String
  /// The data set's name, such as `fashion-mnist`.
  public var data: String
  /// The optimizer's name, such as `adam`.
  public var optimizer: String
  /// The step size.
  public var learningRate: Float
  /// Examples a batch.
  public var batchSize: Int
  /// The seed of the first weights, the shuffling and dropout.
  public var seed: UInt64
  /// Whatever else a resumed run must share, by name, such as the schedule.
  public var details: [String: String]?

  /// Settings from their parts.
  public init(
    architecture: String, data: String, optimizer: String, learningRate: Float, batchSize: Int, seed: UInt64,
    details: [String: String]? = nil
  ) {
    self.architecture = architecture
    self.data = data
    self.optimizer = optimizer
    self.learningRate = learningRate
    self.batchSize = batchSize
    self.seed = seed
    self.details = details
  }
}

/// The figures of an epoch.
public struct EpochReport: Codable, Hashable, Sendable {
  /// Counted from 1.
  public var epoch: Int
  /// The mean loss over the epoch's steps.
  public var trainLoss: Double
  /// The share of right answers, during the epoch; nil where there is no right and wrong.
  public var trainAccuracy: Double?
  /// The mean loss on the test set after the epoch; nil without a test set.
  public var testLoss: Double?
  /// The share of right answers on the test set after the epoch; nil where there is no right and wrong.
  public var testAccuracy: Double?
  /// Training examples (of text, tokens) a second, data loading included, the test not.
  public var samplesPerSecond: Double
  /// Seconds of training, data loading included, the test not.
  public var seconds: Double
  /// The device's name.
  public var device: String
  /// What the parts of the epoch took in time and memory; nil in reports of older versions.
  public var phases: PhaseReport?
  /// The trainer's metrics on the test set by their names, those without a finite value left out; nil where it has none.
  public var metrics: [String: Double]?
}

/// Where a run stands: the JSON half of a checkpoint.
struct TrainingState: Codable, Hashable {
  static let currentVersion = 1

  /// The version of this layout.
  var version = TrainingState.currentVersion
  var settings: TrainingSettings
  /// Examples of the training set and a checksum, to notice that the data was changed.
  var dataCount: Int
  var dataChecksum: UInt32
  /// Epochs done.
  var epoch = 0
  /// Steps done in the epoch under way.
  var stepInEpoch = 0
  /// Steps done in all.
  var step = 0
  /// Sums over the steps of the epoch under way.
  var lossSum = 0.0
  var correctCount = 0
  var sampleCount = 0
  var generator: Generator.State
  /// Where the generators of the model's layers stand, by their paths; nil in checkpoints of older versions.
  var layerGenerators: [String: Generator.State]?
  var optimizerStep = 0
  /// What else the optimizer counts; nil where there is nothing.
  var optimizerScalars: [String: Double]?
  var history: [EpochReport] = []
  /// How far the learning rate was lowered; nil without such a rule.
  var plateau: ReduceOnPlateau?
  /// The type of products and convolutions; nil for float32.
  var precision: Precision?
  /// How the loss is scaled; nil where it is not.
  var lossScaler: LossScaler?
  /// The size and checksum of the tensors' file.
  var tensorBytes = 0
  var tensorChecksum: UInt32 = 0
}
