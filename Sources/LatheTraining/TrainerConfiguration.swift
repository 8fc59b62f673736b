import Lathe
import LatheData
import LatheNN

/// What a run is asked for, as one value of plain data: it is stored as it is in checkpoints and in `config.json`.
///
/// A run that goes on from a checkpoint must have the same values, but for those that only say how long it lasts, what of it
/// is kept and how it is watched. Models, optimizers, data and callbacks are given to the `Trainer` itself.
public struct TrainerConfiguration: Codable, Hashable, Sendable {
  /// The network's name, such as `lenet`; stored models hold it.
  public var architecture: String
  /// The data set's name, such as `fashion-mnist`.
  public var data: String
  /// Passes over the training set in all.
  public var epochs: Int
  /// Ends the run after so many steps in all, within an epoch if need be.
  ///
  /// A run with a higher limit, or none, goes on from there with the same bits.
  public var stepLimit: Int?
  /// Examples a batch.
  public var batchSize: Int
  /// Leaves out an epoch's last batch where it is smaller.
  ///
  /// Batch normalisation cannot learn from one value per channel, as a last batch of one example may have.
  public var dropsLast = false
  /// Batches whose gradients make one step, as if they were one batch.
  public var accumulation = 1
  /// The seed of the first weights, the shuffling and dropout.
  public var seed: UInt64
  /// The type in which the model's products and convolutions work.
  ///
  /// With float16 the loss is scaled, which waits for the device at each step.
  public var precision = Precision.float32
  /// How the loss is scaled at the start with float16, where not as `LossScaler()` does.
  public var lossScaler: LossScaler?
  /// Limits gradients before each step.
  public var clipping: GradientClipping?
  /// The learning rate by step.
  public var schedule = LearningRateSchedule.constant
  /// A rule that lowers the learning rate when the test loss no longer falls, at its start.
  public var plateau: ReduceOnPlateau?
  /// How much a moving average of the weights keeps, which then is what is tested and stored as the model; nil for none.
  public var averageDecay: Float?
  /// When to end before all epochs are done.
  public var earlyStopping: EarlyStopping?
  /// Keeps the weights of the best epoch by this figure as `best.safetensors`.
  public var best: Monitor?
  /// Tests every so many steps, besides the test at the end of each epoch.
  public var testInterval: Int?
  /// Writes a checkpoint every so many steps, besides those at the end of each epoch.
  public var checkpointInterval: Int?
  /// How many checkpoints stay.
  public var keptCheckpoints = 2
  /// Reads the loss before each step, to stop with the weights that made a number that is not finite.
  ///
  /// The layer can then be named. Where nil it is done on the CPU, where nothing waits; elsewhere it costs speed.
  public var checksEveryStep: Bool?
  /// Waits for the device after each phase, so that `EpochReport.phases` holds its time by phase; costs speed.
  public var synchronizesPhases = false
  /// Whatever else a resumed run must share, by name: what the objects given to the trainer were made with.
  public var details: [String: String] = [:]

  /// A configuration in which everything else is as a plain run has it.
  ///
  /// - Parameters:
  ///   - architecture: The network's name.
  ///   - data: The data set's name.
  ///   - epochs: Passes over the training set in all.
  ///   - batchSize: Examples a batch.
  ///   - seed: The seed of the first weights, the shuffling and dropout.
  public init(architecture: String, data: String, epochs: Int, batchSize: Int, seed: UInt64) {
    self.architecture = architecture
    self.data = data
    self.epochs = epochs
    self.batchSize = batchSize
    self.seed = seed
  }

  /// What may change when a run goes on: how long it lasts, what is kept and how it is watched.
  private static let changeable: [CodingKeys] = [
    .epochs, .stepLimit, .earlyStopping, .best, .testInterval, .checkpointInterval, .keptCheckpoints,
    .checksEveryStep, .synchronizesPhases,
  ]

  /// The steps of an epoch of some data.
  public func stepsPerEpoch(of training: any TrainingData) -> Int {
    let batches = training.batchCount(size: batchSize, dropsLast: dropsLast)
    return (batches + accumulation - 1) / accumulation
  }

  /// What no run can be asked for; nil where nothing is wrong.
  var problem: String? {
    let counts = [
      ("batchSize", batchSize), ("accumulation", accumulation), ("keptCheckpoints", keptCheckpoints),
      ("stepLimit", stepLimit ?? 1), ("testInterval", testInterval ?? 1),
      ("checkpointInterval", checkpointInterval ?? 1),
    ]
    if epochs < 0 { return "epochs is \(epochs), not 0 or more" }
    if let (name, value) = counts.first(where: { $0.1 < 1 }) { return "\(name) is \(value), not 1 or more" }
    if let averageDecay, !(averageDecay >= 0 && averageDecay < 1) {
      return "averageDecay is \(averageDecay), not in 0..<1"
    }
    return nil
  }
}

extension TrainerConfiguration {
  /// The names of all fields, as words, and their values, in their order; those of `details` by their own names.
  package var fields: [(name: String, value: String)] {
    Mirror(reflecting: self).children.flatMap { child in
      if let details = child.value as? [String: String] {
        return details.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
      }
      return [(name: FieldName.words(child.label ?? ""), value: Self.text(child.value))]
    }
  }

  /// A field's value, "none" of nil.
  private static func text(_ value: Any) -> String {
    let mirror = Mirror(reflecting: value)
    guard mirror.displayStyle == .optional else { return "\(value)" }
    return mirror.children.first.map { "\($0.value)" } ?? "none"
  }

  /// The fields in which a run that goes on from this one must not differ and does: each with what is stored here and
  /// what is given.
  func differences(from given: TrainerConfiguration) -> [String] {
    let stored = Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.value) })
    let wanted = Dictionary(uniqueKeysWithValues: given.fields.map { ($0.name, $0.value) })
    let names = fields.map(\.name) + given.fields.map(\.name).filter { stored[$0] == nil }
    let changeable = Set(Self.changeable.map { FieldName.words($0.stringValue) })
    return names.filter { !changeable.contains($0) && stored[$0] != wanted[$0] }
      .map { "\($0) \(stored[$0] ?? "none"), now \(wanted[$0] ?? "none")" }
  }
}
