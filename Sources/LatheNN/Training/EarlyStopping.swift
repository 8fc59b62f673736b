/// A figure of each epoch's test that decides when to stop and which weights are best.
public struct Monitor: Sendable, Hashable, Codable {
  /// Which figure.
  public enum Figure: String, Sendable, Hashable, Codable, CaseIterable {
    /// Smaller is better.
    case loss
    /// Larger is better.
    case accuracy
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

  /// The figure in a report.
  public func value(_ report: EpochReport) -> Double {
    figure == .loss ? report.testLoss : report.testAccuracy
  }

  /// The place of the best report, of equals the first; nil of none.
  public func best(_ history: [EpochReport]) -> Int? {
    var best: Int?
    for (index, report) in history.enumerated() {
      guard let current = best else {
        best = index
        continue
      }
      let gain = value(report) - value(history[current])
      if (figure == .loss ? -gain : gain) > minimumChange { best = index }
    }
    return best
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
    let value = monitor.value(last)
    if let target, monitor.figure == .loss ? value <= target : value >= target {
      return "test \(monitor.figure.rawValue) \(value) reached \(target)"
    }
    if let patience, history.count - 1 - best >= patience, patience > 0 {
      return "test \(monitor.figure.rawValue) has not improved for \(history.count - 1 - best) epochs"
    }
    return nil
  }
}
