import Lathe
import LatheML

/// The sizes of a BERT (Devlin et al., 2019), its configuration, and its computation in float64.
struct EncoderSizes: Sendable {
  var layers = 6, width = 384, heads = 12, inner = 1536, vocabulary = 30_522, positions = 512

  /// all-MiniLM-L6-v2's.
  static let miniLM = EncoderSizes()

  /// Multiply-adds of the layers for a token of a text of so many.
  func products(length: Int) -> Int {
    layers * (4 * width * width + 2 * width * inner + 2 * length * width)
  }

  /// What peers are told.
  func parameters(_ batch: Int, _ length: Int) -> [String: Int] {
    [
      "batch": batch, "length": length, "width": width, "heads": heads, "layers": layers, "inner": inner,
      "vocabulary": vocabulary, "positions": positions,
    ]
  }

  func configuration() throws -> ConfigurationValues {
    try ConfigurationValues(
      json: """
        {"model_type": "bert", "vocab_size": \(vocabulary), "hidden_size": \(width), "num_hidden_layers": \(layers),
         "num_attention_heads": \(heads), "intermediate_size": \(inner), "max_position_embeddings": \(positions),
         "type_vocab_size": 2, "layer_norm_eps": 1e-5, "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1}
        """)
  }

  /// The states of a text's tokens, [1, tokens, width], with an encoder's parameters by their names behind a path.
  func states(_ tokens: [Int], _ parameters: ParameterQueue, path: String) -> Array64 {
    func pair(_ name: String) -> (weight: Array64, bias: Array64) {
      linear(path + name, parameters)
    }
    let table = parameters.named(path + "embeddings.word_embeddings.weight").values
    let places = parameters.named(path + "embeddings.position_embeddings.weight").values
    let types = parameters.named(path + "embeddings.token_type_embeddings.weight").values
    let values = tokens.enumerated().flatMap { place, token in
      (0..<width).map { table[token * width + $0] + places[place * width + $0] + types[$0] }
    }
    let norm = pair("embeddings.LayerNorm")
    var x = Array64([1, tokens.count, width], values).layerNorm(norm.weight, norm.bias)
    for layer in 0..<layers {
      let layer = "encoder.layer.\(layer)."
      let attention = ["query", "key", "value"].map { pair("\(layer)attention.self.\($0)") }
      let (output, attentionNorm) = (
        pair("\(layer)attention.output.dense"), pair("\(layer)attention.output.LayerNorm")
      )
      let (inner, outer) = (pair("\(layer)intermediate.dense"), pair("\(layer)output.dense"))
      let outputNorm = pair("\(layer)output.LayerNorm")
      let attended = x.attention(heads: heads, attention).linear(output.weight, output.bias)
      x = (x + attended).layerNorm(attentionNorm.weight, attentionNorm.bias)
      let hidden = x.linear(inner.weight, inner.bias).gelu().linear(outer.weight, outer.bias)
      x = (x + hidden).layerNorm(outputNorm.weight, outputNorm.bias)
    }
    return x
  }

  /// A layer's weight and bias as an adapter has them.
  ///
  /// Those that are trained in its place, or with the low-rank update of Hu et al. (2022) where alpha / r is 2.
  func linear(_ path: String, _ parameters: ParameterQueue) -> (weight: Array64, bias: Array64) {
    guard parameters.has("\(path).base_layer.weight") else {
      return (parameters.named("\(path).weight"), parameters.named("\(path).bias"))
    }
    let saved = "\(path).modules_to_save.default"
    if parameters.has("\(saved).weight") {
      return (parameters.named("\(saved).weight"), parameters.named("\(saved).bias"))
    }
    var weight = parameters.named("\(path).base_layer.weight")
    let (a, b) = (
      parameters.named("\(path).lora_A.default.weight"), parameters.named("\(path).lora_B.default.weight")
    )
    let (rank, inputs) = (a.shape[0], a.shape[1])
    for row in 0..<weight.shape[0] {
      for column in 0..<inputs {
        weight.values[row * inputs + column] +=
          2 * (0..<rank).reduce(0) { $0 + b.values[row * rank + $1] * a.values[$1 * inputs + column] }
      }
    }
    return (weight, parameters.named("\(path).base_layer.bias"))
  }
}
