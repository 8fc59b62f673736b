import DataTestSupport
import Foundation
import LatheML
import Testing

/// The examples of docs/language.md, run on a tokeniser that is learned here; a test compares the texts.
@Suite("Examples of docs/language.md")
struct LanguageGuideTests {
  @Test("Every example stands in this file as it does in the document")
  func examples() throws { try GuideExamples.check("docs/language.md", count: 15) }

  @Test("Tokenisers")
  func tokenizers() throws {
    let directory = try TemporaryFolder()
    defer { withExtendedLifetime(directory) {} }
    let folder = directory.path
    try learn(folder)
    let tokenizer = try Tokenizer(path: folder)
    let encoding = try tokenizer.encode("The lower fox jumps.")
    print(encoding.ids, encoding.offsets, encoding.wordIDs, encoding.attentionMask)
    print(try tokenizer.decode(encoding.ids))
    try batches(tokenizer)

    var decoder = StreamingDecoder(tokenizer)
    for id in encoding.ids { print(try decoder.append(id), terminator: "") }
    print(try decoder.finish())
  }

  @Test("Generation")
  func generation() async throws {
    let model = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Fixtures/language/llama").standardized.path
    let generator = try TextGenerator(path: model, device: .cpu)
    var options = GenerationOptions()
    options.maximumNewTokens = 20
    for try await piece in try generator.stream("a b c", options: options) {
      print(piece.text, terminator: "")
    }

    options.temperature = 1
    for text in try generator.generate("a b c", count: 3, options: options) { print(text.text) }
    options.temperature = 0

    let scores = try generator.scores(of: [" good", " bad"], after: "The film was")
    print(scores.map(\.logProbability))
    #expect(scores.count == 2)

    let chat = try ChatSession(generator, contextLength: 96)
    let reply = try chat.reply(to: "a b", options: options)
    var text = ""
    while let piece = try reply.next() { text += piece.text }
    chat.finish(reply, text: text)
    #expect(chat.messages.count == 2)
  }

  @Test("Grammars")
  func grammars() throws {
    let model = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Fixtures/language/llama").standardized.path
    let generator = try TextGenerator(path: model, device: .cpu)

    let yesNo = try Grammar(#"root ::= ("yes" | "no") "!"?"#)
    print(try yesNo.matches("yes!"), try yesNo.matches("maybe"))

    let constraint = try TokenConstraint(generator.tokenizer, endTokens: generator.endTokens.sorted())
    var state = yesNo.start
    let first = try constraint.mask(for: state).ids
    print(first, try constraint.accept(first[0], in: &state), state.isComplete)

    var strict = GenerationOptions()
    strict.grammar = try Grammar(schema: #"{"enum": ["Paris", "Rome"]}"#, whitespace: .none)
    print(try generator.generate("The capital is", options: strict).text)
    #expect(["\"Paris\"", "\"Rome\""].contains(try generator.generate("The", options: strict).text))
  }

  private func batches(_ tokenizer: Tokenizer) throws {
    let short = try tokenizer.with(
      truncation: Truncation(maximum: 16, stride: 2), padding: Padding(multiple: 8))
    let batch = try short.encode(batch: ["one text", "another, longer text"])
    let pairs = try short.encode(pairs: [("a question", "a text with the answer")])
    print(batch.map(\.count), pairs[0].typeIDs, pairs[0].overflowing.count)
    #expect(batch.allSatisfy { $0.count % 8 == 0 } && pairs[0].count == 16)
  }

  private func learn(_ folder: String) throws {
    let texts = (0..<100).map { "the lowest of \($0) foxes is lower than the newest" }
    let learned = try BPETrainer(vocabularySize: 300).train(texts)
    try learned.write(to: "\(folder)/tokenizer.json")
  }

  @Test("Chat templates")
  func templates() throws {
    let source = """
      {%- for message in messages %}{{ '<' + message.role + '>' + message.content | trim }}{% endfor -%}
      {%- if add_generation_prompt %}<assistant>{% endif %}
      """
    let template = try ChatTemplate(source)
    let text = try template.render([ChatTemplate.Message(role: "user", content: "Hello ")])
    #expect(text == "<user>Hello<assistant>")
  }

  /// A copy of a network of Tests/Fixtures/language.
  private func network(_ name: String) throws -> TemporaryFolder {
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Fixtures/language/\(name)").standardized
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: source.path, toPath: "\(folder.path)/model")
    return folder
  }

  @Test("Encoders, heads and vectors of sentences")
  func encoders() throws {
    let directory = try network("sentences")
    defer { withExtendedLifetime(directory) {} }
    let folder = "\(directory.path)/model"
    let sentences = try SentenceEncoder(pretrained: folder, device: .cpu)
    let vectors = try sentences.encode(["the lowest fox", "the newest fox", "rain"])
    let cosines = vectors.matmul(vectors.transposed())
    print(sentences.pooling, sentences.longestText, try cosines.scalars(as: Float.self))

    let encoder = try TextEncoder.pretrained(folder, device: .cpu)
    let ids = Tensor([2, 9, 10, 11, 3, 2, 15, 3, 0, 0] as [Int32], shape: [2, 5], device: .cpu)
    let states = noGradient { encoder.states(of: ids, lengths: [5, 3], keepsAll: true) }
    print(states.last.shape, states.layers.count, states.pooled?.shape ?? [])

    let classifier = try SequenceClassifier.pretrained(
      folder, labels: ["calm", "angry"], newLayers: ["classifier", "bert.pooler"], device: .cpu)
    let scores = classifier([
      "inputs": ids, "padding": Tensor([1, 1, 1, 1, 1, 1, 1, 1, 0, 0], shape: [2, 5], device: .cpu),
    ])
    print(classifier.labels, scores["output"].shape)
    try classifier.savePretrained(to: "\(folder)/tuned", tokenizer: sentences.tokenizer)
    #expect(try SequenceClassifier.pretrained("\(folder)/tuned", device: .cpu).labels == ["calm", "angry"])
  }

  @Test("Networks from a configuration alone")
  func untrained() throws {
    let configuration = try ConfigurationValues(
      json: """
        {"model_type": "bert", "vocab_size": 100, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
         "intermediate_size": 64, "max_position_embeddings": 40}
        """)
    let untrained = try MaskedLanguageModel(configuration, from: LayerSource(device: .cpu))
    print(untrained.architecture, untrained.parameterCount)
  }

  func answer(_ model: T5, to tokens: Tensor, lengths: [Int]) throws -> [Int32] {
    let cache = DecoderCache(layers: model.layerCount, capacity: 20)
    return try noGradient {
      model.encode(tokens, lengths: lengths, into: cache)
      let start = Tensor.full([tokens.shape[0], 1], model.startToken, dtype: .int32, device: tokens.device)
      return try model.logits(start, cache: cache, lastOnly: true).argmax(axis: 2).scalars()
    }
  }

  @Test("An encoder with a decoder")
  func encoderDecoder() throws {
    let directory = try network("t5")
    let model = try T5.pretrained("\(directory.path)/model", device: .cpu)
    let tokens = Tensor([5, 6, 7, 1] as [Int32], shape: [2, 2], device: .cpu)
    #expect(try answer(model, to: tokens, lengths: [2, 2]).count == 2)
  }
}
