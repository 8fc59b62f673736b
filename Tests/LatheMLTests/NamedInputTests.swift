import DataTestSupport
import Foundation
import LatheML
import Testing

@Suite("Models of several named inputs and outputs")
struct NamedInputTests {
  /// Tokens and their types to logits and a number.
  private final class Tagger: NamedModule {
    let tokens = Embedding(7, 4, generator: Generator(seed: 1), device: .cpu)
    let types = Embedding(2, 4, generator: Generator(seed: 2), device: .cpu)
    let head = Linear(4, 3, generator: Generator(seed: 3), device: .cpu)

    func forward(_ inputs: NamedTensors) -> NamedTensors {
      let x = tokens(inputs[NamedTensors.inputs]) + types(inputs["types"])
      let counts = inputs[NamedTensors.padding].cast(to: .float32).unsqueezed(-1)
      return [NamedTensors.output: head(x), "mean": (x * counts).sum(axis: 1)]
    }

    func visit(_ visitor: inout ModuleVisitor) {
      visitor.module("tokens", tokens)
      visitor.module("types", types)
      visitor.module("head", head)
    }
  }

  private func batch(_ labels: [Int32] = [0, 1, 2, 1, 0, 2], mask: [Float]? = nil) -> Batch {
    var named: NamedTensors = ["types": Tensor([0, 0, 1, 0, 1, 1] as [Int32], shape: [2, 3], device: .cpu)]
    if let mask { named[NamedTensors.lossMask] = Tensor(mask, shape: [2, 3], device: .cpu) }
    return Batch(
      inputs: Tensor([1, 2, 3, 4, 5, 6] as [Int32], shape: [2, 3], device: .cpu),
      labels: Tensor(labels, shape: [2, 3], device: .cpu), count: 6, lengths: [3, 1], named: named)
  }

  @Test("A batch hands over all that it names, and every output comes back")
  func outputs() throws {
    let model = Tagger()
    let outputs = model.outputs(of: batch())
    #expect(outputs.names == ["mean", "output"])
    #expect(outputs[NamedTensors.output].shape == [2, 3, 3] && outputs["mean"].shape == [2, 4])
    #expect(try model(batch()).scalars(as: Float.self) == outputs[NamedTensors.output].scalars())
    // The second sequence counts its first token alone.
    let (tokens, types) = (model.tokens.weight.value.detached(), model.types.weight.value.detached())
    #expect(try outputs["mean"][1].scalars(as: Float.self) == (tokens[4] + types[0]).scalars())
    // A plain module takes the inputs alone.
    #expect(Embedding(7, 2, device: .cpu).outputs(of: batch())[NamedTensors.output].shape == [2, 3, 2])
  }

  @Test("Ignored labels and masked ones count neither in the loss nor as answers")
  func ignored() throws {
    let model = Tagger()
    let logits = try model(batch()).reshaped(to: [6, 3]).nested(of: 3)
    func loss(_ rows: [(row: Int, label: Int, weight: Double)]) -> Double {
      let sum = rows.reduce(0.0) { sum, entry in
        let row = logits[entry.row].map(Double.init)
        return sum + entry.weight * (log(row.map(exp).reduce(0, +)) - row[entry.label])
      }
      return sum / rows.reduce(0) { $0 + $1.weight }
    }
    func right(_ rows: [(row: Int, label: Int)]) -> Int {
      rows.filter { logits[$0.row].firstIndex(of: logits[$0.row].max() ?? 0) == $0.label }.count
    }
    let ignoring = ClassificationObjective(ignoredIndex: -100)(model, batch([0, -100, 2, 1, -100, 2]))
    #expect(
      abs(Double(try ignoring.loss.item()) - loss([(0, 0, 1), (2, 2, 1), (3, 1, 1), (5, 2, 1)])) < 1e-5)
    #expect(try ignoring.correct?.item(as: Int.self) == right([(0, 0), (2, 2), (3, 1), (5, 2)]))
    let masked = ClassificationObjective(ignoredIndex: -100)(
      model, batch([0, -100, 2, 1, 0, 2], mask: [1, 1, 0, 0.5, 2, 0]))
    #expect(abs(Double(try masked.loss.item()) - loss([(0, 0, 1), (3, 1, 0.5), (4, 0, 2)])) < 1e-5)
    #expect(try masked.correct?.item(as: Int.self) == right([(0, 0), (3, 1), (4, 0)]))
  }

  @Test("A trainer and a test take them")
  func trainer() throws {
    struct Sentences: Dataset {
      let count = 12
      func example(at index: Int, random: inout SampleRandom) -> Sentence { Sentence(first: index) }
    }
    struct Sentence: Collatable {
      let first: Int
      static func collate(_ examples: [Sentence], on device: Device) -> Batch {
        let tokens = examples.flatMap { [Int32($0.first % 7), Int32(($0.first + 1) % 7)] }
        let shape: Shape = [examples.count, 2]
        return Batch(
          inputs: Tensor(tokens, shape: shape, device: device),
          labels: Tensor(tokens.map { $0 % 3 }, shape: shape, device: device), count: 2 * examples.count,
          lengths: examples.map { _ in 2 },
          named: ["types": Tensor(tokens.map { $0 % 2 }, shape: shape, device: device)])
      }
    }
    let model = Tagger()
    let data = TrainingSet(Sentences(), noun: "sentences", checksum: 1)
    let configuration = TrainerConfiguration(
      architecture: "tagger", data: "sentences", epochs: 10, batchSize: 4, seed: 1)
    let before = try ClassificationObjective().means(of: model, on: data, device: .cpu)
    let trainer = try Trainer(
      model: model, optimizer: Adam(model.parameters, learningRate: 0.1), generator: Generator(seed: 1),
      training: data, test: data, configuration: configuration, device: .cpu)
    #expect(try trainer.run() == .finished)
    let after = try ClassificationObjective().means(of: model, on: data, device: .cpu)
    #expect(after.loss < before.loss && after.accuracy == 1)
  }
}

extension Tensor {
  fileprivate func nested(of width: Int) throws -> [[Float]] {
    let all = try scalars(as: Float.self)
    return stride(from: 0, to: all.count, by: width).map { Array(all[$0..<$0 + width]) }
  }
}
