import Foundation
import Lathe
import LatheNN
import LatheTuning
import Testing

/// The chain against PyTorch and against all sequences one by one.
@Suite("Linear chains")
struct LinearChainTests {
  /// The CPU, and the first OpenCL device where there is one.
  static let devices: [Device] = [.cpu] + ((try? Device.opencl(0)).map { [$0] } ?? [])

  private static func difference(_ found: [Double], _ expected: [Double]) -> Double {
    guard found.count == expected.count else { return .infinity }
    let largest = expected.map(abs).reduce(1, max)
    return zip(found, expected).map { abs($0 - $1) / largest }.reduce(0, max)
  }

  private func chain(_ values: TaggingFixture.Chain, _ dtype: DType, _ device: Device) -> LinearChainCRF {
    func parameter(_ numbers: [Double], _ shape: Shape) -> Parameter {
      Parameter(Tensor(numbers, shape: shape, dtype: dtype, device: device))
    }
    return LinearChainCRF(
      starts: parameter(values.starts, [values.count]), ends: parameter(values.ends, [values.count]),
      transitions: parameter(values.transitions, [values.count, values.count]))
  }

  @Test("Losses and gradients are PyTorch's", arguments: devices, [DType.float32, .float64])
  func fixture(_ device: Device, _ dtype: DType) throws {
    guard dtype == .float32 || device == .cpu else { return }
    for values in try TaggingFixture.load("chain", as: [TaggingFixture.Chain].self) {
      let chain = chain(values, dtype, device)
      let n = values.lengths.count
      let scores = Tensor(
        values.scores, shape: [n, values.words, values.count], dtype: dtype, device: device
      ).requiringGradient()
      let tags = Tensor(values.tags, shape: [n, values.words], device: device)
      let losses = chain.loss(scores, tags: tags, lengths: Tensor(values.lengths, device: device))
      let weights = Tensor((1...n).map { Float($0) }, device: device).cast(to: dtype)
      let gradients = try (losses * weights).sum().gradients(
        of: [scores, chain.starts.value, chain.ends.value, chain.transitions.value])
      let limit = dtype == .float64 ? 1e-12 : 2e-5
      #expect(Self.difference(try losses.scalars(as: Double.self), values.losses) < limit)
      let expected = [
        values.scoresGradient, values.startsGradient, values.endsGradient, values.transitionsGradient,
      ]
      for (found, expected) in zip(gradients, expected) {
        let error = Self.difference(try found.scalars(as: Double.self), expected)
        #expect(error < limit, "\(error)")
      }
      let decoder = TagDecoder(
        tags: (0..<values.count).map { "\($0)" }, scheme: nil, starts: values.starts, ends: values.ends,
        transitions: values.transitions)
      for (row, best) in values.best.enumerated() {
        let first = row * values.words * values.count
        #expect(
          decoder.best(values.scores[first..<first + best.count * values.count].map { Float($0) }) == best)
      }
    }
  }

  /// The scores of all sequences of some words.
  private func all(_ scores: [Double], _ values: TaggingFixture.Chain, words: Int) -> [(
    path: [Int], score: Double
  )] {
    var paths: [[Int]] = [[]]
    for _ in 0..<words { paths = paths.flatMap { path in (0..<values.count).map { path + [$0] } } }
    return paths.map { path in
      var score = values.starts[path[0]] + values.ends[path[words - 1]]
      for (word, tag) in path.enumerated() {
        score += scores[word * values.count + tag]
        if word > 0 { score += values.transitions[path[word - 1] * values.count + tag] }
      }
      return (path, score)
    }
  }

  @Test("Loss and gradient of a short sentence are those of all sequences one by one")
  func enumeration() throws {
    let values = try TaggingFixture.load("chain", as: [TaggingFixture.Chain].self)[0]
    let words = Int(values.lengths[0])
    func loss(_ scores: [Double]) -> Double {
      let sequences = all(scores, values, words: words)
      let right = values.tags.prefix(words).map { Int($0) }
      let total = log(sequences.reduce(0) { $0 + exp($1.score) })
      return total - (sequences.first { $0.path == right }?.score ?? .nan)
    }
    let own = Array(values.scores.prefix(words * values.count))
    let chain = chain(values, .float64, .cpu)
    let scores = Tensor(own, shape: [1, words, values.count], dtype: .float64, device: .cpu)
      .requiringGradient()
    let found = chain.loss(
      scores, tags: Tensor(Array(values.tags.prefix(words)), shape: [1, words], device: .cpu),
      lengths: Tensor([Int32(words)], device: .cpu))
    #expect(abs(try found.scalars(as: Double.self)[0] - loss(own)) < 1e-12)
    let gradient = try found.sum().gradient(of: scores).scalars(as: Double.self)
    for place in own.indices {
      var (more, less) = (own, own)
      more[place] += 1e-5
      less[place] -= 1e-5
      #expect(abs(gradient[place] - (loss(more) - loss(less)) / 2e-5) < 1e-8)
    }
  }

  @Test(
    "The best tags and the probabilities are those of all sequences that a scheme allows",
    arguments: [TagScheme.bio, .bioes])
  func decoding(_ scheme: TagScheme) throws {
    let tags = scheme.tags(of: ["A"])
    let count = tags.count
    let random = Generator(seed: 4)
    func numbers(_ count: Int) throws -> [Double] {
      let drawn = Tensor.normal([count], generator: random, device: .cpu)
      return try drawn.scalars(as: Float.self).map { Double($0) * 3 }
    }
    for _ in 0..<20 {
      let starts = try numbers(count), ends = try numbers(count), pairs = try numbers(count * count)
      let scores = try numbers(4 * count).map { Float($0) }
      let decoder = TagDecoder(tags: tags, scheme: scheme, starts: starts, ends: ends, transitions: pairs)
      var paths: [[Int]] = [[]]
      for _ in 0..<4 { paths = paths.flatMap { path in tags.indices.map { path + [$0] } } }
      let allowed = paths.filter { path in scheme.firstProblem(path.map { tags[$0] }) == nil }
      func score(_ path: [Int]) -> Double {
        path.enumerated().reduce(starts[path[0]] + ends[path[3]]) { sum, next in
          sum + Double(scores[next.offset * count + next.element])
            + (next.offset == 0 ? 0 : pairs[path[next.offset - 1] * count + next.element])
        }
      }
      let best = allowed.max { score($0) < score($1) }
      #expect(decoder.best(scores) == best)
      let total = allowed.reduce(0) { $0 + exp(score($1)) }
      let found = decoder.probabilities(scores)
      for word in 0..<4 {
        for tag in tags.indices {
          let share = allowed.filter { $0[word] == tag }.reduce(0) { $0 + exp(score($1)) } / total
          #expect(abs(found[word * count + tag] - share) < 1e-9)
        }
      }
    }
  }

  @Test(
    "A thousand random sentences never get a sequence that the scheme forbids",
    arguments: [TagScheme.bio, .bioes])
  func legal(_ scheme: TagScheme) throws {
    let tags = scheme.tags(of: ["A", "B"])
    let decoder = TagDecoder(tags: tags, scheme: scheme)
    let drawn = try Tensor.normal([1000 * 6 * tags.count], generator: Generator(seed: 8), device: .cpu)
      .scalars(as: Float.self)
    for sentence in 0..<1000 {
      let words = 1 + sentence % 6
      let first = sentence * 6 * tags.count
      let path = decoder.best(Array(drawn[first..<first + words * tags.count])).map { tags[$0] }
      #expect(scheme.firstProblem(path) == nil, "\(path)")
    }
  }
}
