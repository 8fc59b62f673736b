import DataTestSupport
import LatheML
import Testing

@Suite("Decoding with a cache")
struct DecodingTests {
  private static var forms: [(String, TransformerOptions)] {
    var window = TransformerOptions(
      width: 8, heads: 2, feedForward: 12, dropout: 0, isCausal: true, window: 3)
    window.rotary = RotaryPosition(interleaved: true)
    return [
      ("llama", .llama(width: 8, heads: 4, keyHeads: 2, feedForward: 12)),
      ("window", window),
      (
        "linear bias",
        TransformerOptions(
          width: 8, heads: 2, headWidth: 6, feedForward: 12, dropout: 0, isCausal: true, hasLinearBias: true)
      ),
    ]
  }

  private let input = Tensor.normal([2, 7, 8], generator: Generator(seed: 4), device: .cpu)

  private func pieces(_ sizes: [Int]) -> [Tensor] {
    var start = 0
    return sizes.map { size in
      defer { start += size }
      return input.sliced(axis: 1, from: start, to: start + size)
    }
  }

  private func difference(_ a: Tensor, _ b: Tensor) throws -> Float { try (a - b).abs().max().item() }

  @Test(
    "Pieces through a cache give what the whole gives",
    arguments: [[3, 1, 1, 2], [7], [1, 1, 1, 1, 1, 1, 1]])
  func pieces(sizes: [Int]) throws {
    for (name, options) in Self.forms {
      let model = TransformerEncoder(2, options, generator: Generator(seed: 1), device: .cpu)
      model.eval()
      let whole = model(input, mask: nil)
      let cache = TransformerCache(layers: 2, capacity: 9)
      let parts = noGradient { pieces(sizes).map { model($0, mask: nil, cache: cache) } }
      #expect(cache.count == 7)
      #expect(try difference(Tensor.concatenate(parts, axis: 1), whole) < 1e-5, "\(name)")
    }
  }

  @Test("Gradients flow through a cache")
  func gradients() throws {
    let model = TransformerEncoder(1, Self.forms[0].1, generator: Generator(seed: 1), device: .cpu)
    let whole = model(input, mask: nil).square().sum().gradients(of: model.parameters)
    let cache = TransformerCache(layers: 1, capacity: 7)
    let parts = pieces([4, 3]).map { model($0, mask: nil, cache: cache) }
    let found = Tensor.concatenate(parts, axis: 1).square().sum().gradients(of: model.parameters)
    for (a, b) in zip(found, whole) { #expect(try difference(a, b) < 1e-3) }
  }

  @Test("Elements can be taken back, and sequences reordered")
  func changes() throws {
    let model = TransformerEncoder(2, Self.forms[0].1, generator: Generator(seed: 1), device: .cpu)
    let whole = model(input, mask: nil)
    let cache = TransformerCache(layers: 2, capacity: 7)
    let last = try noGradient {
      let parts = pieces([4, 3])
      _ = model(parts[0], mask: nil, cache: cache)
      _ = model(parts[1] * 3, mask: nil, cache: cache)
      cache.truncate(to: 4)
      cache.select(Tensor([1, 0] as [Int32], device: .cpu))
      let swapped = parts[1].indexSelected(axis: 0, indices: Tensor([1, 0] as [Int32], device: .cpu))
      return try model(swapped, mask: nil, cache: cache).computed()
    }
    #expect(try difference(last[0], whole[1, 4..<7]) < 1e-5)
    #expect(try difference(last[1], whole[0, 4..<7]) < 1e-5)
  }

  @Test("Padding of prompts counts for what is decoded behind them")
  func padding() throws {
    let model = TransformerEncoder(
      1, TransformerOptions(width: 8, heads: 2, feedForward: 12, dropout: 0, isCausal: true),
      generator: Generator(seed: 1), device: .cpu)
    let counts = Tensor([1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1] as [Float], shape: [2, 7], device: .cpu)
      .cast(to: .bool)
    let whole = model(input, mask: nil, padding: counts)
    let cache = TransformerCache(layers: 1, capacity: 7)
    let parts = noGradient {
      zip(pieces([5, 2]), [5, 7]).map { x, end in
        model(x, mask: nil, padding: counts.sliced(axis: 1, from: 0, to: end), cache: cache)
      }
    }
    #expect(try difference(parts[1], whole.sliced(axis: 1, from: 5, to: 7)) < 1e-5)
  }

  @Test("A decoder makes keys and values of the encoder's output once")
  func memory() throws {
    let options = TransformerOptions(width: 8, heads: 2, feedForward: 12, dropout: 0, isCausal: true)
    let model = TransformerDecoder(2, options, generator: Generator(seed: 1), device: .cpu)
    let memory = Tensor.normal([2, 5, 8], generator: Generator(seed: 5), device: .cpu)
    let whole = model(input, memory: memory)
    let cache = TransformerCache(layers: 2, capacity: 7)
    var calls = 0
    let parts = model.withForwardHook("layers.*.crossAttention.key") { _ in
      calls += 1
      return nil
    } during: {
      noGradient { pieces([1, 4, 2]).map { model($0, memory: memory, cache: cache) } }
    }
    #expect(calls == 2)
    #expect(try difference(Tensor.concatenate(parts, axis: 1), whole) < 1e-5)
  }

  @Test("A full cache is an error where values are read")
  func full() throws {
    let model = TransformerEncoder(1, Self.forms[0].1, generator: Generator(seed: 1), device: .cpu)
    let cache = TransformerCache(layers: 1, capacity: 6)
    #expect {
      _ = try noGradient { try model(input, mask: nil, cache: cache).computed() }
    } throws: {
      says($0, "7 elements", "room for 6", "larger capacity")
    }
    #expect(cache.count == 0)
  }

  @Test("GPT continues from its cache")
  func gpt() throws {
    let model = GPT(
      vocabulary: 9, length: 8, width: 8, heads: 2, layers: 2, generator: Generator(seed: 1), device: .cpu)
    model.eval()
    let tokens = Tensor([1, 2, 3, 4, 5, 6] as [Int32], shape: [1, 6], device: .cpu)
    let whole = model(tokens)
    let cache = model.cache()
    let last = noGradient {
      (0..<6).map { model(tokens.sliced(axis: 1, from: $0, to: $0 + 1), cache: cache) }
    }
    #expect(try difference(Tensor.concatenate(last, axis: 1), whole) < 1e-5)
  }
}
