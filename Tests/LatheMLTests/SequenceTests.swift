import DataTestSupport
import LatheML
import Testing

@Suite("Sequences of several lengths")
struct SequenceTests {
  private let generator = Generator(seed: 4)

  private func modules() -> [(String, any Module)] {
    let device = Device.cpu
    return [
      (
        "lstm",
        Sequential {
          Embedding(9, 6, device: device); LSTM(6, 5, bidirectional: true, device: device)
        }
      ),
      (
        "gru",
        Sequential {
          Embedding(9, 6, device: device); GRU(6, 5, layers: 2, device: device)
        }
      ),
      (
        "attention",
        Sequential {
          Embedding(9, 6, device: device)
          Residual(MultiHeadAttention(6, heads: 2, device: device))
        }
      ),
      (
        "encoder",
        Sequential {
          Embedding(9, 6, device: device)
          TransformerEncoder(
            2, TransformerOptions(width: 6, heads: 2, feedForward: 8, dropout: 0), device: device)
        }
      ),
    ]
  }

  @Test("What counts does not depend on how far a sequence is filled up, nor by what")
  func padding() throws {
    let tokens: [[Int32]] = [[1, 2, 3, 4, 5], [6, 7], [8]]
    for (name, module) in modules() {
      let filled = tokens.flatMap { $0 + Array(repeating: Int32(3), count: 5 - $0.count) }
      let batch = Batch(
        inputs: Tensor(filled, shape: [3, 5], device: .cpu),
        labels: Tensor([0, 1, 0] as [Int32], device: .cpu),
        count: 3, lengths: tokens.map(\.count))
      let together = module(batch)
      for (row, alone) in tokens.enumerated() {
        let single = module(Tensor(alone, shape: [1, alone.count], device: .cpu))
        let expected = try single.scalars(as: Float.self)
        let given = try together[row, 0..<alone.count].scalars(as: Float.self)
        #expect(given.count == expected.count)
        for (a, b) in zip(given, expected) { #expect(abs(a - b) < 1e-5, "\(name), sequence \(row)") }
      }
      // Without lengths the padding would be seen.
      let unaware = module(batch.inputs)[1, 0].scalarsOrEmpty
      #expect(name == "gru" || unaware != together[1, 0].scalarsOrEmpty, "\(name)")
    }
  }

  @Test("An empty sequence gives numbers")
  func empty() throws {
    for (name, module) in modules() {
      let batch = LabelledSequence.collate(
        [LabelledSequence(tokens: [], label: 0), LabelledSequence(tokens: [1, 2], label: 1)], on: .cpu)
      #expect(try module(batch).scalars(as: Float.self).allSatisfy(\.isFinite), "\(name)")
    }
  }

  @Test("A trainer hands the lengths to the model")
  func trainer() throws {
    final class Watcher: SequenceModule {
      let inner = Sequential {
        Embedding(9, 4, device: .cpu)
        GRU(4, 4, device: .cpu)
      }
      let head = Linear(4, 2, device: .cpu)
      var lengths: [[Int]?] = []

      func forward(_ input: Tensor, lengths: [Int]?) -> Tensor {
        self.lengths.append(lengths)
        return head(inner(input, lengths: lengths).sum(axis: 1))
      }

      func visit(_ visitor: inout ModuleVisitor) {
        visitor.module("inner", inner)
        visitor.module("head", head)
      }
    }
    struct Words: Dataset {
      let count = 12
      func example(at index: Int, random: inout SampleRandom) -> LabelledSequence {
        LabelledSequence(
          tokens: Array(repeating: Int32(index % 8 + 1), count: index % 4 + 1), label: index % 2)
      }
    }
    let model = Watcher()
    let data = TrainingSet(Words(), noun: "words", checksum: 1)
    let configuration = TrainerConfiguration(
      architecture: "watcher", data: "words", epochs: 1, batchSize: 4, seed: 1)
    let trainer = try Trainer(
      model: model, optimizer: Adam(model.parameters, learningRate: 1e-3), generator: Generator(seed: 1),
      training: data, test: data, configuration: configuration, device: .cpu)
    _ = try trainer.run()
    #expect(model.lengths.count == 4)
    #expect(
      model.lengths.compactMap { $0 }.flatMap { $0 }.sorted()
        == ([1, 2, 3, 4] + [1, 2, 3, 4]).flatMap { [$0, $0, $0] }.sorted())
    #expect(model.lengths.last == [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4])
  }
}

extension Tensor {
  fileprivate var scalarsOrEmpty: [Float] { (try? scalars(as: Float.self)) ?? [] }
}
