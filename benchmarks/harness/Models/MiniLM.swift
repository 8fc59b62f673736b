import Lathe
import LatheML

/// An encoder of all-MiniLM-L6-v2's sizes with random weights, a batch of texts for it, and its states in float64.
struct MiniLM {
  static let sizes = EncoderSizes.miniLM

  let encoder: TextEncoder
  let tokens: Tensor
  private let first: [Int]

  /// What a workload on so many texts is called, is told peers, and counts.
  static func description(_ batch: Int, _ length: Int) -> (
    shape: String, parameters: [String: Int], work: Work
  ) {
    let count = batch * length
    return (
      "\(batch)x\(length)", sizes.parameters(batch, length),
      .items(count, "tokens", operations: 2 * Double(sizes.products(length: length) * count))
    )
  }

  init(_ batch: Int, _ length: Int, on device: Device) throws {
    encoder = try TextEncoder(
      Self.sizes.configuration(), from: LayerSource(generator: Generator(seed: 0), device: device))
    encoder.eval()
    let drawn = SampleValues(1)
    let numbers = (0..<batch * length).map { drawn.integer($0, below: Self.sizes.vocabulary) }
    first = Array(numbers.prefix(min(length, 32)))
    tokens = try Tensor(numbers.map { Int32($0) }, shape: [batch, length], device: device).computed()
  }

  /// The states of all tokens.
  func run() -> Tensor { noGradient { encoder.states(of: tokens).last } }

  /// The error of the states of the first tokens, alone.
  func error() throws -> Double {
    let row = tokens.sliced(axis: 0, from: 0, to: 1).sliced(axis: 1, from: 0, to: first.count)
    let found = try noGradient { encoder.states(of: row).last }.hostValues()
    let named = encoder.namedParameters
    let parameters = ParameterQueue(
      try named.map { try Array64($0.parameter.value) }, names: named.map(\.name))
    var error = RelativeError()
    for (value, reference) in zip(found, Self.sizes.states(first, parameters, path: "").values) {
      error.add(value, reference)
    }
    return error.value
  }
}
