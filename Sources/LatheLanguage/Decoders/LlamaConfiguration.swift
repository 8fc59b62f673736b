import Lathe
import LatheNN

/// The sizes and settings of a network of Llama's kind: Llama, Mistral, Qwen2 and those with their architecture.
public struct LlamaConfiguration: Sendable {
  /// Tokens.
  public let vocabulary: Int
  /// Elements of a token.
  public let width: Int
  /// Elements between the layers of the feed-forward part.
  public let hidden: Int
  /// Decoder layers.
  public let layers: Int
  /// Heads of queries, heads of keys and values, and elements of each.
  public let heads: Int, keyHeads: Int, headWidth: Int
  /// Added to mean squares.
  public let epsilon: Double
  /// The longest sequence.
  public let contextLength: Int
  /// Sets the slowest turn of positions.
  public let ropeBase: Double
  /// How positions are stretched.
  public let ropeScaling: RotaryScaling
  /// How many places a query sees, by layer; nil where all.
  public let windows: [Int?]
  /// Whether the table of tokens is the last layer, too.
  public let tiesEmbeddings: Bool
  /// Whether the projections of queries, keys and values have a bias, and whether that of the output has.
  public let hasAttentionBias: Bool, hasOutputBias: Bool
  /// Whether the layers of the feed-forward part have a bias.
  public let hasFeedForwardBias: Bool

  /// Reads a `config.json`.
  ///
  /// - Throws: `LatheError` naming the key that is missing, wrong or not supported.
  public init(_ values: ConfigurationValues) throws {
    let type = try values.text("model_type") ?? "llama"
    let largest = 1 << 24
    vocabulary = try values.integer("vocab_size", in: 1...largest)
    width = try values.integer("hidden_size", in: 1...largest)
    hidden = try values.integer("intermediate_size", in: 1...largest)
    layers = try values.integer("num_hidden_layers", in: 1...10_000)
    heads = try values.integer("num_attention_heads", in: 1...100_000)
    keyHeads = try values.optionalInteger("num_key_value_heads") ?? heads
    headWidth = try values.optionalInteger("head_dim") ?? width / heads
    guard keyHeads > 0, heads % keyHeads == 0 else {
      throw values.failure("num_key_value_heads", "\(keyHeads) does not divide \(heads) heads")
    }
    guard headWidth > 0, headWidth % 2 == 0, headWidth <= largest else {
      throw values.failure("head_dim", "\(headWidth) elements of a head, which have to be even")
    }
    epsilon = try values.optionalNumber("rms_norm_eps") ?? 1e-6
    guard epsilon >= 0 else { throw values.failure("rms_norm_eps", "\(epsilon) is negative") }
    contextLength = try values.integer("max_position_embeddings")
    let activation = try values.text("hidden_act") ?? "silu"
    guard activation == "silu" || activation == "swish" else {
      throw values.failure("hidden_act", "'\(activation)' is not supported, expected 'silu'")
    }
    (ropeBase, ropeScaling) = try Self.rotation(values, contextLength, pairs: headWidth / 2)
    tiesEmbeddings = try values.flag("tie_word_embeddings") ?? false
    hasAttentionBias = try type == "qwen2" || values.flag("attention_bias") ?? false
    hasOutputBias = try type != "qwen2" && values.flag("attention_bias") ?? false
    hasFeedForwardBias = try values.flag("mlp_bias") ?? false
    windows = try Self.windows(values, type, layers)
  }

  private static func windows(_ values: ConfigurationValues, _ type: String, _ layers: Int) throws -> [Int?] {
    let none = [Int?](repeating: nil, count: layers)
    guard let window = try values.optionalInteger("sliding_window"),
      try type != "qwen2" || values.flag("use_sliding_window") ?? false
    else { return none }
    guard window > 0 else { throw values.failure("sliding_window", "\(window) places") }
    // Qwen2's first layers see everything.
    let first = type == "qwen2" ? try values.optionalInteger("max_window_layers") ?? layers : 0
    if let types = try values.texts("layer_types") {
      guard types.count == layers else {
        throw values.failure("layer_types", "\(types.count) types for \(layers) layers")
      }
      return types.map { $0 == "sliding_attention" ? window : nil }
    }
    return (0..<layers).map { $0 >= first ? window : nil }
  }

  private static func rotation(
    _ values: ConfigurationValues, _ context: Int, pairs: Int
  ) throws -> (base: Double, scaling: RotaryScaling) {
    // Newer files have all of it in one object.
    let scaling = try values.object("rope_scaling") ?? values.object("rope_parameters")
    let base = try scaling?.optionalNumber("rope_theta") ?? values.optionalNumber("rope_theta") ?? 10_000
    guard base > 1 else { throw values.failure("rope_theta", "\(base) is not above 1") }
    guard let scaling else { return (base, .none) }
    func factor() throws -> Double {
      let factor = try scaling.optionalNumber("factor") ?? 1
      guard factor > 0 else { throw scaling.failure("factor", "\(factor) is not positive") }
      return factor
    }
    let kind = try scaling.text("rope_type") ?? scaling.text("type") ?? "default"
    let original = try scaling.optionalInteger("original_max_position_embeddings") ?? context
    switch kind {
    case "default": return (base, .none)
    case "linear": return (base, .linear(factor: try factor()))
    case "dynamic": return (base, .none)
    case "factors":
      let factors = try scaling.numbers("factors") ?? []
      guard factors.count == pairs, factors.allSatisfy({ $0 > 0 }) else {
        throw scaling.failure("factors", "\(factors.count) factors, expected \(pairs) positive ones")
      }
      return (base, .factors(factors))
    case "yarn":
      return (
        base,
        .yarn(
          factor: try factor(), length: original, fast: try scaling.optionalNumber("beta_fast") ?? 32,
          slow: try scaling.optionalNumber("beta_slow") ?? 1,
          attention: try scaling.optionalNumber("attention_factor"))
      )
    case "llama3":
      return (
        base,
        .llama3(
          factor: try factor(), low: try scaling.optionalNumber("low_freq_factor") ?? 1,
          high: try scaling.optionalNumber("high_freq_factor") ?? 4, length: original)
      )
    default: throw scaling.failure("rope_type", "'\(kind)' is not supported")
    }
  }
}
