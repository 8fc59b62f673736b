import Foundation
import Lathe
import LatheLanguage
import LatheData
import LatheNN
import LatheText
import LatheTraining
import Testing

import LatheTuning

/// What sentence encoders learn, against sentence-transformers, and their runs.
@Suite("Sentence encoders that learn")
struct SentenceEncoderTests {
  /// What scripts/make-sentence-fixtures.py wrote.
  private struct Fixture: Decodable {
    var first: [String], second: [String], third: [String]
    var scores: [Float]
    var pairs: [Double], triples: [Double], cosines: [Double]
  }

  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures")
  private static let base = fixtures.appendingPathComponent("language/sentences").path

  private static func check(
    _ expected: [Double], _ objective: any Objective, _ examples: SentenceExamples
  ) throws {
    let encoder = try SentenceEncoder(pretrained: base, device: .cpu)
    encoder.eval()
    let batches = try SentenceBatches(examples, encoder, pairsPerText: 1, seed: 0)
    let module = SentenceModule(encoder, first: batches.first)
    var random = SampleRandom(state: 0)
    let batch = ComparedTexts.collate(
      (0..<batches.count).map { batches.example(at: $0, random: &random) }, on: .cpu)
    // The pooler takes no part.
    let parameters = encoder.namedParameters.filter { !$0.name.contains("pooler") }.map(\.parameter)
    let optimizer = Adam(parameters, learningRate: 0.001, decoupledDecay: 0.01)
    for (step, value) in expected.enumerated() {
      let found = objective(module, batch).loss
      #expect(abs(Double(try found.item()) - value) < 2e-4 * max(1, value), "step \(step)")
      optimizer.step(found.gradients(of: parameters))
    }
  }

  @Test("Ten steps of ranking and of cosines as sentence-transformers")
  func losses() throws {
    let fixture = try JSONDecoder().decode(
      Fixture.self, from: Data(contentsOf: Self.fixtures.appendingPathComponent("sentence-losses.json")))
    let pairs = zip(fixture.first, fixture.second).map { [$0, $1] }
    try Self.check(fixture.pairs, RankingObjective(), SentenceExamples(pairs: pairs))
    let triples = zip(pairs, fixture.third).map { $0 + [$1] }
    try Self.check(fixture.triples, RankingObjective(), SentenceExamples(pairs: triples))
    try Self.check(
      fixture.cosines, CosineObjective(),
      SentenceExamples(pairs: zip(fixture.first, fixture.second).map { ($0, $1) }, scores: fixture.scores))
  }

  @Test("The same text elsewhere in a batch is no wrong answer")
  func sameTexts() throws {
    let encoder = try SentenceEncoder(pretrained: Self.base, device: .cpu)
    encoder.eval()
    let examples = try SentenceExamples(pairs: [
      ["the cat", "a dog"], ["the mat", "a dog"], ["a mat", "rain"],
    ])
    let batches = try SentenceBatches(examples, encoder, pairsPerText: 1, seed: 0)
    var random = SampleRandom(state: 0)
    let batch = ComparedTexts.collate((0..<3).map { batches.example(at: $0, random: &random) }, on: .cpu)
    let found = try RankingObjective()(SentenceModule(encoder, first: 0), batch).loss.item()
    // A float64 loop over cosines.
    func vectors(_ column: Int) throws -> [[Double]] {
      let values = try encoder.encode(examples.texts.map { $0[column] }).scalars(as: Float.self).map {
        Double($0)
      }
      return (0..<3).map { Array(values[$0 * encoder.width..<($0 + 1) * encoder.width]) }
    }
    let (first, second) = (try vectors(0), try vectors(1))
    func cosine(_ a: [Double], _ b: [Double]) -> Double {
      func product(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
      return product(a, b) / (product(a, a) * product(b, b)).squareRoot()
    }
    var loss = 0.0
    for row in 0..<3 {
      let columns = (0..<3).filter { $0 == row || examples.texts[$0][1] != examples.texts[row][1] }
      let sum = columns.reduce(0.0) { $0 + exp(cosine(first[row], second[$1]) / 0.05) }
      loss -= (cosine(first[row], second[row]) / 0.05 - log(sum)) / 3
    }
    #expect(abs(Double(found) - loss) < 1e-4)
  }

  @Test("Of labelled texts each is compared with as many of its class as of others")
  func pairsOfLabels() {
    let labels = ["a", "b", "a", "c", "b", "a"]
    let pairs = SentenceBatches.pairs(labels, 3, 7)
    // Class c has one text, which has no partner.
    #expect(pairs.count == 3 * (5 + 6))
    #expect(pairs.allSatisfy { ($0.2 == 1) == (labels[$0.0] == labels[$0.1]) && $0.0 != $0.1 })
    #expect(Set(pairs.filter { $0.0 == 0 && $0.2 == 1 }.map(\.1)).isSubset(of: [2, 5]))
  }

  // MARK: Files

  private static func read(_ text: String, _ name: String) throws -> SentenceExamples {
    let folder = try TaggingFolder()
    let path = "\(folder.path)/\(name)"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return try SentenceExamples(path: path)
  }

  @Test("Columns say what is known of the texts")
  func files() throws {
    let pairs = try Self.read("anchor,positive\na,b\nc,d\n", "x.csv")
    #expect(pairs.kind == .pairs && pairs.texts == [["a", "b"], ["c", "d"]])
    let triples = try Self.read(#"{"anchor": "a", "negative": "c", "positive": "b"}"# + "\n", "x.jsonl")
    #expect(triples.kind == .pairs && triples.texts == [["a", "b", "c"]])
    let scored = try Self.read("sentence1\tsentence2\tscore\na\tb\t0.5\n", "x.tsv")
    #expect(scored.kind == .scored && scored.scores == [0.5])
    let labelled = try Self.read("good\ta \"film\nbad\tb\n", "x.tsv")
    #expect(
      labelled.kind == .labelled && labelled.texts == [["a \"film"], ["b"]]
        && labelled.labels == ["good", "bad"])
    #expect(try Self.read("good\ta\n", "x.txt").kind == .labelled)
    #expect(try Self.read("text,label\na,b\n", "x.csv").kind == .labelled)
    #expect(try Self.read("text\na\nb\n", "x.csv").kind == .texts)
    #expect(try Self.read("a\n\nb\n", "x.txt").texts == [["a"], ["b"]])
  }

  @Test(
    "What cannot be used is named",
    arguments: [
      ("a,b\nc,d\n", "x.csv", "columns a, b; there must be anchor"),
      ("sentence1,sentence2,score\na,b,c\n", "x.csv", "row 1: score 'c' is no number"),
      ("sentence1,sentence2,score\na,b,0.1\na,b,4.5\n", "x.csv", "row 2: a score of 4.5"),
      ("anchor,positive\na,\n", "x.csv", "row 1: no value in column 'positive'"),
      ("", "x.txt", "an empty file"),
    ])
  func badFiles(_ text: String, _ name: String, _ message: String) {
    let error = #expect(throws: LatheError.self) { try Self.read(text, name) }
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }

  @Test("Shots are so many of each class, and first texts are in one part")
  func split() throws {
    let labels = (0..<90).map { ["a", "b", "c"][$0 % 3] }
    let documents = try LabelledDocuments(texts: (0..<90).map { "text \($0)" }, labels: labels)
    let split = try SentenceSplit(SentenceExamples(documents), shots: 4)
    #expect(split.training.count == 12 && split.test.count == 18 && split.validation == nil)
    #expect(
      Dictionary(grouping: split.training.labels ?? []) { $0 }.mapValues(\.count) == ["a": 4, "b": 4, "c": 4])
    #expect(throws: LatheError.self) { try SentenceSplit(SentenceExamples(documents), shots: 40) }
    let pairs = try SentenceExamples(pairs: (0..<60).map { ["q \($0 / 3)", "p \($0)"] })
    let parts = try SentenceSplit(pairs)
    let firsts = [parts.training, parts.test, try #require(parts.validation)].map {
      Set($0.texts.map { $0[0] })
    }
    #expect(firsts.map(\.count) == [14, 4, 2] && firsts[0].union(firsts[1]).isDisjoint(with: firsts[2]))
    #expect(throws: LatheError.self) { try SentenceSplit(pairs, shots: 2) }
    #expect(throws: LatheError.self) { try SentenceSplit(pairs, test: SentenceExamples(documents)) }
  }

  // MARK: Runs

  private static let animals = ["cat", "dog", "cat dog"], weather = ["rain", "sunny", "rain sunny"]
  private static let others = ["the", "a", "on", "that", "is", "very", "it", "was", "and"]

  /// Sentences about animals or the weather, each once.
  private static func sentences(_ count: Int) -> [(text: String, label: String)] {
    (0..<count).map { number in
      let words = [
        others[number % 9], others[number / 9 % 9], others[number / 5 % 9], others[number / 2 % 7],
      ]
      let isAnimal = number % 2 == 0
      let word = (isAnimal ? animals : weather)[number / 2 % 3]
      return ("\(words[0]) \(words[1]) \(word) \(words[2]) \(words[3])", isAnimal ? "animal" : "weather")
    }
  }

  private static func plan(_ method: TuningMethod = .full) -> SentenceEncoderPlan {
    var plan = SentenceEncoderPlan(base: base)
    plan.tuning = TuningSettings(method)
    (plan.epochs, plan.batchSize, plan.learningRate, plan.pairsPerText) = (4, 16, 5e-3, 10)
    return plan
  }

  @Test(
    "A few labels make a classifier, which a run stores; with an adapter its updates are in the weights",
    arguments: [TuningMethod.full, .lora])
  func fewShots(_ method: TuningMethod) throws {
    let folder = try TaggingFolder()
    let rows = Self.sentences(120)
    let documents = try LabelledDocuments(texts: rows.map(\.text), labels: rows.map(\.label))
      .withoutDuplicates().documents
    var plan = Self.plan(method)
    plan.shots = 8
    if method == .lora { (plan.learningRate, plan.tuning.dropout) = (2e-2, 0) }
    let split = try SentenceSplit(SentenceExamples(documents), shots: 8)
    let training = try SentenceEncoderTraining(
      plan, base: Self.base, split, folder: folder.path, device: .cpu)
    try training.writeDescription()
    #expect(training.exampleCount == 16 * 2 * 10)
    #expect(try training.trainer.run() == .finished)
    let report = try training.finish()
    let classification = try #require(report.classification)
    #expect(classification.confusion.accuracy > 0.9, "\(report.text)")
    #expect(report.text.contains("before training"))
    let classifier = try SentenceClassifier(run: folder.path, device: .cpu)
    let found = try classifier.probabilities(split.test.texts.map { $0[0] })
    let again = try TextClassifierReport(of: classifier, on: try #require(split.test.documents))
    #expect(found.count == split.test.count && again.confusion.counts == classification.confusion.counts)
    // As any program reads it that knows the layout.
    let read = try SentenceEncoder(pretrained: "\(folder.path)/model", device: .cpu)
    let (a, b) = (try read.encode(["the cat"]), try classifier.encoder.encode(["the cat"]))
    #expect(try a.scalars(as: Float.self) == b.scalars(as: Float.self))
  }

  @Test("Pairs are found, resumed with the same bits; texts alone spread out; scores are followed")
  func kinds() throws {
    let folder = try TaggingFolder()
    let animals = Self.sentences(160).filter { $0.label == "animal" }.map(\.text)
    let weather = Self.sentences(160).filter { $0.label == "weather" }.map(\.text)
    let pairs = try SentenceExamples(pairs: zip(animals, weather).map { [$0, $1] })
    func training(_ name: String) throws -> SentenceEncoderTraining {
      try SentenceEncoderTraining(
        Self.plan(), base: Self.base, SentenceSplit(pairs), folder: "\(folder.path)/\(name)", device: .cpu)
    }
    let whole = try training("whole")
    _ = try whole.trainer.run()
    let report = try whole.finish()
    #expect(try #require(report.end.recallAt10) >= #require(report.start.recallAt10), "\(report.text)")
    let first = try training("stopped")
    first.trainer.shouldStop = { first.trainer.step >= 2 }
    #expect(try first.trainer.run() == .stopped)
    let second = try training("stopped")
    #expect(try second.trainer.resume() && second.trainer.run() == .finished)
    _ = try second.finish()
    func bytes(_ name: String) throws -> Data {
      try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(name)/model/model.safetensors"))
    }
    #expect(try bytes("whole") == bytes("stopped"))

    var plan = Self.plan()
    plan.learningRate = 1e-3
    let texts = try SentenceEncoderTraining(
      plan, base: Self.base, SentenceSplit(SentenceExamples(texts: animals + weather)),
      folder: "\(folder.path)/texts", device: .cpu)
    _ = try texts.trainer.run()
    let spread = try texts.finish()
    #expect(try #require(spread.end.uniformity) < #require(spread.start.uniformity), "\(spread.text)")

    let mixed = zip(animals, weather).enumerated().map { number, pair in
      number % 2 == 0 ? pair : (pair.0, animals[(number + 2) % animals.count])
    }
    plan = Self.plan()
    plan.epochs = 15
    let scored = try SentenceEncoderTraining(
      plan, base: Self.base,
      SentenceSplit(SentenceExamples(pairs: mixed, scores: mixed.indices.map { $0 % 2 == 0 ? 0 : 1 })),
      folder: "\(folder.path)/scored", device: .cpu)
    _ = try scored.trainer.run()
    let followed = try scored.finish()
    #expect(
      try #require(followed.end.spearman) > 0.5 + #require(followed.start.spearman), "\(followed.text)")
  }

  @Test("Ranks of equal values are their mean; rivals of the same text do not count")
  func ranks() {
    #expect(abs(SentenceScores.spearman([1, 2, 2, 4], [1, 3, 2, 4]) - 0.9486832980505138) < 1e-12)
    #expect(SentenceScores.spearman([1, 1], [1, 2]) == 0)
    let unit: [[Float]] = [[1, 0], [0, 1], [0.6, 0.8]]
    #expect(SentenceScores.ranks(unit, [[0.6, 0.8], [1, 0], [1, 0]], ["a", "b", "b"]) == [3, 2, 2])
  }

  @Test("What cannot be is refused with words")
  func refused() throws {
    let folder = try TaggingFolder()
    let rows = Self.sentences(40)
    let split = try SentenceSplit(SentenceExamples(texts: Set(rows.map(\.text)).sorted()))
    func message(_ change: (inout SentenceEncoderPlan) -> Void) -> String {
      var plan = Self.plan()
      change(&plan)
      do {
        _ = try SentenceEncoderTraining(plan, base: Self.base, split, folder: folder.path, device: .cpu)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message { $0.tuning.method = .frozen }.contains("full, lora or dora, not by frozen"))
    #expect(message { $0.temperature = 0 }.contains("temperature is 0"))
    #expect(message { $0.pairsPerText = 0 }.contains("compared with 0"))
    #expect(throws: LatheError.self) { try SentenceClassifier(run: folder.path, device: .cpu) }
  }
}
