import DataTestSupport
import Foundation
import LatheML
import Testing

/// The examples of docs/language.md, run on a tokeniser that is learned here; a test compares the texts.
@Suite("Examples of docs/language.md")
struct LanguageGuideTests {
  @Test("Every example stands in this file as it does in the document")
  func examples() throws { try GuideExamples.check("docs/language.md", count: 8) }

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
    for try await piece in try generator.stream("a b c", options: options) { print(piece.text, terminator: "") }

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
}
