import Lathe

/// What the `config.json` of a T5 says.
package struct T5Configuration {
  let values: ConfigurationValues
  /// What the classes of `transformers` begin with.
  let className: String
  let vocabularySize: Int
  let width: Int
  let headWidth: Int
  let heads: Int
  let innerWidth: Int
  let encoderLayers: Int
  let decoderLayers: Int
  /// How many kinds of distances there are.
  let buckets: Int
  /// Distances from here on are of one kind.
  let longestDistance: Int
  let dropout: Float
  let epsilon: Double
  let activation: HiddenActivation
  /// Whether the part for each token has a gate.
  let isGated: Bool
  /// Whether scores are made with the table of tokens.
  let isTied: Bool
  /// What the decoder's states are multiplied by before scores are made.
  let outputScale: Float?
  /// The first token of what is written.
  let startToken: Int

  private static let classes = ["t5": "T5", "mt5": "MT5"]

  /// Reads a configuration.
  ///
  /// - Throws: `LatheError` naming the key that is missing, wrong or not supported.
  package init(_ values: ConfigurationValues) throws {
    let type = try values.text("model_type") ?? ""
    guard let name = Self.classes[type] else {
      throw values.failure("model_type", "'\(type)' is no T5; there are t5 and mt5")
    }
    self.values = values
    className = name
    vocabularySize = try values.integer("vocab_size")
    width = try values.integer("d_model")
    headWidth = try values.integer("d_kv")
    heads = try values.integer("num_heads")
    innerWidth = try values.integer("d_ff")
    encoderLayers = try values.integer("num_layers", in: 1...4096)
    decoderLayers = try values.integer("num_decoder_layers", "num_layers", in: 1...4096)
    buckets = try values.optionalInteger("relative_attention_num_buckets") ?? 32
    longestDistance = try values.optionalInteger("relative_attention_max_distance") ?? 128
    dropout = Float(try values.optionalNumber("dropout_rate") ?? 0.1)
    epsilon = try values.optionalNumber("layer_norm_epsilon") ?? 1e-6
    (activation, isGated) = try Self.feedForward(values)
    isTied = try values.flag("tie_word_embeddings") ?? (type == "t5")
    // Files before the key existed say it by the table: what is made with it is scaled.
    let scales = try values.flag("scale_decoder_outputs") ?? isTied
    outputScale = scales ? 1 / Float(width).squareRoot() : nil
    startToken =
      try values.optionalInteger("decoder_start_token_id") ?? values.optionalInteger("pad_token_id") ?? 0
    guard (0...1).contains(dropout) else {
      throw values.failure("dropout_rate", "\(dropout) is not within 0 and 1")
    }
    guard buckets >= 4, buckets % 2 == 0, buckets <= 1 << 16 else {
      throw values.failure(
        "relative_attention_num_buckets", "\(buckets) is no even number from 4 to \(1 << 16)")
    }
    // Half of the kinds are for single distances, in the decoder of twice as many.
    guard longestDistance > buckets / 2, longestDistance <= 1 << 30 else {
      throw values.failure(
        "relative_attention_max_distance",
        "\(longestDistance), which has to be more than half of the \(buckets) kinds")
    }
    guard (0..<vocabularySize).contains(startToken) else {
      throw values.failure(
        "decoder_start_token_id", "\(startToken) is not among the \(vocabularySize) tokens")
    }
  }

  /// `relu`, or `gated-gelu`, which means the approximation by tanh.
  private static func feedForward(_ values: ConfigurationValues) throws -> (HiddenActivation, Bool) {
    let text = try values.text("feed_forward_proj") ?? "relu"
    if text == "gated-gelu" { return (.geluNew, true) }
    let isGated = text.hasPrefix("gated-")
    let name = isGated ? String(text.dropFirst("gated-".count)) : text
    return (try .named(name, values, "feed_forward_proj"), isGated)
  }
}
