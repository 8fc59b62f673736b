import Foundation
import Lathe
import LatheAdapters
import LatheLanguage
import LatheNN
import LatheText
import LatheTraining
import LatheTuning
import Testing

/// Fine-tuning a small encoder to tag words: it learns, is stored and loaded, and goes on where it stopped.
@Suite("Token classifiers")
struct TokenClassifierTests {
  private static func plan(_ method: TuningMethod, chain: Bool, scheme: TagScheme = .bio)
    -> TokenClassifierPlan
  {
    var plan = TokenClassifierPlan(base: "tiny")
    plan.tuning = TuningSettings(method)
    plan.tuning.rank = 4
    plan.tuning.dropout = 0.05
    (plan.usesChain, plan.scheme) = (chain, scheme)
    (plan.epochs, plan.batchSize, plan.learningRate) = (6, 8, 1e-2)
    return plan
  }

  @Test(
    "Every method learns, and its stored model gives the same",
    arguments: TuningMethod.allCases.map { ($0, $0 != .frozen) } + [(.full, false)])
  func learns(_ method: TuningMethod, chain: Bool) throws {
    let folder = try TaggingFolder()
    let base = try TaggingBase(in: folder.path), run = "\(folder.path)/run"
    let split = try TaggedSplit(TaggingBase.sentences(160))
    let training = try TokenClassifierTraining(
      Self.plan(method, chain: chain, scheme: method == .full ? .bioes : .bio), base: base.folder, split,
      folder: run, device: .cpu)
    try training.writeDescription()
    #expect(try training.trainer.run() == .finished)
    let history = training.trainer.history
    #expect((history.last?.trainLoss ?? 9) < 0.8 * (history.first?.trainLoss ?? 0))
    let report = try training.finish()
    #expect(
      report.entities.score(.micro).f1 > (method == .frozen ? 0.2 : method == .full ? 0.7 : 0.5),
      "\(report.text)")
    // The scheme is kept, so that strict entities are the same.
    #expect(report.strict == report.entities)
    let tagger = try TokenTagger(run: run, device: .cpu)
    let again = try TokenClassifierReport(of: tagger, on: split.test)
    #expect(again.confusion == report.confusion && again.entities == report.entities)
    let names = try FileManager.default.contentsOfDirectory(atPath: run)
    #expect(
      Set(names).isSuperset(of: [
        "tagging.json", "network.json", "tokenizer.json", "test-report.txt", "mistakes.jsonl",
      ]))
    #expect(names.contains("adapter") == method.hasAdapter)
    #expect(TokenClassifierPlan.isStored(in: run) && !TextClassifierPlan.isStored(in: run))
    guard method != .adapter, method != .pfeiffer else { return }
    let sentences = Array(split.test.words.prefix(6))
    let expected = try tagger.tags(sentences).map(\.tags)
    try tagger.writeMerged(to: "\(folder.path)/merged")
    let merged = try TokenClassifier.pretrained("\(folder.path)/merged", device: .cpu)
    #expect(merged.labels == tagger.tags)
    #expect(FileManager.default.fileExists(atPath: "\(folder.path)/merged/crf.safetensors") == chain)
    #expect(try tagger.tags(sentences).map(\.tags) == expected)
  }

  @Test(
    "A run that was stopped and goes on ends with the same bits", arguments: [TuningMethod.full, .adalora])
  func resumes(_ method: TuningMethod) throws {
    let folder = try TaggingFolder()
    let base = try TaggingBase(in: folder.path), split = try TaggedSplit(TaggingBase.sentences(60))
    var plan = Self.plan(method, chain: true)
    plan.epochs = 2
    func training(_ name: String) throws -> TokenClassifierTraining {
      try TokenClassifierTraining(
        plan, base: base.folder, split, folder: "\(folder.path)/\(name)", device: .cpu)
    }
    let whole = try training("whole")
    _ = try whole.trainer.run()
    let first = try training("parts")
    var steps = 0
    first.trainer.shouldStop = {
      steps += 1
      return steps > 7
    }
    #expect(try first.trainer.run() == .stopped)
    let second = try training("parts")
    #expect(try second.trainer.resume())
    #expect(try second.trainer.run() == .finished)
    for ((name, a), (_, b)) in zip(whole.trainer.model.state, second.trainer.model.state) {
      #expect(try a.scalars(as: Float.self) == b.scalars(as: Float.self), "\(name)")
    }
  }

  @Test("Long sentences are tagged in windows, and none of their words is lost")
  func windows() throws {
    let folder = try TaggingFolder()
    let base = try TaggingBase(in: folder.path)
    let short = try TaggingBase.sentences(60)
    let long = try TaggedSentences(
      words: short.words + [Array(short.words.prefix(8).joined())],
      tags: short.tags + [Array(short.tags.prefix(8).joined())])
    var plan = Self.plan(.full, chain: true)
    (plan.epochs, plan.length) = (1, 12)
    let training = try TokenClassifierTraining(
      plan, base: base.folder, TaggedSplit(long, validation: short, test: long), folder: "\(folder.path)/run",
      device: .cpu)
    try training.writeDescription()
    #expect(training.dividedCount > 0 && training.cutCount == 0)
    _ = try training.trainer.run()
    let report = try training.finish()
    #expect(report.confusion.total == long.wordCount)
    let tagger = try TokenTagger(run: "\(folder.path)/run", device: .cpu)
    for (words, answer) in zip(long.words, try tagger.tags(long.words)) {
      #expect(answer.tags.count == words.count && TagScheme.bio.firstProblem(answer.tags) == nil)
    }
  }

  @Test("Entities of running texts have their places")
  func texts() throws {
    let folder = try TaggingFolder()
    let base = try TaggingBase(in: folder.path), run = "\(folder.path)/run"
    let training = try TokenClassifierTraining(
      Self.plan(.full, chain: true), base: base.folder, TaggedSplit(TaggingBase.sentences(160)), folder: run,
      device: .cpu)
    try training.writeDescription()
    _ = try training.trainer.run()
    _ = try training.finish()
    let text = "é the man (Ann Smith) saw rome."
    let found = try TokenTagger(run: run, device: .cpu).entities(in: [text, "", " \u{200B} "])
    #expect(found[1].isEmpty && found[2].isEmpty)
    let scalars = Array(text.unicodeScalars)
    for entity in found[0] {
      #expect(String(String.UnicodeScalarView(scalars[entity.start..<entity.end])) == entity.text)
      #expect(entity.score > 0 && entity.score <= 1 + 1e-9)
    }
    #expect(found[0].contains { $0.text == "Ann Smith" && $0.type == "PER" && $0.start == 11 }, "\(found[0])")
    #expect(found[0].contains { $0.text == "rome" && $0.type == "LOC" }, "\(found[0])")
  }

  @Test("What cannot be is said with its place")
  func refused() throws {
    let folder = try TaggingFolder()
    let base = try TaggingBase(in: folder.path)
    let sentences = try TaggingBase.sentences(20)
    func training(_ plan: TokenClassifierPlan, _ sentences: TaggedSentences) -> String {
      message {
        _ = try TokenClassifierTraining(
          plan, base: base.folder, TaggedSplit(sentences, validation: sentences, test: sentences),
          folder: "\(folder.path)/none", device: .cpu)
      }
    }
    var plan = Self.plan(.full, chain: false)
    let lost = try TaggedSentences(
      words: sentences.words + [["ann", "\u{200B}\u{200D}", "saw"]],
      tags: sentences.tags + [["B-PER", "O", "O"]],
      source: "lost.conll")
    #expect(training(plan, lost).contains("lost.conll: sentence 21: the tokeniser leaves nothing of word 2"))
    plan.scheme = .iob1
    #expect(training(plan, sentences).contains("iob1 is only read"))
    plan.scheme = .bio
    (plan.usesChain, plan.labelSmoothing) = (true, 0.1)
    #expect(training(plan, sentences).contains("label smoothing"))
    plan.labelSmoothing = 0
    plan.tuning = TuningSettings(.lora)
    plan.tuning.rank = 0
    #expect(training(plan, sentences).contains("rank"))
    plan.tuning.rank = 2
    plan.tuning.targets = ["nothing"]
    #expect(training(plan, sentences).contains("nothing"))
    #expect(message { _ = try TokenTagger(run: folder.path) }.contains("tagging.json: not there"))
  }

  @Test("A warning where only the words' accuracy looks good")
  func warning() throws {
    let folder = try TaggingFolder()
    let base = try TaggingBase(in: folder.path), run = "\(folder.path)/run"
    // One name among many other words.
    let rows = (0..<40).map { _ in ["the", "man", "saw", "a", "man", "near", "the", "man", "with", "ann"] }
    let tags = (0..<40).map { _ in Array(repeating: "O", count: 9) + ["B-PER"] }
    let sentences = try TaggedSentences(words: rows, tags: tags)
    var plan = Self.plan(.full, chain: false)
    (plan.epochs, plan.learningRate) = (1, 1e-9)
    let training = try TokenClassifierTraining(
      plan, base: base.folder, TaggedSplit(sentences), folder: run, device: .cpu)
    try training.writeDescription()
    // A head that says O whatever it sees.
    for (name, parameter) in training.trainer.model.namedParameters where name.hasPrefix("classifier") {
      parameter.value =
        name.hasSuffix("bias")
        ? Tensor([Float(9), 0, 0], device: .cpu) : parameter.value.detached() * Float(0)
    }
    let report = try training.finish()
    #expect(report.confusion.accuracy == 0.9 && report.entities.score(.micro).f1 == 0)
    #expect(report.warning?.contains("90.0 % of the words have their tag") == true)
    #expect(report.text.contains("words without O") && report.scores.tagF1 == 0)
    #expect(report.mistakes.first?.missed.first?.text == "ann")
  }
}
