import Lathe
import LatheML

/// An encoder of all-MiniLM-L6-v2's sizes with random weights, a batch of texts for it, and its states in float64.
struct MiniLM {
  static let (layers, width, heads, inner, vocabulary, positions) = (6, 384, 12, 1536, 30_522, 512)

  let encoder: TextEncoder
  let tokens: Tensor
  private let first: [Int]

  /// What a workload on so many texts is called, is told peers, and counts.
  static func description(_ batch: Int, _ length: Int) -> (
    shape: String, parameters: [String: Int], work: Work
  ) {
    let products = layers * (4 * width * width + 2 * width * inner + 2 * length * width)
    return (
      "\(batch)x\(length)",
      [
        "batch": batch, "length": length, "width": width, "heads": heads, "layers": layers, "inner": inner,
        "vocabulary": vocabulary, "positions": positions,
      ],
      .items(batch * length, "tokens", operations: 2 * Double(products * batch * length))
    )
  }

  init(_ batch: Int, _ length: Int, on device: Device) throws {
    let configuration = try ConfigurationValues(
      json: """
        {"model_type": "bert", "vocab_size": \(Self.vocabulary), "hidden_size": \(Self.width),
         "num_hidden_layers": \(Self.layers), "num_attention_heads": \(Self.heads), "intermediate_size": \(Self.inner),
         "max_position_embeddings": \(Self.positions), "type_vocab_size": 2, "layer_norm_eps": 1e-5}
        """)
    encoder = try TextEncoder(configuration, from: LayerSource(generator: Generator(seed: 0), device: device))
    encoder.eval()
    let drawn = SampleValues(1)
    let numbers = (0..<batch * length).map { drawn.integer($0, below: Self.vocabulary) }
    first = Array(numbers.prefix(min(length, 32)))
    tokens = try Tensor(numbers.map { Int32($0) }, shape: [batch, length], device: device).computed()
  }

  /// The states of all tokens.
  func run() -> Tensor { noGradient { encoder.states(of: tokens).last } }

  /// The error of the states of the first tokens, alone.
  func error() throws -> Double {
    let row = tokens.sliced(axis: 0, from: 0, to: 1).sliced(axis: 1, from: 0, to: first.count)
    let found = try noGradient { encoder.states(of: row).last }.hostValues()
    var parameters = ParameterQueue(try encoder.parameters.map { try Array64($0.value) })
    var error = RelativeError()
    for (value, reference) in zip(found, Self.states(first, &parameters).values) {
      error.add(value, reference)
    }
    return error.value
  }

  private static func states(_ tokens: [Int], _ parameters: inout ParameterQueue) -> Array64 {
    func pair() -> (weight: Array64, bias: Array64) { (parameters.take(), parameters.take()) }
    let (table, places, types, norm) = (parameters.take(), parameters.take(), parameters.take(), pair())
    let values = tokens.enumerated().flatMap { place, token in
      (0..<width).map {
        table.values[token * width + $0] + places.values[place * width + $0] + types.values[$0]
      }
    }
    var x = Array64([1, tokens.count, width], values).layerNorm(norm.weight, norm.bias)
    for _ in 0..<layers {
      let projections = (0..<3).map { _ in pair() }
      let (output, attentionNorm, inner, outer, outputNorm) = (pair(), pair(), pair(), pair(), pair())
      let attended = x.attention(heads: heads, projections).linear(output.weight, output.bias)
      x = (x + attended).layerNorm(attentionNorm.weight, attentionNorm.bias)
      let hidden = x.linear(inner.weight, inner.bias).gelu().linear(outer.weight, outer.bias)
      x = (x + hidden).layerNorm(outputNorm.weight, outputNorm.bias)
    }
    return x
  }
}
