import Foundation
import LatheML
import Testing

@Suite("Forms of transformers, against loops in double")
struct TransformerFormTests {
  private let generator = Generator(seed: 11)
  private var input: Tensor { .normal([1, 5, 6], generator: Generator(seed: 12), device: .cpu) }

  @Test("Gated feed-forward parts", arguments: [true, false])
  func gated(_ isSwish: Bool) throws {
    let part = GatedFeedForward(
      6, 8, bias: !isSwish, activation: { isSwish ? $0.silu() : $0.gelu() }, generator: generator,
      device: .cpu)
    #expect(part.namedParameters.map(\.name).contains("gate.bias") == !isSwish)
    try expectAgreement(part, input, { part($0) }) { parameters, x in
      let gate = TransformerReference.linear(x, "gate", parameters)
      let up = TransformerReference.linear(x, "up", parameters)
      let activation = isSwish ? TransformerReference.silu : TransformerReference.gelu
      let hidden = zip(gate, up).map { zip($0, $1).map { activation($0) * $1 } }
      return TransformerReference.linear(hidden, "down", parameters)
    }
  }

  private func agree(
    _ layer: MultiHeadAttention, bias: Tensor? = nil, _ reference: TransformerReference.Attention
  ) throws {
    try expectAgreement(layer, input, { layer($0, keys: nil, bias: bias) }) { parameters, x in
      reference(x, parameters)
    }
  }

  @Test("Heads of a width of their own, biases by choice")
  func heads() throws {
    let layer = MultiHeadAttention(
      6, heads: 2, keyHeads: 1, headWidth: 4, outputBias: false, generator: generator, device: .cpu)
    #expect(
      layer.parameters.map(\.shape) == [[8, 6], [8], [4, 6], [4], [4, 6], [4], [6, 8]] as [Shape])
    try agree(layer, .init(heads: 2, keyHeads: 1, width: 4))
    let plain = MultiHeadAttention(6, heads: 2, bias: false, generator: generator, device: .cpu)
    #expect(plain.parameters.count == 4)
    try agree(plain, .init())
  }

  @Test("A sliding window, with and without order", arguments: [true, false])
  func window(_ isCausal: Bool) throws {
    let layer = MultiHeadAttention(
      6, heads: 2, isCausal: isCausal, window: 2, generator: generator, device: .cpu)
    try agree(layer, .init(isCausal: isCausal, window: 2))
  }

  @Test("Linear biases of two and of three heads", arguments: [2, 3])
  func linearBiases(_ heads: Int) throws {
    let layer = MultiHeadAttention(
      6, heads: heads, headWidth: 3, isCausal: true, hasLinearBias: true, generator: generator, device: .cpu)
    let slopes: [Double] = [0.0625, 0.00390625, 0.25]
    try agree(
      layer, .init(heads: heads, keyHeads: heads, isCausal: true, slopes: Array(slopes.prefix(heads))))
  }

  @Test("A bias of the caller's own, with its gradient")
  func bias() throws {
    let layer = MultiHeadAttention(6, heads: 2, generator: generator, device: .cpu)
    let bias = Tensor.normal([2, 5, 5], generator: generator, device: .cpu)
    try agree(layer, bias: bias, .init(bias: try Numbers(bias)))
    let tracked = bias.requiringGradient()
    let gradient = layer(input, keys: nil, bias: tracked).square().sum().gradient(of: tracked)
    // A constant for each query changes nothing.
    #expect(try gradient.sum(axis: -1).abs().max().item() < 1e-4)
    #expect(try gradient.abs().max().item() > 1e-3)
  }

  @Test("Rotary positions: part of a head, neighbours, scaled")
  func rotary() throws {
    for (interleaved, scaling) in [(false, RotaryScaling.none), (true, .linear(factor: 3))] {
      let layer = MultiHeadAttention(
        6, heads: 2, isCausal: true,
        rotary: RotaryPosition(base: 100, interleaved: interleaved, scaling: scaling, width: 2),
        generator: generator, device: .cpu)
      let frequency = scaling == .none ? 1.0 : 1 / 3.0
      try agree(layer, .init(isCausal: true, frequencies: [frequency], interleaved: interleaved))
    }
    let layer = MultiHeadAttention(
      6, heads: 1, headWidth: 4, rotary: RotaryPosition(base: 100), generator: generator, device: .cpu)
    try agree(layer, .init(heads: 1, keyHeads: 1, width: 4, frequencies: [1, 0.1]))
  }

  @Test("A rotary position starts where it is told to")
  func offset() throws {
    let rotary = RotaryPosition()
    let x = Tensor.normal([1, 2, 70, 8], generator: generator, device: .cpu)
    let whole = rotary(x).sliced(axis: 2, from: 66, to: 70)
    let part = RotaryPosition()(x.sliced(axis: 2, from: 66, to: 70), offset: 66)
    #expect(try (whole - part).abs().max().item() == 0)
  }

  @Test("Scalings of rotary frequencies")
  func scalings() {
    let plain = RotaryScaling.none.frequencies(width: 128, base: 10_000)
    #expect(plain.count == 64 && plain[0] == 1 && abs(plain[63] - pow(10_000, -126.0 / 128)) < 1e-12)
    let linear = RotaryScaling.linear(factor: 4).frequencies(width: 128, base: 10_000)
    #expect(zip(plain, linear).allSatisfy { abs($0 / 4 - $1) < 1e-12 })
    // The fastest stays, the slowest is divided by the whole factor.
    let ntk = RotaryScaling.ntk(factor: 4).frequencies(width: 128, base: 10_000)
    #expect(ntk[0] == 1 && abs(plain[63] / ntk[63] - 4) < 1e-9)
    let yarn = RotaryScaling.yarn(factor: 4, length: 2048)
    let turns = yarn.frequencies(width: 128, base: 10_000)
    // 2048 positions make 32 rounds at pair 16.1 and one at pair 40.2.
    for i in 0...16 { #expect(turns[i] == plain[i]) }
    for i in 41..<64 { #expect(abs(turns[i] * 4 - plain[i]) < 1e-12) }
    let ramp = (28.0 - 16) / (41 - 16)
    #expect(abs(turns[28] - (plain[28] / 4 * ramp + plain[28] * (1 - ramp))) < 1e-12)
    #expect(abs(yarn.attention - 1.1386294361) < 1e-9)
    let llamaPlain = RotaryScaling.none.frequencies(width: 128, base: 500_000)
    let llama = RotaryScaling.llama3().frequencies(width: 128, base: 500_000)
    for (a, b) in zip(llamaPlain, llama) {
      let wave = 2 * Double.pi / a
      let share = min(max((8192 / wave - 1) / 3, 0), 1)
      #expect(abs(b - a * (share + (1 - share) / 8)) < 1e-15)
    }
    #expect(llama[0] == 1 && abs(llama[63] * 8 - llamaPlain[63]) < 1e-15)
  }

  @Test("Llama's form has no summands and RMS norms")
  func llama() {
    let model = TransformerEncoder(
      1, .llama(width: 8, heads: 2, keyHeads: 1, feedForward: 12), generator: generator, device: .cpu)
    #expect(
      model.namedParameters.map(\.name) == [
        "layers.0.attention.query.weight", "layers.0.attention.key.weight", "layers.0.attention.value.weight",
        "layers.0.attention.output.weight", "layers.0.feedForward.gate.weight",
        "layers.0.feedForward.up.weight",
        "layers.0.feedForward.down.weight", "layers.0.norm1.weight", "layers.0.norm2.weight", "norm.weight",
      ])
    #expect(model.module(at: "norm") is RMSNorm)
  }
}
