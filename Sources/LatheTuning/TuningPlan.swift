import Foundation
import Lathe
import LatheData
import LatheFiles
import LatheNN
import LatheTraining

/// What every plan of a training on texts has; stored in the run's folder.
package protocol TextPlan: Codable, Sendable {
  /// Passes over the training part.
  var epochs: Int { get }
  /// Texts a step.
  var batchSize: Int { get }
  /// The largest step size; as suits where nil.
  var learningRate: Float? { get }
  /// How strongly weights, but not biases and norms, are drawn to 0.
  var weightDecay: Float { get }
  /// The part of the steps in which the step size rises.
  var warmup: Double { get }
  /// The most tokens of a text.
  var length: Int { get set }
  /// What random choices depend on.
  var seed: UInt64 { get }
}

/// What every plan of fine-tuning has.
package protocol TuningPlan: TextPlan {
  /// The name or the path of the pre-trained model.
  var base: String { get }
  /// Which parameters learn, and how.
  var tuning: TuningSettings { get }
  /// The file in a run's folder.
  static var fileName: String { get }
  /// What is trained, with its article, for messages.
  static var noun: String { get }
  /// What cannot be; nil where nothing is wrong.
  var problem: String? { get }
}

extension TextPlan {
  /// What cannot be of what all plans have; nil where nothing is wrong.
  var commonProblem: String? {
    if epochs < 1 { return "epochs is \(epochs), not 1 or more" }
    if batchSize < 1 { return "a batch has \(batchSize) texts, not 1 or more" }
    if let learningRate, !(learningRate > 0 && learningRate.isFinite) {
      return "the learning rate is \(learningRate), not a positive number"
    }
    if !(weightDecay >= 0 && weightDecay.isFinite) {
      return "the weight decay is \(weightDecay), not 0 or more"
    }
    if !(warmup >= 0 && warmup < 1) {
      return "warm-up takes \(warmup) of the steps, not a part from 0 to below 1"
    }
    if length < 4 { return "a text has at most \(length) tokens; give at least 4" }
    return nil
  }

  /// What a trainer is asked for, and how many steps that takes.
  ///
  /// - Parameter details: What else a run that goes on must share.
  func configuration(
    _ architecture: String, source: String, training: any TrainingData, details: [String: String]
  ) -> (configuration: TrainerConfiguration, steps: Int) {
    var configuration = TrainerConfiguration(
      architecture: architecture, data: source, epochs: epochs, batchSize: min(batchSize, training.count),
      seed: seed)
    let steps = configuration.stepsPerEpoch(of: training) * epochs
    configuration.schedule = .warmupLinear(warmup: Int(warmup * Double(steps)), steps: steps)
    configuration.clipping = .norm(1)
    configuration.details = details
    return (configuration, steps)
  }
}

extension TuningPlan {
  /// The network's configuration in a run's folder; `config.json` is the record of the run.
  static var networkName: String { "network.json" }

  func write(to folder: String) throws {
    try JSONRecord.write(self, to: "\(folder)/\(Self.fileName)")
  }

  /// Reads the plan of a run.
  ///
  /// - Throws: `LatheError` where there is none in the folder, or it is damaged.
  package init(folder: String) throws {
    let path = "\(folder)/\(Self.fileName)"
    guard FileErrors.exists(path) else {
      throw LatheError(.file, "\(path): not there; name the folder of a run that trained \(Self.noun)")
    }
    let text = try FileErrors.read(path, limit: 1 << 20)
    do { self = try JSONDecoder().decode(Self.self, from: Data(text)) } catch {
      throw LatheError(.format, "\(path): not what a run of \(Self.noun) was asked for; train it anew")
    }
    if let problem { throw LatheError(.format, "\(path): \(problem); train it anew") }
  }

  /// What a trainer is asked for, and how many steps that takes.
  func configuration(
    _ architecture: String, source: String, training: any TrainingData
  ) -> (configuration: TrainerConfiguration, steps: Int) {
    configuration(
      architecture, source: source, training: training, details: ["base": base, "tuning": "\(tuning)"])
  }

  /// AdamW, which draws weights to 0, but not biases and norms.
  ///
  /// - Parameters:
  ///   - model: The network.
  ///   - own: Parameters that take steps of another size and are not drawn to 0.
  ///   - ownRate: Their step size.
  func optimizer(
    _ model: any ParameterContainer, own: [Parameter] = [], ownRate: Float = 0
  ) -> Adam {
    let rate = learningRate ?? tuning.method.learningRate
    let groups =
      ParameterGroup.decayed(model, without: own)
      + (own.isEmpty ? [] : [ParameterGroup(own, learningRateScale: ownRate / rate, weightDecay: 0)])
    return Adam(groups, learningRate: rate, decoupledDecay: weightDecay)
  }
}
