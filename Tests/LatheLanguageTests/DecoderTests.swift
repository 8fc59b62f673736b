import Lathe
import LatheLanguage
import LatheNN
import LatheText
import Testing

/// Decoders against `transformers`.
@Suite struct DecoderTests {
  @Test(arguments: DecoderFixture.names) func logits(name: String) throws {
    let fixture = try DecoderFixture(name)
    for device in Device.all {
      let model = try fixture.model(device: device)
      let prompts = fixture.prompts
      let tokens = Tensor(prompts.flatMap { $0 }, shape: [prompts.count, prompts[0].count], device: device)
      let found = try noGradient { try model.logits(tokens).scalars(as: Float.self) }
      let expected = DecoderFixture.numbers(fixture.expected["logits"])
      #expect(largestDifference(found, expected) < 1e-4, "\(name) on \(device)")
    }
  }

  @Test(arguments: DecoderFixture.names) func greedy(name: String) throws {
    let fixture = try DecoderFixture(name)
    let model = try fixture.model()
    var options = GenerationOptions()
    options.maximumNewTokens = 20
    for (key, ends) in [("greedy", []), ("greedy_until_end", [fixture.end])] {
      let generation = try TokenGeneration(
        model, prompts: fixture.prompts, options: options, endTokens: Set(ends))
      while try generation.next() != nil {}
      let expected = DecoderFixture.tokens(fixture.expected[key]).map { row in
        ends.isEmpty ? row : Array(row.prefix { $0 != fixture.end })
      }
      #expect(generation.sequences == expected, "\(name) \(key)")
    }
  }

  @Test(arguments: DecoderFixture.names) func sequencesOfUnequalLength(name: String) throws {
    let fixture = try DecoderFixture(name)
    let model = try fixture.model()
    let prompts = [fixture.prompts[0], Array(fixture.prompts[1].suffix(5))]
    var options = GenerationOptions()
    options.maximumNewTokens = 12
    options.givesLogProbabilities = true
    let together = try TokenGeneration(model, prompts: prompts, options: options)
    while try together.next() != nil {}
    for (row, prompt) in prompts.enumerated() {
      options.prefillChunk = 4
      let alone = try TokenGeneration(model, prompts: [prompt], options: options)
      while try alone.next() != nil {}
      #expect(alone.sequences[0] == together.sequences[row], "\(name), sequence \(row)")
      #expect(largestDifference(alone.logProbabilities[0], together.logProbabilities[row]) < 1e-4)
    }
    let expected = DecoderFixture.tokens(fixture.expected["padded"]?["greedy"])
    #expect(
      expected.isEmpty || zip(together.sequences, expected).allSatisfy { $0 == Array($1.prefix(12)) },
      "\(name)")
  }

  @Test(arguments: DecoderFixture.names) func cachedAndUncachedAgree(name: String) throws {
    let fixture = try DecoderFixture(name)
    for device in Device.all {
      let model = try fixture.model(device: device)
      let prompt = fixture.prompts[0]
      let whole = try noGradient {
        try model.logits(Tensor(prompt, shape: [1, prompt.count], device: device)).scalars(as: Float.self)
      }
      let cache = DecoderCache(layers: model.layerCount, capacity: prompt.count)
      var steps: [Float] = []
      for token in prompt {
        let input = Tensor([token], shape: [1, 1], device: device)
        steps += try noGradient {
          try model.logits(input, cache: cache, lastOnly: false).scalars(as: Float.self)
        }
      }
      #expect(largestDifference(steps, whole) < 1e-4, "\(name) on \(device)")
    }
  }

  @Test(arguments: DecoderFixture.names) func beams(name: String) throws {
    let fixture = try DecoderFixture(name)
    let model = try fixture.model()
    let searches = (fixture.expected["beams"]?.array ?? []) + [fixture.expected["beams_without_end"] ?? .null]
    for (index, search) in searches.enumerated() {
      var options = GenerationOptions()
      options.maximumNewTokens = 20
      options.beams = search["num_beams"]?.integer ?? 0
      options.lengthPenalty = search["length_penalty"]?.double ?? 1
      let ends: Set<Int32> = index + 1 == searches.count ? [] : [fixture.end]
      // The sequences of the first prompt stand first, as many as beams.
      let expected = DecoderFixture.tokens(search["tokens"]).prefix(options.beams).map { row in
        ends.isEmpty ? row : Array(row.prefix { $0 != fixture.end })
      }
      let found = try BeamSearch(model, options: options, endTokens: ends).all(fixture.prompts[0])
      #expect(found.map(\.tokens) == expected, "\(name), search \(index)")
    }
  }
}
