import Foundation
import Lathe
import LatheLanguage
import LatheNN
import LatheText
import LatheTraining
import Testing

import LatheTuning

/// Pre-training against transformers, and runs of it.
@Suite("Pre-training")
struct PretrainingTests {
  /// What scripts/make-pretraining-fixtures.py wrote.
  private struct Fixture: Decodable {
    var tokens: [Int32], losses: [Double]
    var lengths: [Int]?, places: [Int32]?, answers: [Int32]?
    var rows: [[Int]]?

    init(_ name: String) throws {
      let path = PretrainingTests.fixtures.appendingPathComponent("pretraining/\(name).json")
      self = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: path))
    }
  }

  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures")

  private static func model(_ name: String) -> String {
    fixtures.appendingPathComponent("language/\(name)").path
  }

  /// Losses of AdamW's steps as the fixture's.
  private static func check(
    _ model: any ParameterContainer, _ expected: [Double], _ loss: () -> Tensor
  ) throws {
    let optimizer = Adam(model.parameters, learningRate: 0.01, decoupledDecay: 0.01)
    for (step, value) in expected.enumerated() {
      let found = loss()
      #expect(abs(Double(try found.item()) - value) < 2e-4 * max(1, value), "step \(step)")
      optimizer.step(found.gradients(of: model.parameters))
    }
  }

  @Test("Hidden words: ten steps as transformers")
  func masked() throws {
    let fixture = try Fixture("masked")
    let model = try MaskedLanguageModel.pretrained(Self.model("bert-masked"), device: .cpu)
    let lengths = try #require(fixture.lengths)
    let batch = Batch(
      inputs: Tensor(fixture.tokens, shape: [lengths.count, 9], device: .cpu),
      labels: Tensor(try #require(fixture.answers), device: .cpu), count: 4, lengths: lengths,
      named: [MaskedLanguageModel.Name.places: Tensor(try #require(fixture.places), device: .cpu)])
    try Self.check(model, fixture.losses) { ClassificationObjective()(model, batch).loss }
  }

  @Test("Rows of documents: ten steps as transformers on each document alone", arguments: ["gpt2", "llama"])
  func packed(_ name: String) throws {
    let fixture = try Fixture(name)
    let model: any PackingModel =
      name == "gpt2"
      ? try GPT2.pretrained(Self.model(name), device: .cpu)
      : try Llama.pretrained(Self.model(name), device: .cpu)
    let rows = try #require(fixture.rows)
    let tokens = Tensor(fixture.tokens, shape: [2, 12], device: .cpu)
    var answers = Array(fixture.tokens.dropFirst()) + [0]
    var end = 0
    for length in rows.joined() {
      end += length
      answers[end - 1] = PackedText.nothing
    }
    let labels = Tensor(answers, shape: [2, 12], device: .cpu)
    try Self.check(model, fixture.losses) {
      crossEntropy(
        model.logits(tokens, packing: SequencePacking(rows, device: .cpu)), labels,
        ignoredIndex: Int(PackedText.nothing))
    }
  }

  @Test("A document in a row knows nothing of its neighbours", arguments: ["gpt2", "llama"])
  func apart(_ name: String) throws {
    let model: any PackingModel =
      name == "gpt2"
      ? try GPT2.pretrained(Self.model(name), device: .cpu)
      : try Llama.pretrained(Self.model(name), device: .cpu)
    let packing = SequencePacking([[4, 5, 3]], device: .cpu)
    func scores(_ changed: ClosedRange<Int>? = nil) throws -> [Float] {
      let tokens = (0..<12).map { (place: Int) -> Int32 in
        let other = changed?.contains(place) == true ? 31 : 1
        return Int32((place * 7 + other) % 60 + 1)
      }
      let row = Tensor(tokens, shape: [1, 12], device: .cpu)
      return try model.logits(row, packing: packing).scalars(as: Float.self)
    }
    let plain = try scores()
    let other = try scores(4...8)
    let width = plain.count / 12
    #expect(plain[..<(4 * width)] == other[..<(4 * width)] && plain[(9 * width)...] == other[(9 * width)...])
    #expect(plain[(4 * width)..<(9 * width)] != other[(4 * width)..<(9 * width)])
    // And is computed as if it stood alone.
    let tokens = (4..<9).map { Int32(($0 * 7 + 1) % 60 + 1) }
    let alone = try model.logits(Tensor(tokens, shape: [1, 5], device: .cpu)).scalars(as: Float.self)
    for (found, right) in zip(plain[(4 * width)..<(9 * width)], alone) { #expect(abs(found - right) < 2e-5) }
  }

  // MARK: Runs

  /// Sentences of which each word tells the next.
  private static func corpus() throws -> TextCorpus {
    let chains = [
      ["ann", "sees", "red", "apples"], ["bob", "buys", "old", "books"], ["eve", "eats", "hot", "soup"],
    ]
    return try TextCorpus(
      (0..<150).map { number in
        (0..<3).map { chains[(number * 5 + $0 * ($0 + number)) % 3].joined(separator: " ") }
          .joined(separator: " ") + " \(["now", "then"][number % 2]) \(number)"
      })
  }

  private static func bert(_ vocabulary: Int, positions: Int = 32) throws -> ConfigurationValues {
    try ConfigurationValues(
      json: """
        {"model_type": "bert", "vocab_size": \(vocabulary), "hidden_size": 32, "num_hidden_layers": 1,
         "num_attention_heads": 2, "intermediate_size": 48, "max_position_embeddings": \(positions),
         "type_vocab_size": 2, "hidden_act": "gelu", "hidden_dropout_prob": 0.1}
        """)
  }

  private static func gpt(_ vocabulary: Int) throws -> ConfigurationValues {
    try ConfigurationValues(
      json: """
        {"model_type": "gpt2", "vocab_size": \(vocabulary), "n_embd": 32, "n_layer": 1, "n_head": 2, "n_positions": 32,
         "eos_token_id": 0}
        """)
  }

  private static func plan(_ objective: PretrainingPlan.Objective) -> PretrainingPlan {
    var plan = PretrainingPlan(objective)
    (plan.epochs, plan.batchSize, plan.learningRate, plan.length) = (12, 8, 1e-2, 24)
    (plan.validationShare, plan.testShare) = (0.1, 0.1)
    return plan
  }

  private static func tokenizer(
    _ objective: PretrainingPlan.Objective, _ split: CorpusSplit
  ) throws -> Tokenizer {
    objective == .mlm
      ? try WordPieceTrainer(vocabularySize: 80).train(split.training)
      : try BPETrainer(vocabularySize: 320).train(split.training)
  }

  private static func run(
    _ plan: PretrainingPlan, _ split: CorpusSplit, _ folder: String, base: String? = nil
  ) throws -> Pretraining {
    let tokenizer = try tokenizer(plan.objective, split)
    let configuration =
      plan.objective == .mlm ? try bert(tokenizer.vocabularySize) : try gpt(tokenizer.vocabularySize)
    return try Pretraining(
      plan, configuration: configuration, base: base, tokenizer: tokenizer, split, folder: folder,
      device: .cpu)
  }

  @Test(
    "A network learns what counting cannot tell, is stored, and is a base",
    arguments: PretrainingPlan.Objective.allCases)
  func learns(_ objective: PretrainingPlan.Objective) throws {
    let temporary = try TaggingFolder()
    let folder = "\(temporary.path)/run"
    let split = try CorpusSplit(Self.corpus(), validationShare: 0.1, testShare: 0.1)
    let pretraining = try Self.run(Self.plan(objective), split, folder)
    try pretraining.writeDescription()
    #expect(try pretraining.trainer.run() == .finished)
    let report = try pretraining.finish()
    #expect(report.perplexity < 0.7 * report.unigram, "\(report.text)")
    #expect((report.bigram != nil) == (objective == .lm))
    #expect(report.text.contains("sha256") && report.text.contains("from nothing"))
    let corpus = try String(contentsOfFile: "\(folder)/corpus.json", encoding: .utf8)
    #expect(corpus.contains("\"documents\" : 15"))
    // From there, once more: it begins where it ended.
    var plan = Self.plan(objective)
    (plan.epochs, plan.learningRate, plan.base) = (1, 1e-6, "run")
    let next = try Self.run(plan, split, "\(temporary.path)/next", base: "\(folder)/model")
    #expect(next.drawn.isEmpty)
    #expect(try next.trainer.run() == .finished)
    #expect(abs(try next.finish().loss - report.loss) < 1e-3)
    if objective == .mlm {
      for method in [TuningMethod.full, .frozen, .lora] {
        try Self.tune(method, base: "\(folder)/model", folder: "\(temporary.path)/\(method)")
      }
    } else {
      let generator = try TextGenerator(path: "\(folder)/model", device: .cpu)
      #expect(generator.tokenizer.vocabularySize == 320)
    }
  }

  /// A classifier on a base without a pooler, which is drawn, learned and stored with the head.
  private static func tune(_ method: TuningMethod, base: String, folder: String) throws {
    let texts = (0..<60).map { "\(["ann sees red apples", "bob buys old books"][$0 % 2]) \($0)" }
    let documents = try LabelledDocuments(texts: texts, labels: (0..<60).map { ["a", "b"][$0 % 2] })
    var plan = TextClassifierPlan(base: "tiny")
    plan.tuning = TuningSettings(method)
    (plan.epochs, plan.batchSize, plan.learningRate) = (3, 8, 1e-2)
    let training = try TextClassifierTraining(
      plan, base: base, DocumentSplit(documents), folder: folder, device: .cpu)
    try training.writeDescription()
    let isTrained = training.trainer.model.namedParameters.contains {
      $0.name.contains("pooler") && !$0.parameter.isFrozen
    }
    #expect(isTrained, "\(method)")
    #expect(try training.trainer.run() == .finished)
    let report = try training.finish()
    let again = try TextClassifierReport(
      of: TextClassifier(run: folder, device: .cpu), on: training.split.test)
    #expect(again.loss == report.loss, "\(method)")
  }

  @Test("A run that was stopped ends with the same bits", arguments: PretrainingPlan.Objective.allCases)
  func resumes(_ objective: PretrainingPlan.Objective) throws {
    let temporary = try TaggingFolder()
    let split = try CorpusSplit(Self.corpus(), validationShare: 0.1, testShare: 0.1)
    var plan = Self.plan(objective)
    plan.epochs = 2
    func whole(_ name: String, stopAt step: Int?) throws -> String {
      let folder = "\(temporary.path)/\(name)"
      if let step {
        let first = try Self.run(plan, split, folder)
        first.trainer.shouldStop = { first.trainer.step >= step }
        #expect(try first.trainer.run() == .stopped)
      }
      let last = try Self.run(plan, split, folder)
      if step != nil { #expect(try last.trainer.resume()) }
      #expect(try last.trainer.run() == .finished)
      _ = try last.finish()
      return "\(folder)/model/model.safetensors"
    }
    let plain = try Data(contentsOf: URL(fileURLWithPath: whole("plain", stopAt: nil)))
    let resumed = try Data(contentsOf: URL(fileURLWithPath: whole("resumed", stopAt: 7)))
    #expect(plain == resumed)
  }

  @Test("What cannot be trained is named")
  func refused() throws {
    let temporary = try TaggingFolder()
    let split = try CorpusSplit(Self.corpus(), validationShare: 0.1, testShare: 0.1)
    let words = try Self.tokenizer(.mlm, split), bytes = try Self.tokenizer(.lm, split)
    func fault(
      _ plan: PretrainingPlan, _ configuration: ConfigurationValues, _ tokenizer: Tokenizer
    ) -> String {
      message {
        _ = try Pretraining(
          plan, configuration: configuration, tokenizer: tokenizer, split, folder: temporary.path,
          device: .cpu)
      }
    }
    #expect(fault(Self.plan(.mlm), try Self.bert(30), words).contains("a vocabulary of 30 tokens"))
    #expect(fault(Self.plan(.mlm), try Self.bert(80, positions: 16), words).contains("at most 16"))
    #expect(fault(Self.plan(.mlm), try Self.bert(320), bytes).contains("no [MASK]"))
    #expect(fault(Self.plan(.lm), try Self.bert(320), bytes).contains("the type 'bert'"))
    #expect(fault(Self.plan(.mlm), try Self.gpt(80), words).contains("gpt2"))
    var plan = Self.plan(.lm)
    plan.learningRate = 0
    #expect(fault(plan, try Self.gpt(320), bytes).contains("learning rate is 0"))
  }
}
