import DataTestSupport
import Foundation
import Lathe
import LatheLanguage
import LatheNN
import LatheText
import Testing

/// Texts made by a tiny model.
@Suite struct GenerationTests {
  private let generator: TextGenerator

  init() throws {
    generator = try TextGenerator(path: DecoderFixture.folder("llama"), precision: .float32, device: .cpu)
  }

  private func options(_ change: (inout GenerationOptions) -> Void = { _ in }) -> GenerationOptions {
    var options = GenerationOptions()
    options.maximumNewTokens = 16
    options.ignoresEnd = true
    change(&options)
    return options
  }

  private static let prompt: [Int32] = [126, 92, 74, 21]

  private func tokens(_ options: GenerationOptions) throws -> [Int32] {
    let stream = try generator.stream(Self.prompt, options: options)
    while try stream.next() != nil {}
    return stream.tokens
  }

  @Test func theSameSeedMakesTheSameText() throws {
    let first = try tokens(options { ($0.temperature, $0.seed) = (1.5, 3) })
    #expect(try tokens(options { ($0.temperature, $0.seed) = (1.5, 3) }) == first)
    #expect(try tokens(options { ($0.temperature, $0.seed) = (1.5, 4) }) != first)
  }

  @Test func piecesAreTheWholeText() async throws {
    let whole = try generator.generate("a b c", options: options())
    var text = ""
    for try await piece in try generator.stream("a b c", options: options()) { text += piece.text }
    #expect(text == whole.text && whole.tokens.count == 16 && whole.reason == .length)
    #expect(whole.logProbability < 0)
  }

  @Test func aCancelledTaskEndsTheText() async throws {
    let stream = try generator.stream(Self.prompt, options: options())
    _ = try stream.next()
    stream.cancel()
    while try stream.next() != nil {}
    #expect(stream.reason == .cancelled && stream.tokens.count == 1)
  }

  @Test func aTextEndsWhileItsPromptIsRead() throws {
    let stream = try generator.stream(Self.prompt, options: options { $0.prefillChunk = 1 })
    var asked = 0
    stream.shouldStop = {
      asked += 1
      return asked > 2
    }
    #expect(try stream.next() == nil)
    #expect(stream.reason == .cancelled && stream.tokens.isEmpty && stream.cache.count == 2)
  }

  @Test func tokensAreForbiddenAndForced() throws {
    let plain = try tokens(options())
    let without = try tokens(options { $0.forbiddenTokens = [plain[0]] })
    #expect(!without.contains(plain[0]))
    #expect(try tokens(options { $0.forcedTokens = [5, 6] }).starts(with: [5, 6]))
    let ended = try tokens(
      options {
        $0.ignoresEnd = false
        $0.stopTokens = [plain[3]]
      })
    #expect(ended == Array(plain.prefix { $0 != plain[3] }))
  }

  @Test func aTextStopsAtATextAndDoesNotShowIt() throws {
    let whole = try generator.generate("a b c", options: options()).text
    let stop = String(whole.dropFirst(3).prefix(2))
    let found = try generator.generate("a b c", options: options { $0.stop = [stop] })
    #expect(found.reason == .stop(stop) && !found.text.contains(stop) && whole.hasPrefix(found.text))
  }

  @Test func textsOfOnePromptAreThoseOfTheirSeeds() throws {
    // Too long for a chunk, with penalties, a text to stop at, and sequences that end at different steps.
    let prompt = "the cat and an owl in the sand"
    let changed = options {
      ($0.temperature, $0.topK, $0.seed) = (1.2, 40, 11)
      ($0.repetitionPenalty, $0.presencePenalty, $0.prefillChunk) = (1.1, 0.2, 3)
      ($0.ignoresEnd, $0.stop) = (false, ["e"])
    }
    let together = try generator.generate(prompt, count: 5, options: changed)
    #expect(together.count == 5 && Set(together.map(\.text)).count > 1)
    #expect(Set(together.map(\.tokens.count)).count > 1)
    for (place, text) in together.enumerated() {
      let alone = try generator.generate(
        prompt,
        options: options {
          $0 = changed
          $0.seed += UInt64(place)
        })
      #expect(text.tokens == alone.tokens && text.text == alone.text && text.reason == alone.reason)
      #expect(abs(text.logProbability - alone.logProbability) < 1e-3)
    }
  }

  @Test func sequencesOfSeveralPromptsStandBehindEachOther() throws {
    let prompts: [[Int32]] = [Self.prompt, [5, 6], [126, 92, 74, 21, 9, 10, 11]]
    let together = try TokenGeneration(generator.model, prompts: prompts, copies: 2, options: options())
    while try together.next() != nil {}
    for (row, sequence) in together.sequences.enumerated() {
      let alone = try TokenGeneration(generator.model, prompts: [prompts[row / 2]], options: options())
      while try alone.next() != nil {}
      #expect(sequence == alone.sequences[0], "sequence \(row)")
    }
  }

  @Test func theBestBeamsAreSeveralTexts() throws {
    let found = try generator.generate("a b c", count: 3, options: options { $0.beams = 3 })
    let best = try generator.generate("a b c", options: options { $0.beams = 3 })
    #expect(found.count == 3 && Set(found.map(\.tokens)).count == 3 && found[0].tokens == best.tokens)
    #expect(throws: LatheError.self) {
      try generator.generate("a b c", count: 4, options: options { $0.beams = 3 })
    }
    #expect(throws: LatheError.self) { try generator.generate("a b c", count: 2, options: options()) }
    #expect(throws: LatheError.self) {
      try generator.generate("a b c", count: 0, options: options { $0.temperature = 1 })
    }
  }

  @Test func scoresAreThoseOfTheWholeSequence() throws {
    let continuations: [[Int32]] = [[5, 6, 7], [8], [9, 10]]
    let found = try generator.scores(of: continuations, after: Self.prompt)
    for (tokens, score) in zip(continuations, found) {
      let all = Self.prompt + tokens
      let rows = try noGradient {
        try generator.model.logits(Tensor(all, shape: [1, all.count], device: .cpu)).logSoftmax(axis: -1)
          .scalars(as: Float.self)
      }
      let width = generator.model.vocabularySize
      let expected = tokens.enumerated().map { place, token in
        rows[(Self.prompt.count - 1 + place) * width + Int(token)]
      }
      #expect(largestDifference(score.logProbabilities, expected) < 1e-4)
    }
  }

  @Test func aPromptIsStoredAndReadAgain() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("prompt.safetensors")
    let stream = try generator.stream(Self.prompt, options: options())
    while try stream.next() != nil {}
    let all = Self.prompt + stream.tokens
    try PromptCache(stream.cache, tokens: all).write(to: path, model: "tiny")
    let stored = try PromptCache(path: path, model: "tiny")
    #expect(stored.tokens == Array(all.dropLast()))
    let prompt = Self.prompt + stream.tokens.prefix(3) + [7, 8]
    let cache = try #require(try stored.start(of: prompt, generator.model, capacity: 64))
    #expect(cache.count == Self.prompt.count + 3)
    let again = try generator.stream(prompt, options: options(), cache: cache)
    while try again.next() != nil {}
    let plain = try generator.stream(prompt, options: options())
    while try plain.next() != nil {}
    #expect(again.tokens == plain.tokens)
    #expect(throws: LatheError.self) { try PromptCache(path: path, model: "other") }
    #expect(throws: LatheError.self) {
      try PromptCache(path: "\(DecoderFixture.folder("llama"))/model.safetensors", model: "tiny")
    }
  }

  @Test func promptsThatCannotBeAreRefused() {
    func message(_ prompt: [Int32], _ change: (inout GenerationOptions) -> Void = { _ in }) -> String {
      do { _ = try generator.stream(prompt, options: options(change)) } catch { return "\(error)" }
      return "no error"
    }
    #expect(message([]).contains("empty prompt"))
    #expect(message([-1]).contains("token -1"))
    #expect(message([4000]).contains("token 4000"))
    #expect(message([Int32](repeating: 1, count: 5000)).contains("context"))
    #expect(message([1]) { $0.beams = 2 }.contains("beams"))
  }
}

/// A conversation keeps what the network has read of it.
@Suite struct ChatTests {
  private static let template =
    "{% for message in messages %}{{ message.role }} {{ message.content }} {% endfor %}"
    + "{% if add_generation_prompt %}assistant {% endif %}"

  private func generator() throws -> TextGenerator {
    let files = try PretrainedFiles(path: DecoderFixture.folder("llama"))
    return try TextGenerator(
      model: files.causalModel(precision: .float32, device: .cpu), tokenizer: files.tokenizer(),
      chatTemplate: ChatTemplate(Self.template))
  }

  @Test func repliesAreThoseOfTheWholeConversation() throws {
    let generator = try generator()
    let chat = try ChatSession(generator, contextLength: 96)
    var options = GenerationOptions()
    options.maximumNewTokens = 6
    for message in ["a b", "c"] {
      let stream = try chat.reply(to: message, options: options)
      var text = ""
      while let piece = try stream.next() { text += piece.text }
      let prompt = try ChatTemplate(Self.template).render(chat.messages)
      let plain = try generator.stream(generator.encode(prompt, addsSpecialTokens: false), options: options)
      while try plain.next() != nil {}
      #expect(stream.tokens == plain.tokens)
      chat.finish(stream, text: text)
    }
    #expect(chat.messages.map(\.role) == ["user", "assistant", "user", "assistant"])
    chat.clear()
    #expect(chat.messages.isEmpty)
  }

  @Test func aMessageThatDoesNotFitIsNoEnd() throws {
    let chat = try ChatSession(try generator(), contextLength: 16)
    #expect(throws: LatheError.self) { try chat.reply(to: String(repeating: "a b ", count: 40)) }
    #expect(chat.messages.isEmpty)
    #expect(try chat.reply(to: "a").next() != nil)
  }

  @Test func withoutATemplateThereIsNoConversation() throws {
    let files = try PretrainedFiles(path: DecoderFixture.folder("llama"))
    let generator = try TextGenerator(
      model: files.causalModel(device: .cpu), tokenizer: files.tokenizer())
    #expect(throws: LatheError.self) { try ChatSession(generator) }
  }
}

/// Texts made by an encoder with a decoder.
@Suite struct EncoderDecoderGenerationTests {
  @Test(arguments: ["t5", "t5-gated"]) func tokensAreThoseOfTransformers(name: String) throws {
    let fixture = try DecoderFixture(name)
    let model = try #require(try fixture.model() as? T5)
    var options = GenerationOptions()
    options.maximumNewTokens = 20
    for (key, ends) in [("greedy", []), ("greedy_until_end", [fixture.end])] {
      let expected = DecoderFixture.tokens(fixture.expected[key])[0]
      let cache = DecoderCache(layers: model.layerCount, capacity: 64)
      let prompt = fixture.prompts[0]
      noGradient { model.encode(Tensor(prompt, shape: [1, prompt.count], device: .cpu), into: cache) }
      let generation = try TokenGeneration(
        model, prompts: [[model.startToken]], options: options, endTokens: Set(ends), cache: cache)
      while try generation.next() != nil {}
      #expect(
        generation.sequences[0] == (ends.isEmpty ? expected : Array(expected.prefix { $0 != fixture.end })),
        "\(name) \(key)")
    }
  }
}
