import LatheML

// A model of three named inputs: the words of a review, who wrote each word (a question or an answer), and numbers about
// its author. A batch brings them by name, a Trainer hands them over.

/// What a batch is made of.
struct Review: Collatable {
  var words: [Int32]
  var speakers: [Int32]
  var numbers: [Float]
  var isGood: Bool

  static func collate(_ examples: [Review], on device: Device) -> Batch {
    let longest = examples.map(\.words.count).max() ?? 0
    func filled(_ tokens: (Review) -> [Int32]) -> Tensor {
      let rows = examples.flatMap { tokens($0) + Array(repeating: 0, count: longest - tokens($0).count) }
      return Tensor(rows, shape: [examples.count, longest], device: device)
    }
    return Batch(
      inputs: filled(\.words), labels: Tensor(examples.map { $0.isGood ? 1 : 0 } as [Int32], device: device),
      count: examples.count, lengths: examples.map(\.words.count),
      named: [
        "speakers": filled(\.speakers),
        "numbers": Tensor(examples.flatMap(\.numbers), shape: [examples.count, 2], device: device),
      ])
  }
}

/// Reviews that are good where what the answers say, or else the author's first number, is.
struct Reviews: Dataset {
  let count: Int
  let seed: Int

  func example(at index: Int, random: inout SampleRandom) -> Review {
    var state = UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(seed)
    func draw(_ below: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % below
    }
    let length = 3 + draw(5)
    let words = (0..<length).map { _ in Int32(1 + draw(8)) }
    let speakers = (0..<length).map { _ in Int32(draw(2)) }
    let numbers = [Float(draw(9)) / 4 - 1, Float(draw(9)) / 4 - 1]
    // Words above 4 praise; what questions say does not count.
    let said = zip(words, speakers).reduce(0) { $0 + ($1.1 == 1 ? ($1.0 > 4 ? 1 : -1) : 0) }
    return Review(words: words, speakers: speakers, numbers: numbers, isGood: Float(said) + numbers[0] > 0)
  }
}

final class ReviewModel: NamedModule {
  private var words: any Module
  private var speakers: any Module
  private var numbers: any Module
  private var encoder: any Module
  private var head: any Module

  init(_ generator: Generator, _ device: Device) {
    words = Embedding(9, 16, generator: generator, device: device)
    speakers = Embedding(2, 16, generator: generator, device: device)
    numbers = Linear(2, 16, generator: generator, device: device)
    encoder = GatedFeedForward(16, 32, generator: generator, device: device)
    head = Linear(16, 2, generator: generator, device: device)
  }

  func forward(_ inputs: NamedTensors) -> NamedTensors {
    let x = encoder(words(inputs[NamedTensors.inputs]) + speakers(inputs["speakers"]))
    let counts = inputs[NamedTensors.padding].cast(to: .float32).unsqueezed(-1)
    let code = (x * counts).sum(axis: 1) + numbers(inputs["numbers"])
    return [NamedTensors.output: head(code), "code": code]
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("words", words) { self.words = $0 }
    visitor.module("speakers", speakers) { self.speakers = $0 }
    visitor.module("numbers", numbers) { self.numbers = $0 }
    visitor.module("encoder", encoder) { self.encoder = $0 }
    visitor.module("head", head) { self.head = $0 }
  }
}

@main
enum Example {
  static func main() throws {
    let model = ReviewModel(Generator(seed: 1), .cpu)
    let training = TrainingSet(Reviews(count: 512, seed: 0), noun: "reviews", checksum: 1)
    let test = TrainingSet(Reviews(count: 256, seed: 77), noun: "reviews", checksum: 2)
    let optimizer = Adam(model.parameters, learningRate: 0.01)
    for epoch in 0..<20 {
      let batches = training.batches(size: 32, seed: 1, epoch: epoch, first: 0, on: .cpu)
      while let batch = try batches.next() {
        let result = ClassificationObjective()(model, batch)
        optimizer.step(result.loss.gradients(of: model.parameters))
      }
    }
    let found = try ClassificationObjective().means(of: model, on: test, device: .cpu)
    let codes = try test.batches(size: 4, seed: nil, epoch: 0, first: 0, on: .cpu).next().map {
      model.outputs(of: $0)["code"].shape
    }
    print("test accuracy \(found.accuracy ?? 0), codes \(codes ?? [])")
    guard let accuracy = found.accuracy, accuracy > 0.9, codes == [4, 16] else {
      fatalError("the model did not learn from its three inputs")
    }
  }
}
