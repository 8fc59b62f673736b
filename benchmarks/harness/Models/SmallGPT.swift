import Lathe
import LatheML

/// A small GPT on characters with its batches and its loss in float64.
struct SmallGPT {
  static let (layers, width, heads, vocabulary, length) = (4, 256, 4, 65, 256)

  /// Rows of tokens, and the tokens that follow each.
  struct Tokens {
    let rows: [[Int]], next: [Int]
    let inputs: Tensor, labels: Tensor

    init(_ count: Int, length: Int = SmallGPT.length, on device: Device) throws {
      let drawn = SampleValues(1)
      let numbers = (0..<count).map { row in
        (0...length).map { drawn.integer(row * (length + 1) + $0, below: vocabulary) }
      }
      rows = numbers.map { Array($0.dropLast()) }
      next = numbers.flatMap { $0.dropFirst() }
      func tensor(_ values: [Int]) throws -> Tensor {
        try Tensor(values.map { Int32($0) }, shape: [count, length], device: device).computed()
      }
      (inputs, labels) = (try tensor(rows.flatMap { $0 }), try tensor(next))
    }
  }

  let model: GPT
  private let device: Device

  init(on device: Device) {
    self.device = device
    model = GPT(
      vocabulary: Self.vocabulary, length: Self.length, width: Self.width, heads: Self.heads,
      layers: Self.layers,
      generator: Generator(seed: 0), device: device)
  }

  /// What a workload on `batch` rows is called, is told peers, and counts.
  static func description(_ batch: Int) -> (shape: String, parameters: [String: Int], work: Work) {
    let tokens = batch * length
    let products = layers * (12 * width * width + length * width) + vocabulary * width
    return (
      "\(layers)x\(width), \(batch)x\(length) tokens",
      [
        "batch": batch, "length": length, "width": width, "heads": heads, "layers": layers,
        "vocabulary": vocabulary,
      ],
      .items(tokens, "tokens", operations: 6 * Double(products * tokens))
    )
  }

  func loss(_ tokens: Tokens, _ precision: Precision = .float32) -> Tensor {
    withPrecision(precision) { crossEntropy(model(tokens.inputs), tokens.labels) }
  }

  /// The largest error of loss and gradients on few tokens.
  func error(_ precision: Precision = .float32) throws -> Double {
    let small = try Tokens(1, length: 24, on: device)
    return try NetworkReference.error(model: model, loss: { loss(small, precision) }) {
      Self.reference(small.rows, small.next, $0)
    }
  }

  /// The loss in float64: normalisation in front of each part, and the embedding as the head.
  private static func reference(_ tokens: [[Int]], _ labels: [Int], _ parameters: ParameterQueue) -> Double {
    var parameters = parameters
    let (table, positions) = (parameters.take(), parameters.take())
    let values = tokens.flatMap { row in
      row.enumerated().flatMap { place, token in
        (0..<width).map { table.values[token * width + $0] + positions.values[place * width + $0] }
      }
    }
    func pair() -> (weight: Array64, bias: Array64) { (parameters.take(), parameters.take()) }
    var x = Array64([tokens.count, tokens[0].count, width], values)
    for _ in 0..<layers {
      let projections = (0..<3).map { _ in pair() }
      let (output, expand, contract, first, second) = (pair(), pair(), pair(), pair(), pair())
      x =
        x
        + x.layerNorm(first.weight, first.bias).attention(heads: heads, projections, isCausal: true)
        .linear(output.weight, output.bias)
      x =
        x
        + x.layerNorm(second.weight, second.bias).linear(expand.weight, expand.bias).geluTanh()
        .linear(contract.weight, contract.bias)
    }
    let last = pair()
    let none = Array64([vocabulary], Array(repeating: 0, count: vocabulary))
    return x.layerNorm(last.weight, last.bias).linear(table, none).reshaped([labels.count, vocabulary])
      .crossEntropy(labels)
  }
}
