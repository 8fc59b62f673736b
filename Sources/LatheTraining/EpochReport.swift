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
