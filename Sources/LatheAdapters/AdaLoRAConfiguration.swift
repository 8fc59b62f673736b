import Lathe

/// Adaptive low-rank updates (Zhang et al., 2023, "AdaLoRA"): W x + s B (E * A) x with a vector E of singular values, of which the
/// least important become zero until a budget of ranks is met.
public struct AdaLoRAConfiguration: Sendable, Hashable {
  /// Where it is put.
  public var placement: AdapterPlacement
  /// The mean rank of a layer in the end.
  public var targetRank: Int
  /// The rank of each layer at first.
  public var initialRank: Int
  /// Updates are multiplied by alpha / the first rank.
  public var alpha: Double
  /// How likely an element of a layer's input is left out of its update in training.
  public var dropout: Float
  /// Steps before ranks are taken away.
  public var warmupSteps: Int
  /// Steps at the end with the ranks that are left.
  public var finalSteps: Int
  /// Steps between two rounds of taking ranks away.
  public var interval: Int
  /// Steps in all.
  public var totalSteps: Int
  /// How slowly the mean of importance changes.
  public var sensitivityDecay: Float
  /// How slowly the mean of its uncertainty changes.
  public var uncertaintyDecay: Float
  /// The weight of the term that keeps the rows of A and the columns of B orthogonal.
  public var orthogonality: Float

  /// Settings with PEFT's defaults.
  ///
  /// - Parameters:
  ///   - placement: Where it is put.
  ///   - totalSteps: Steps of the whole training.
  ///   - targetRank: The mean rank of a layer in the end.
  ///   - initialRank: The rank of each layer at first.
  ///   - alpha: Updates are multiplied by alpha / the first rank.
  ///   - dropout: How likely an element of the input is left out in training.
  ///   - warmupSteps: Steps before ranks are taken away.
  ///   - finalSteps: Steps at the end with the ranks that are left.
  ///   - interval: Steps between two rounds of taking ranks away.
  ///   - sensitivityDecay: How slowly the mean of importance changes.
  ///   - uncertaintyDecay: How slowly the mean of its uncertainty changes.
  ///   - orthogonality: The weight of the orthogonality term.
  public init(
    _ placement: AdapterPlacement, totalSteps: Int, targetRank: Int = 8, initialRank: Int = 12,
    alpha: Double = 8,
    dropout: Float = 0, warmupSteps: Int = 0, finalSteps: Int = 0, interval: Int = 1,
    sensitivityDecay: Float = 0.85, uncertaintyDecay: Float = 0.85, orthogonality: Float = 0.5
  ) {
    self.placement = placement
    self.totalSteps = totalSteps
    self.targetRank = targetRank
    self.initialRank = initialRank
    self.alpha = alpha
    self.dropout = dropout
    self.warmupSteps = warmupSteps
    self.finalSteps = finalSteps
    self.interval = interval
    self.sensitivityDecay = sensitivityDecay
    self.uncertaintyDecay = uncertaintyDecay
    self.orthogonality = orthogonality
  }

  func check() throws {
    try AdapterLimits.check(rank: initialRank)
    try AdapterLimits.check(dropout: dropout)
    guard (0...initialRank).contains(targetRank) else {
      throw LatheError(
        .invalidArgument,
        "AdaLoRA: a rank of \(targetRank) in the end and \(initialRank) at first; ranks can only fall")
    }
    guard warmupSteps >= 0, finalSteps >= 0, interval >= 1, totalSteps > warmupSteps,
      totalSteps - warmupSteps > finalSteps
    else {
      throw LatheError(
        .invalidArgument,
        "AdaLoRA: \(totalSteps) steps, of which \(warmupSteps) before and \(finalSteps) behind the fall of ranks, each "
          + "\(interval); leave some for the fall")
    }
    let decays = [sensitivityDecay, uncertaintyDecay]
    guard decays.allSatisfy({ $0 > 0 && $0 < 1 }), orthogonality >= 0, orthogonality.isFinite, alpha.isFinite
    else {
      throw LatheError(
        .invalidArgument,
        "AdaLoRA: decays \(decays), orthogonality \(orthogonality), alpha \(alpha): decays are within 0 and 1, the others not negative"
      )
    }
  }

  /// Alpha, or the first rank where it is not positive, as in PEFT.
  var scaling: Float { Float(alpha > 0 ? alpha : Double(initialRank)) / (Float(initialRank) + 1e-5) }

  /// How many ranks are left in all at a step, and whether it is one at which they are taken away.
  ///
  /// - Parameters:
  ///   - step: Steps done, from 0.
  ///   - first: Ranks at first, of all layers.
  ///   - target: Ranks in the end.
  func budget(step: Int, first: Int, target: Int) -> (ranks: Int, cuts: Bool) {
    if step <= warmupSteps { return (first, false) }
    if step > totalSteps - finalSteps { return (target, true) }
    let rest = 1 - Double(step - warmupSteps) / Double(totalSteps - finalSteps - warmupSteps)
    return (Int(Double(first - target) * rest * rest * rest + Double(target)), step % interval == 0)
  }
}
