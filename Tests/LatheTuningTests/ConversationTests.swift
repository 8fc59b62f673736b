import Foundation
import Lathe
import LatheLanguage
import LatheNN
import LatheText
import LatheTraining
import Testing

import LatheTuning

/// Conversations in tokens and what is learned from them, against transformers and PyTorch.
@Suite("Conversations")
struct ConversationTests {
  /// What scripts/make-conversation-fixtures.py wrote.
  private struct Fixture: Decodable {
    struct Message: Decodable { var role: String, content: String }
    struct Row: Decodable { var messages: [Message], tokens: [Int32], answers: [Int32] }
    struct Pair: Decodable { var prompt: String, chosen: String, rejected: String }
    var conversations: [Row], pairs: [Pair]
    var answerLosses: [Double], preferenceLosses: [Double]
    var beta: Float, smoothing: Float

    init() throws {
      let path = ConversationTests.fixtures.appendingPathComponent("conversations.json")
      self = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: path))
    }
  }

  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures")
  private static let llama = fixtures.appendingPathComponent("language/llama").path

  private static func conversations(_ fixture: Fixture) throws -> Conversations {
    try Conversations(
      fixture.conversations.map { row in
        Conversation(row.messages.map { .init(role: $0.role, content: $0.content) })
      })
  }

  private static func encoder(_ generator: TextGenerator, length: Int = 96) throws -> ConversationEncoder {
    try ConversationEncoder(
      generator.tokenizer, try #require(generator.chatTemplate), generator.templateVariables, length: length)
  }

  /// Losses of AdamW's steps as the fixture's.
  private static func check(
    _ model: any ParameterContainer, _ expected: [Double], _ loss: () -> Tensor
  ) throws {
    let optimizer = Adam(model.parameters, learningRate: 0.001, decoupledDecay: 0.01)
    for (step, value) in expected.enumerated() {
      let found = loss()
      #expect(abs(Double(try found.item()) - value) < 2e-4 * max(1, value), "step \(step)")
      optimizer.step(found.gradients(of: model.parameters))
    }
  }

  @Test("Tokens and answers as the template has them by transformers, and ten steps of learning them")
  func answers() throws {
    let fixture = try Fixture()
    let generator = try TextGenerator(path: Self.llama, precision: .float32, device: .cpu)
    let texts = try AnsweredTexts(Self.conversations(fixture), Self.encoder(generator), padding: 0)
    #expect(texts.texts.map(\.tokens) == fixture.conversations.map(\.tokens))
    #expect(texts.texts.map(\.answers) == fixture.conversations.map(\.answers))
    #expect(texts.cutCount == 0 && texts.emptyCount == 0)
    let batch = AnsweredText.collate(texts.texts, on: .cpu)
    let module = CausalModule(generator.model)
    let objective = ClassificationObjective(ignoredIndex: Int(PackedText.nothing))
    try Self.check(generator.model, fixture.answerLosses) { objective(module, batch).loss }
  }

  @Test("Ten steps of learning which answer is better as by PyTorch")
  func preferences() throws {
    let fixture = try Fixture()
    let generator = try TextGenerator(path: Self.llama, precision: .float32, device: .cpu)
    let pairs = try Conversations(
      fixture.pairs.map {
        Conversation([.init(role: "user", content: $0.prompt)], chosen: $0.chosen, rejected: $0.rejected)
      })
    let module = CausalModule(generator.model)
    var texts = try PreferenceTexts(pairs, Self.encoder(generator), padding: 0)
    try texts.refer(to: module, batchSize: 1, device: .cpu)
    let batch = PreferenceText.collate(texts.texts, on: .cpu)
    let objective = PreferenceObjective(beta: fixture.beta, labelSmoothing: fixture.smoothing)
    try Self.check(generator.model, fixture.preferenceLosses) { objective(module, batch).loss }
    #expect(try objective(module, batch).correct?.scalars(as: Int32.self) == [2])
  }

  @Test("What is longer than a conversation may be is cut, and without an answer left out")
  func cut() throws {
    let fixture = try Fixture()
    let generator = try TextGenerator(path: Self.llama, precision: .float32, device: .cpu)
    let all = try Self.conversations(fixture)
    let texts = try AnsweredTexts(all, Self.encoder(generator, length: 14), padding: 0)
    #expect(texts.cutCount == 3 && texts.emptyCount == 2)
    #expect(texts.texts[0].tokens == Array(fixture.conversations[0].tokens.prefix(14)))
    #expect(throws: LatheError.self) {
      try AnsweredTexts(all, Self.encoder(generator, length: 4), padding: 0)
    }
  }

  @Test("A template that writes earlier messages anew is refused")
  func changing() throws {
    let generator = try TextGenerator(path: Self.llama, precision: .float32, device: .cpu)
    let template = try ChatTemplate(
      "{{ messages | length }}{% for m in messages %}{{ m.content }}{% endfor %}")
    let encoder = try ConversationEncoder(generator.tokenizer, template, [:], length: 96)
    let error = #expect(throws: LatheError.self) {
      try AnsweredTexts(Self.conversations(Fixture()), encoder, padding: 0)
    }
    #expect(error?.message.contains("conversation 1: the chat template writes") == true)
  }

  // MARK: Files

  private static func read(_ text: String) throws -> Conversations {
    let folder = try TaggingFolder()
    let path = "\(folder.path)/data.jsonl"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return try Conversations(path: path)
  }

  @Test("All forms of a conversation's line give the same")
  func forms() throws {
    let rows = [
      #"{"messages": [{"role": "user", "content": "hi\n\nyou"}, {"role": "assistant", "content": "ho"}]}"#,
      #"{"conversations": [{"from": "human", "value": "hi\n\nyou"}, {"from": "gpt", "value": "ho"}]}"#,
      #"{"prompt": "hi\n\nyou", "completion": "ho"}"#,
      #"{"prompt": [{"role": "user", "content": "hi\n\nyou"}], "completion": [{"role": "assistant", "content": "ho"}]}"#,
      #"{"instruction": "hi", "input": "you", "output": "ho"}"#,
    ]
    let expected = Conversation([
      .init(role: "user", content: "hi\n\nyou"), .init(role: "assistant", content: "ho"),
    ])
    for row in rows { #expect(try Self.read(row + "\n").list == [expected]) }
    let all = try Self.read(rows.joined(separator: "\n\n"))
    #expect(all.count == 1 && all.duplicates == 4 && !all.arePreferences)
    #expect(try Self.read("[\(rows[0]), \(rows[1])]").list == [expected])
    let pairs = [
      #"{"prompt": "hi", "chosen": "ho", "rejected": "no"}"#,
      #"{"chosen": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}], "rejected": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "no"}]}"#,
    ]
    for pair in pairs {
      let found = try Self.read(pair)
      #expect(found.arePreferences && found.list[0].answer == "ho")
      #expect(found.list[0].rejected?.last?.content == "no" && found.list[0].prompt.count == 1)
    }
  }

  @Test(
    "Lines that cannot be used are named",
    arguments: [
      (#"{"prompt": "a", "completion": "b"}"# + "\n[1]", "line 2: a list, not an object"),
      (#"{"text": "a"}"#, "line 1: an object with text; it needs messages"),
      (#"{"messages": 3}"#, "line 1: messages is a number"),
      (#"{"messages": [{"role": "user"}]}"#, "line 1: message 1 of messages has no text"),
      (#"{"messages": [{"role": "user", "content": "a"}]}"#, "line 1: the last message is of role 'user'"),
      (#"{"messages": [{"role": "assistant", "content": "a"}]}"#, "nothing that it answers"),
      (
        #"{"messages": [{"role": "robot", "content": "a"}, {"role": "assistant", "content": "a"}]}"#,
        "message 1 is of role 'robot'"
      ),
      (#"{"prompt": "a", "completion": " "}"#, "message 2, an answer, is empty"),
      (#"{"prompt": "a", "chosen": "b", "rejected": "b"}"#, "are the same"),
      (#"{"prompt": "a", "chosen": "b"}"#, "no key 'rejected'"),
      (
        #"{"prompt": "a", "completion": "b"}"# + "\n" + #"{"prompt": "a", "chosen": "b", "rejected": "c"}"#,
        "line 2: has a rejected answer, unlike the first"
      ),
      (#"{"prompt": "a", "#, "line 1"), ("", "no conversation in it"),
    ])
  func badLines(_ text: String, _ message: String) {
    let error = #expect(throws: LatheError.self) { try Self.read(text) }
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }

  @Test("Conversations that begin alike are in one part")
  func split() throws {
    let list = (0..<60).map { number in
      Conversation([
        .init(role: "user", content: "question \(number / 3)"),
        .init(role: "assistant", content: "answer \(number)"),
      ])
    }
    let split = try ConversationSplit(Conversations(list), validationShare: 0.2, testShare: 0.2)
    let parts = [split.training, split.validation, split.test].map { part in
      Set(part.list.map { $0.messages[0].content })
    }
    #expect(parts.map(\.count) == [12, 4, 4])
    #expect(parts[0].isDisjoint(with: parts[1]) && parts[0].union(parts[1]).isDisjoint(with: parts[2]))
    #expect(throws: LatheError.self) { try ConversationSplit(Conversations(Array(list.prefix(3)))) }
    #expect(throws: LatheError.self) { try ConversationSplit(Conversations(list), testShare: 0.7) }
  }
}
