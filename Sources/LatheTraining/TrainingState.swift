import Foundation
import Lathe
import LatheNN

/// Where a run stands: the JSON half of a checkpoint.
struct TrainingState: Codable, Hashable {
  static let currentVersion = 2

  /// The version of this layout.
  var version = TrainingState.currentVersion
  /// What the run was asked for.
  var configuration: TrainerConfiguration
  /// What the optimizer said of itself.
  var optimizer: OptimizerDescription
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
  /// What the losses were weighed by where that is not the number of answers.
  var lossWeight: Double?
  var correctCount = 0
  var sampleCount = 0
  var generator: Generator.State
  /// Where the generators of the model's layers stand, by their paths; nil where there are none.
  var layerGenerators: [String: Generator.State]?
  var optimizerStep = 0
  /// What else the optimizer counts; nil where there is nothing.
  var optimizerScalars: [String: Double]?
  var history: [EpochReport] = []
  /// How far the learning rate was lowered; nil without such a rule.
  var plateau: ReduceOnPlateau?
  /// How the loss is scaled; nil where it is not.
  var lossScaler: LossScaler?
  /// The size and checksum of the tensors' file.
  var tensorBytes = 0
  var tensorChecksum: UInt32 = 0

  /// The mean loss of the epoch under way; 0 where no answer counted so far.
  var meanLoss: Double {
    let weight = lossWeight ?? Double(sampleCount)
    return weight == 0 ? 0 : lossSum / weight
  }
}
