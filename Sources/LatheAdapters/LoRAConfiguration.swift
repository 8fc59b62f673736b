import Lathe

/// Low-rank adaptation (Hu et al., 2022, "LoRA"): W x + s B A x, of which only A [rank, in] and B [out, rank] are trained.
public struct LoRAConfiguration: Sendable, Hashable {
  /// Where it is put.
  public var placement: AdapterPlacement
  /// The rank of updates.
  public var rank: Int
  /// Updates are multiplied by alpha / rank.
  public var alpha: Double
  /// How likely an element of a layer's input is left out of its update in training.
  public var dropout: Float
  /// Updates are multiplied by alpha / sqrt(rank) (Kalajdzievski, 2023, "rsLoRA").
  public var isRankStabilized: Bool
  /// Lengths of the weight's rows are trained apart from their directions (Liu et al., 2024, "DoRA").
  public var isWeightDecomposed: Bool
  /// How A begins; B is zero at first.
  public var start: Start
  /// Other ranks for layers whose path ends with the key.
  public var ranks: [String: Int]
  /// Other alphas for layers whose path ends with the key.
  public var alphas: [String: Double]

  /// How A begins.
  public enum Start: String, Sendable, Hashable {
    /// As the weights of a linear layer.
    case linear
    /// Normal with a deviation of 1 / rank.
    case gaussian
  }

  /// Settings with PEFT's defaults.
  ///
  /// - Parameters:
  ///   - placement: Where it is put.
  ///   - rank: The rank of updates.
  ///   - alpha: Updates are multiplied by alpha / rank.
  ///   - dropout: How likely an element of the input is left out in training.
  ///   - isRankStabilized: Multiplies by alpha / sqrt(rank) instead.
  ///   - isWeightDecomposed: Trains lengths of rows apart from directions (DoRA).
  ///   - start: How A begins.
  ///   - ranks: Other ranks by the ends of paths.
  ///   - alphas: Other alphas by the ends of paths.
  public init(
    _ placement: AdapterPlacement, rank: Int = 8, alpha: Double = 8, dropout: Float = 0,
    isRankStabilized: Bool = false, isWeightDecomposed: Bool = false, start: Start = .linear,
    ranks: [String: Int] = [:], alphas: [String: Double] = [:]
  ) {
    self.placement = placement
    self.rank = rank
    self.alpha = alpha
    self.dropout = dropout
    self.isRankStabilized = isRankStabilized
    self.isWeightDecomposed = isWeightDecomposed
    self.start = start
    self.ranks = ranks
    self.alphas = alphas
  }

  func check() throws {
    for rank in [rank] + ranks.values { try AdapterLimits.check(rank: rank) }
    try AdapterLimits.check(dropout: dropout)
    guard ([alpha] + alphas.values).allSatisfy({ $0.isFinite && $0 > 0 }) else {
      throw LatheError(
        .invalidArgument,
        "LoRA: alpha \(alpha) \(alphas.isEmpty ? "" : "or one of \(alphas)"); give positive numbers")
    }
  }

  /// The rank at a layer.
  func rank(at path: String) -> Int { Self.special(ranks, path) ?? rank }

  /// What updates are multiplied by at a layer.
  func scaling(at path: String) -> Float {
    let (alpha, rank) = (Self.special(alphas, path) ?? alpha, Double(rank(at: path)))
    return Float(alpha / (isRankStabilized ? rank.squareRoot() : rank))
  }

  /// The value whose key, an expression, is a path or stands at its end, as PEFT looks for it.
  private static func special<Value>(_ values: [String: Value], _ path: String) -> Value? {
    values.keys.sorted().first { key in
      path == key || path.hasSuffix(".\(key)")
        || (try? AdapterPattern("(.*\\.)?(\(key))"))?.matches(path) ?? false
    }.flatMap { values[$0] }
  }
}

/// What settings of adapters have in common.
enum AdapterLimits {
  static func check(rank: Int) throws {
    guard (1...(1 << 16)).contains(rank) else {
      throw LatheError(.invalidArgument, "a rank of \(rank): give one from 1 to \(1 << 16)")
    }
  }

  static func check(dropout: Float) throws {
    guard (0..<1).contains(dropout) else {
      throw LatheError(.invalidArgument, "a dropout of \(dropout): give one from 0 to below 1")
    }
  }
}
