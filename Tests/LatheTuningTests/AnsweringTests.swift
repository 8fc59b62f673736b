import Foundation
import Lathe
import LatheData
import LatheLanguage
import LatheNN
import LatheText
import LatheTraining
import Testing

import LatheTuning

/// Answers found in texts, against transformers and tokenizers, and runs.
@Suite("Answers in texts")
struct AnsweringTests {
  /// What scripts/make-answer-fixtures.py wrote.
  private struct Fixture: Decodable {
    struct Asked: Decodable { var question: String, context: String, answer: String?, start: Int? }
    struct Window: Decodable {
      var question: Int, tokens: [Int32], types: [Int32], start: Int32, end: Int32, places: [[Int]?]
    }
    struct Found: Decodable { var best: String, score: Double, none: Double }
    var length: Int, stride: Int, longest: Int
    var losses: [Double], answers: [Found], questions: [Asked], windows: [Window]
  }

  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures")
  private static let tokenizer = fixtures.appendingPathComponent("language/sentences").path

  @Test("Windows as tokenizers makes them, ten steps as transformers, and the best spans")
  func fixture() throws {
    let fixture = try JSONDecoder().decode(
      Fixture.self, from: Data(contentsOf: Self.fixtures.appendingPathComponent("answers.json")))
    let questions = fixture.questions.enumerated().map { number, asked in
      AskedText(
        id: "\(number)", question: asked.question, context: asked.context,
        answers: asked.answer.map { [.init(text: $0, start: asked.start ?? 0)] } ?? [])
    }
    let found = try QuestionWindows(
      questions, tokenizer: Tokenizer(model: Self.tokenizer), length: fixture.length, stride: fixture.stride,
      padding: 0
    ).windows
    #expect(found.map(\.tokens) == fixture.windows.map(\.tokens))
    #expect(found.map(\.types) == fixture.windows.map(\.types))
    #expect(found.map(\.question) == fixture.windows.map(\.question))
    #expect(found.map { [$0.start, $0.end] } == fixture.windows.map { [$0.start, $0.end] })
    #expect(
      found.map { $0.places.map { $0.map { [$0.lowerBound, $0.upperBound] } } }
        == fixture.windows.map(\.places))

    let model = try QuestionAnswerer.pretrained(
      Self.fixtures.appendingPathComponent("language/bert-question").path, device: .cpu)
    let network = AnsweringNetwork(model)
    let batch = QuestionWindow.collate(found, on: .cpu)
    let parameters = network.namedParameters.filter { !$0.name.contains("pooler") }.map(\.parameter)
    let optimizer = Adam(parameters, learningRate: 0.01, decoupledDecay: 0.01)
    for (step, value) in fixture.losses.enumerated() {
      let loss = ClassificationObjective()(network, batch).loss
      #expect(abs(Double(try loss.item()) - value) < 5e-4 * max(1, value), "step \(step)")
      optimizer.step(loss.gradients(of: parameters))
    }
    let time = batch.inputs.shape[1]
    let scores = try noGradient { network(batch.namedInputs)[NamedTensors.output] }.scalars(as: Float.self)
    var spans = [AnswerSpans](repeating: AnswerSpans(longest: fixture.longest), count: questions.count)
    for (row, window) in found.enumerated() {
      func side(_ number: Int) -> [Float] {
        Array(scores[(2 * row + number) * time..<(2 * row + number) * time + window.tokens.count])
      }
      spans[window.question].add(window, starts: side(0), ends: side(1))
    }
    for (number, expected) in fixture.answers.enumerated() {
      let context = questions[number].context
      #expect(spans[number].best(in: context, count: 1, allowsNone: false)[0].text == expected.best)
      let both = spans[number].best(in: context, count: 21, allowsNone: true)
      #expect(both[0].text == (expected.none > expected.score ? "" : expected.best))
      #expect(abs(both.reduce(0.0) { $0 + $1.probability } - 1) < 1e-6)
      // The place is that of the text.
      for answer in both where !answer.text.isEmpty {
        let scalars = Array(context.unicodeScalars)[answer.start..<answer.end]
        #expect(String(String.UnicodeScalarView(scalars)) == answer.text)
      }
    }
  }

  // MARK: Files

  private static func read(_ text: String) throws -> AskedTexts {
    let folder = try TaggingFolder()
    let path = "\(folder.path)/data.json"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return try AskedTexts(path: path)
  }

  private static func squad(_ questions: String, context: String = "é a b c") -> String {
    #"{"version": "v2.0", "data": [{"title": "t", "paragraphs": [{"context": "\#(context)", "qas": [\#(questions)]}]}]}"#
  }

  @Test("SQuAD's form and rows give the same, places count characters")
  func files() throws {
    let whole = try Self.read(
      Self.squad(
        #"{"id": "1", "question": "q", "answers": [{"text": "b c", "answer_start": 4}]}, {"id": "2", "question": "r", "answers": [], "is_impossible": true}"#
      ))
    let rows = try Self.read(
      #"{"id": "1", "question": "q", "context": "é a b c", "answers": {"text": ["b c"], "answer_start": [4]}}"#
        + "\n"
        + #"{"id": "2", "question": "r", "context": "é a b c", "answers": {"text": [], "answer_start": []}}"#)
    #expect(whole.list == rows.list && whole.unanswerable == 1 && whole.list[0].answers[0].start == 4)
  }

  @Test(
    "What cannot be used is named",
    arguments: [
      (
        #"{"id": "1", "question": "q", "answers": [{"text": "b c", "answer_start": 3}]}"#,
        "question '1': the answer 'b c' does not stand at character 3"
      ),
      (
        #"{"id": "1", "question": "q", "answers": [{"text": "b c", "answer_start": 9000000000}]}"#,
        "does not stand at"
      ),
      (
        #"{"id": "1", "question": "q", "answers": [{"text": "b c", "answer_start": -1}]}"#,
        "does not stand at"
      ),
      (#"{"id": "1", "question": "q", "answers": [{"text": "b"}]}"#, "no whole number as 'answer_start'"),
      (#"{"id": "1", "question": "q"}"#, "question '1': no list as 'answers'"),
      (#"{"question": "q", "answers": []}"#, "article 1: no text as 'id'"),
      (#"{"id": "1", "question": " ", "answers": []}"#, "the question is empty"),
      (
        #"{"id": "1", "question": "q", "answers": []}, {"id": "1", "question": "q", "answers": []}"#,
        "comes twice"
      ),
    ])
  func badFiles(_ questions: String, _ message: String) {
    let error = #expect(throws: LatheError.self) { try Self.read(Self.squad(questions)) }
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }

  @Test(
    "Rows that cannot be used are named",
    arguments: [
      (#"{"question": "q"}"#, "line 1, answers: no list as 'text'"), ("[1]", "line 1"), ("", "no questions"),
      (
        #"{"question": "q", "context": "c", "answers": {"text": ["c"], "answer_start": []}}"#,
        "1 texts of answers and 0"
      ),
      ("{\n\"x\": 1\n}", "no 'data' in it"),
    ])
  func badRows(_ text: String, _ message: String) {
    let error = #expect(throws: LatheError.self) { try Self.read(text) }
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }

  // MARK: Runs

  /// Texts in which an animal stands, and questions for it; every fifth text has none.
  private static func questions(_ count: Int) throws -> AskedTexts {
    let fillers = ["the", "a", "on", "that", "very", "it", "was", "and", "happy", "sunny", "green", "sea"]
    return try AskedTexts(
      (0..<count).map { number in
        var words = (0..<6 + number % 9).map { fillers[($0 * 5 + number * 7 + $0 * number) % fillers.count] }
        let animal = ["cat", "dog"][number % 2]
        let hasAnswer = number % 5 != 0
        if hasAnswer { words.insert(animal, at: number % words.count) }
        let context = words.joined(separator: " ") + " \(number % 97)."
        let start = context.split(separator: " ").prefix { $0 != animal }.reduce(0) { $0 + $1.count + 1 }
        return AskedText(
          id: "\(number)", question: "is it ?", context: context,
          answers: hasAnswer ? [.init(text: animal, start: start)] : [])
      })
  }

  private static func base(in folder: String) throws -> String {
    let path = "\(folder)/base"
    let tokenizer = try Tokenizer(model: tokenizer)
    let configuration = try ConfigurationValues(
      json: """
        {"model_type": "bert", "vocab_size": \(tokenizer.vocabularySize), "hidden_size": 32, "num_hidden_layers": 2,
         "num_attention_heads": 2, "intermediate_size": 48, "max_position_embeddings": 24, "type_vocab_size": 2,
         "hidden_act": "gelu", "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        """)
    let model = try TextEncoder(configuration, from: LayerSource(generator: Generator(seed: 5), device: .cpu))
    for (name, parameter) in model.namedParameters where name.hasSuffix("weight") && parameter.shape.rank == 2
    {
      parameter.value = parameter.value.detached() * 6
    }
    try model.savePretrained(to: path, tokenizer: tokenizer)
    return path
  }

  private static func plan(_ method: TuningMethod) -> QuestionAnsweringPlan {
    var plan = QuestionAnsweringPlan(base: "base")
    plan.tuning = TuningSettings(method)
    (plan.tuning.rank, plan.tuning.dropout) = (8, 0)
    (plan.epochs, plan.batchSize, plan.learningRate) = (8, 16, method == .full ? 5e-3 : 1e-2)
    (plan.length, plan.stride) = (16, 4)
    return plan
  }

  @Test(
    "Answers are learned, also that there is none; a run is loaded, and goes on with the same bits",
    arguments: [TuningMethod.full, .lora])
  func learns(_ method: TuningMethod) throws {
    let folder = try TaggingFolder()
    let base = try Self.base(in: folder.path)
    let split = try AskedSplit(Self.questions(200), validationShare: 0.1, testShare: 0.2)
    func training(_ name: String) throws -> QuestionAnsweringTraining {
      try QuestionAnsweringTraining(
        Self.plan(method), base: base, split, folder: "\(folder.path)/\(name)", device: .cpu)
    }
    let whole = try training("whole")
    try whole.writeDescription()
    #expect(whole.plan.allowsNone && whole.windowCount > split.training.count)
    #expect(try whole.trainer.run() == .finished)
    let report = try whole.finish()
    #expect(report.exactMatch > 85 && report.unanswerable != nil, "\(report.text)")
    #expect(report.mistakes.count == Int((Double(report.count) * (1 - report.exactMatch / 100)).rounded()))

    let first = try training("stopped")
    first.trainer.shouldStop = { first.trainer.step >= 3 }
    #expect(try first.trainer.run() == .stopped)
    let second = try training("stopped")
    #expect(try second.trainer.resume() && second.trainer.run() == .finished)
    func weights(_ training: QuestionAnsweringTraining) throws -> [Float] {
      try training.trainer.model.parameters.flatMap { try $0.value.scalars(as: Float.self) }
    }
    #expect(try second.finish().exactMatch == report.exactMatch && weights(whole) == weights(second))

    let answerer = try TextAnswerer(run: "\(folder.path)/whole", device: .cpu)
    #expect(try answerer.test(split.test).exactMatch == report.exactMatch)
    let found = try answerer.answers(
      to: "is it ?", in: "the sea was very green and sunny it dog was", count: 3)
    #expect(found.count == 3 && found[0].text == "dog" && found[0].start == 36, "\(found)")
    #expect(throws: LatheError.self) { try answerer.answers(to: " ", in: "dog") }
    #expect(throws: LatheError.self) {
      try answerer.answers(to: String(repeating: "cat ", count: 20), in: "dog")
    }
    try answerer.writeMerged(to: "\(folder.path)/merged")
    _ = try QuestionAnswerer.pretrained("\(folder.path)/merged", device: .cpu)
  }

  @Test("What cannot be is refused with words")
  func refused() throws {
    let folder = try TaggingFolder()
    let base = try Self.base(in: folder.path)
    let split = try AskedSplit(Self.questions(40))
    func message(_ change: (inout QuestionAnsweringPlan) -> Void) -> String {
      var plan = Self.plan(.full)
      change(&plan)
      do {
        _ = try QuestionAnsweringTraining(plan, base: base, split, folder: folder.path, device: .cpu)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message { $0.stride = 12 }.contains("share 12"))
    #expect(message { $0.longestAnswer = 0 }.contains("at most 0 tokens"))
    #expect(message { ($0.length, $0.stride) = (8, 0) }.contains("leaves no room for its text"))
    #expect(throws: LatheError.self) { try AskedSplit(Self.questions(2)) }
    #expect(throws: LatheError.self) { try TextAnswerer(run: folder.path, device: .cpu) }
  }
}
