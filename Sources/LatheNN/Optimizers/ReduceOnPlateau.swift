/// Lowers the learning rate when a figure no longer improves, as PyTorch's ReduceLROnPlateau.
public struct ReduceOnPlateau: Sendable, Hashable, Codable {
  /// Times this is the learning rate when it is lowered.
  public var decay: Double
  /// Reports without improvement that are waited for.
  public var patience: Int
  /// Improvements below this share of the best figure do not count.
  public var threshold: Double
  /// Reports after a lowering that do not count.
  public var cooldown: Int
  /// The least share of the base learning rate.
  public var minimum: Double
  /// Whether larger figures are better.
  public var isMaximum: Bool
  /// The share of the base learning rate now.
  public private(set) var factor = 1.0
  private var best: Double?
  private var waited = 0
  private var cooling = 0

  /// A rule at its start, with PyTorch's defaults.
  public init(
    decay: Double = 0.1, patience: Int = 10, threshold: Double = 1e-4, cooldown: Int = 0, minimum: Double = 0,
    isMaximum: Bool = false
  ) {
    self.decay = decay
    self.patience = patience
    self.threshold = threshold
    self.cooldown = cooldown
    self.minimum = minimum
    self.isMaximum = isMaximum
  }

  /// Takes a figure and lowers the factor where it is due.
  public mutating func report(_ figure: Double) {
    if isBetter(figure) {
      best = figure
      waited = 0
    } else {
      waited += 1
    }
    if cooling > 0 {
      cooling -= 1
      waited = 0
    }
    if waited > patience {
      factor = max(factor * decay, minimum)
      cooling = cooldown
      waited = 0
    }
  }

  /// What a rule cannot be after any reports; nil where nothing is wrong.
  package var problem: String? {
    let isRight =
      factor.isFinite && factor > 0 && waited >= 0 && waited <= max(patience, 0) && cooling >= 0
      && cooling <= max(cooldown, 0)
    return isRight
      ? nil : "the learning rate is lowered to \(factor) after \(waited) reports, \(cooling) to cool"
  }

  private func isBetter(_ figure: Double) -> Bool {
    guard let best else { return !figure.isNaN }
    return isMaximum ? figure > best * (1 + threshold) : figure < best * (1 - threshold)
  }
}
