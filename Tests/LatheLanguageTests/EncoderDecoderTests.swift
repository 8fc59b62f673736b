import Foundation
import Lathe
import LatheLanguage
import LatheNN
import Testing

/// T5 gives what transformers computes with the same weights.
@Suite("Encoder-decoders")
struct EncoderDecoderTests {
  @Test("States of encoder and decoder, and scores", arguments: ["t5", "t5-gated"])
  func states(_ name: String) throws {
    let fixture = try LanguageFixture(name)
    let model = try T5.pretrained(fixture.folder, device: .cpu)
    let inputs = fixture.tokens("input_ids")
    let read = model.encoderStates(of: inputs, lengths: fixture.lengths, keepsAll: true)
    let expected = fixture.lists("encoder_hidden_states")
    #expect(read.count == expected.count)
    for (state, values) in zip(read, expected) {
      #expect(difference(try kept(state, fixture.lengths), values) < 1e-4)
    }
    let tokens = fixture.tokens("decoder_input_ids")
    let cache = DecoderCache(layers: model.layerCount, capacity: 12)
    model.encode(inputs, lengths: fixture.lengths, into: cache)
    let written = model.decoderStates(of: tokens, cache: cache)
    for (state, values) in zip(written, fixture.lists("hidden_states")) {
      let found = try difference(state.scalars(), values)
      #expect(found < 1e-4)
    }
    let scores = model.logits(tokens, inputs: inputs, lengths: fixture.lengths)
    #expect(difference(try scores.scalars(), fixture.values("logits")) < 1e-4)
  }

  @Test("With a cache the scores are the same, token by token and in pieces", arguments: ["t5", "t5-gated"])
  func cached(_ name: String) throws {
    let fixture = try LanguageFixture(name)
    let model = try T5.pretrained(fixture.folder, device: .cpu)
    let tokens = fixture.tokens("decoder_input_ids")
    let expected = model.logits(tokens, inputs: fixture.tokens("input_ids"), lengths: fixture.lengths)
    for size in [1, 5] {
      let cache = DecoderCache(layers: model.layerCount, capacity: 12)
      model.encode(fixture.tokens("input_ids"), lengths: fixture.lengths, into: cache)
      let parts = noGradient {
        stride(from: 0, to: 12, by: size).map { start in
          model.logits(
            tokens.sliced(axis: 1, from: start, to: min(start + size, 12)), cache: cache, lastOnly: false)
        }
      }
      let found = Tensor.concatenate(parts, axis: 1)
      #expect(difference(try found.scalars(), try expected.scalars()) < 1e-4)
      #expect(cache.count == 12)
    }
  }

  @Test("The best token again and again", arguments: ["t5", "t5-gated"])
  func greedy(_ name: String) throws {
    let fixture = try LanguageFixture(name)
    let model = try T5.pretrained(fixture.folder, device: .cpu)
    let cache = DecoderCache(layers: model.layerCount, capacity: 24)
    try noGradient {
      model.encode(fixture.tokens("input_ids"), lengths: fixture.lengths, into: cache)
      var last = [Int32](repeating: model.startToken, count: 2)
      var rows: [[Int32]] = [[], []]
      for _ in 0..<20 {
        let scores = model.logits(Tensor(last, shape: [2, 1], device: .cpu), cache: cache, lastOnly: true)
        last = try scores.argmax(axis: 2).scalars(as: Int32.self)
        for row in 0..<2 { rows[row].append(last[row]) }
      }
      #expect(rows == fixture.rows("greedy"))
    }
  }

  @Test(
    "Kinds of distances as they were trained",
    arguments: [(0, 0), (1, 17), (-1, 1), (-7, 7), (-8, 8), (20, 26), (-127, 15), (400, 31)])
  func distances(_ distance: Int, _ kind: Int32) {
    #expect(RelativeBias.bucket(distance, of: 32, longest: 128, looksAhead: true) == kind)
  }

  @Test("Training from random weights learns to copy")
  func training() throws {
    let generator = Generator(seed: 1)
    let model = try T5(
      ConfigurationValues(
        json: """
          {"model_type": "t5", "vocab_size": 12, "d_model": 16, "d_kv": 8, "num_heads": 2, "d_ff": 32, "num_layers": 1,
           "relative_attention_num_buckets": 8, "dropout_rate": 0}
          """), from: LayerSource(generator: generator, device: .cpu))
    let optimizer = Adam(model.trainableParameters, learningRate: 0.02)
    let inputs = Tensor([3, 4, 5, 6, 7, 8] as [Int32], shape: [2, 3], device: .cpu)
    let tokens = Tensor([0, 3, 4, 0, 6, 7] as [Int32], shape: [2, 3], device: .cpu)
    var losses: [Float] = []
    for _ in 0..<40 {
      let scores = model.logits(tokens, inputs: inputs)
      let loss = scores.reshaped(to: [6, 12]).crossEntropy(inputs.flattened())
      optimizer.step(loss.gradients(of: model.trainableParameters))
      losses.append(try loss.item())
    }
    #expect(losses[39] < losses[0] * 0.3, "\(losses)")
  }
}
