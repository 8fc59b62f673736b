import Lathe
import LatheNN

extension TrainSuite {
  /// A small GPT on characters: 4 layers, 256 wide.
  static func gpt(_ batchSize: Int, length: Int = 256, vocabulary: Int = 65) -> Workload {
    let (layers, width, heads) = (4, 256, 4)
    let products = layers * (12 * width * width + length * width) + vocabulary * width
    return Workload(
      .train, "gpt", "\(layers)x\(width), \(batchSize)x\(length) tokens",
      parameters: [
        "batch": batchSize, "length": length, "width": width, "heads": heads, "layers": layers,
        "vocabulary": vocabulary,
      ],
      work: .items(batchSize * length, "tokens", operations: 6 * Double(products * batchSize * length)),
      hasPeers: true
    ) { device in
      let model = GPT(
        vocabulary: vocabulary, length: length, width: width, heads: heads, layers: layers,
        generator: Generator(seed: 0), device: device)
      func batch(_ rows: Int, _ length: Int) throws -> (
        rows: [[Int]], tokens: Tensor, labels: [Int], target: Tensor
      ) {
        let values = SampleValues(1)
        let numbers = (0..<rows).map { row in
          (0...length).map { values.integer(row * (length + 1) + $0, below: vocabulary) }
        }
        let tokens = numbers.map { Array($0.dropLast()) }
        let labels = numbers.flatMap { $0.dropFirst() }
        let shape: Shape = [rows, length]
        func tensor(_ values: [Int]) throws -> Tensor {
          try Tensor(values.map { Int32($0) }, shape: shape, device: device).evaluated()
        }
        return (tokens, try tensor(tokens.flatMap { $0 }), labels, try tensor(labels))
      }
      let full = try batch(batchSize, length)
      let optimizer = Adam(model.parameters, learningRate: 1e-3, decoupledDecay: 0.1)
      return step(model, optimizer, on: device) {
        crossEntropy(model(full.tokens), full.target)
      } check: {
        let small = try batch(1, 24)
        let (rows, labels) = (small.rows, small.labels)
        return try NetworkReference.error(
          model: model, loss: { crossEntropy(model(small.tokens), small.target) }
        ) { gptLoss(rows, labels, width: width, heads: heads, layers: layers, $0) }
      }
    }
  }

  /// The loss of a GPT in float64: normalisation in front of each part, and the embedding as the head.
  private static func gptLoss(
    _ tokens: [[Int]], _ labels: [Int], width: Int, heads: Int, layers: Int, _ parameters: ParameterQueue
  ) -> Double {
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
    let none = Array64([table.shape[0]], Array(repeating: 0, count: table.shape[0]))
    return x.layerNorm(last.weight, last.bias).linear(table, none).reshaped([labels.count, table.shape[0]])
      .crossEntropy(labels)
  }
}
