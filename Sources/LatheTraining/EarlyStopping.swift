/// A figure of each epoch's test that decides when to stop and which weights are best.
public struct Monitor: Sendable, Hashable, Codable {
  /// Which figure.
  public struct Figure: Sendable, Hashable {
    /// The figure's name in reports.
    public let name: String
    /// Whether a larger value is a better one.
    public let largerIsBetter: Bool

    /// The mean loss.
    public static let loss = Figure(name: "loss", largerIsBetter: false)
    /// The share of right answers.
    public static let accuracy = Figure(name: "accuracy", largerIsBetter: true)

    /// One of the trainer's metrics.
    public static func metric(_ metric: TestMetric) -> Figure {
      Figure(name: metric.name, largerIsBetter: metric.largerIsBetter)
    }
  }

  /// The figure watched.
  public var figure: Figure
  /// Improvements below this do not count.
  public var minimumChange: Double

  /// A monitor of one of the figures.
  public init(_ figure: Figure = .loss, minimumChange: Double = 0) {
    self.figure = figure
    self.minimumChange = minimumChange
  }

  /// The figure in a report; nil where it is a metric that the report has not, or no number.
  public func value(_ report: EpochReport) -> Double? {
    let value =
      switch figure {
      case .loss: report.testLoss ?? .nan
      case .accuracy: report.testAccuracy ?? .nan
      default: report.metrics?[figure.name] ?? .nan
      }
    return value.isNaN ? nil : value
  }

  /// The place of the best report, of equals the first; nil where none has the figure.
  public func best(_ history: [EpochReport]) -> Int? {
    var best: (index: Int, value: Double)?
    for (index, report) in history.enumerated() {
      guard let value = value(report) else { continue }
      guard let current = best else {
        best = (index, value)
        continue
      }
      let gain = value - current.value
      if (figure.largerIsBetter ? gain : -gain) > minimumChange { best = (index, value) }
    }
    return best?.index
  }
}

extension Monitor.Figure: Codable {
  private enum Key: String, CodingKey { case name, largerIsBetter }

  /// Reads `"loss"` and `"accuracy"`, or a metric's name and direction.
  public init(from decoder: any Decoder) throws {
    if let name = try? decoder.singleValueContainer().decode(String.self) {
      guard let figure = [Self.loss, .accuracy].first(where: { $0.name == name }) else {
        throw DecodingError.dataCorrupted(
          .init(codingPath: decoder.codingPath, debugDescription: "'\(name)' is neither loss nor accuracy"))
      }
      self = figure
    } else {
      let values = try decoder.container(keyedBy: Key.self)
      name = try values.decode(String.self, forKey: .name)
      largerIsBetter = try values.decode(Bool.self, forKey: .largerIsBetter)
    }
  }

  /// Writes what `init(from:)` reads.
  public func encode(to encoder: any Encoder) throws {
    if self == .loss || self == .accuracy {
      var value = encoder.singleValueContainer()
      try value.encode(name)
    } else {
      var values = encoder.container(keyedBy: Key.self)
      try values.encode(name, forKey: .name)
      try values.encode(largerIsBetter, forKey: .largerIsBetter)
    }
  }
}

/// Ends a run when its test figure reaches a preset value or stops improving.
///
/// It is a function of the reports alone, so that a resumed run ends where the whole one would.
public struct EarlyStopping: Sendable, Hashable, Codable {
  /// The figure watched.
  public var monitor: Monitor
  /// Epochs without improvement that are waited for; nil waits for ever.
  public var patience: Int?
  /// The value that is good enough; nil for none.
  public var target: Double?

  /// A rule of one or both conditions.
  public init(_ monitor: Monitor = Monitor(), patience: Int? = nil, target: Double? = nil) {
    self.monitor = monitor
    self.patience = patience
    self.target = target
  }

  /// Why a run with these reports ends; nil where it goes on.
  public func reason(_ history: [EpochReport]) -> String? {
    guard let last = history.last, let best = monitor.best(history) else { return nil }
    let figure = monitor.figure
    if let target, let value = monitor.value(last), figure.largerIsBetter ? value >= target : value <= target
    {
      return "test \(figure.name) \(value) reached \(target)"
    }
    if let patience, history.count - 1 - best >= patience, patience > 0 {
      return "test \(figure.name) has not improved for \(history.count - 1 - best) epochs"
    }
    return nil
  }
}

extension Monitor: CustomStringConvertible {
  /// The figure, and what counts as an improvement where not everything does.
  public var description: String {
    minimumChange == 0 ? figure.name : "\(figure.name) by more than \(minimumChange)"
  }
}

extension EarlyStopping: CustomStringConvertible {
  /// The figure and the conditions.
  public var description: String {
    "\(monitor)" + (patience.map { ", patience \($0)" } ?? "") + (target.map { ", target \($0)" } ?? "")
  }
}
