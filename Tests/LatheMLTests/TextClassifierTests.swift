import DataTestSupport
import Foundation
import LatheML
import Testing

/// Fine-tuning a small encoder: every method learns, is stored and loaded, and goes on where it stopped.
@Suite("Text classifiers")
struct TextClassifierTests {
  private static func plan(_ method: TuningMethod) -> TextClassifierPlan {
    var plan = TextClassifierPlan(base: "tiny")
    plan.tuning = TuningSettings(method)
    plan.tuning.rank = 4
    plan.tuning.dropout = 0.05
    plan.epochs = 6
    plan.batchSize = 8
    plan.learningRate = 1e-2
    return plan
  }

  private static func split(_ folder: String, count: Int = 240) throws -> DocumentSplit {
    let path = "\(folder)/texts.tsv"
    try TinyBase.lines(count).joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    return try DocumentSplit(LabelledDocuments(path: path))
  }

  @Test("Every method learns, and its stored model gives the same", arguments: TuningMethod.allCases)
  func learns(_ method: TuningMethod) throws {
    let temporary = try TemporaryFolder()
    let folder = temporary.path
    let base = try TinyBase(in: folder), split = try Self.split(folder), run = "\(folder)/run"
    let training = try TextClassifierTraining(
      Self.plan(method), base: base.folder, split, folder: run, device: .cpu)
    try training.writeDescription()
    #expect(try training.trainer.run() == .finished)
    let report = try training.finish()
    #expect(report.confusion.accuracy > 0.85, "\(report.text)")
    #expect(report.baseline == 0.5)
    let classifier = try TextClassifier(run: run, device: .cpu)
    let again = try TextClassifierReport(of: classifier, on: split.test)
    #expect(again.confusion == report.confusion)
    #expect(again.loss == report.loss)
    #expect(
      report.mistakes.count == report.confusion.total
        - (0..<2).reduce(0) { $0 + report.confusion.counts[$1][$1] })
    guard method.hasAdapter else { return }
    // The adapter's own files on the base give the same, too.
    let model = try SequenceClassifier.pretrained(
      base.folder, labels: split.classes, newLayers: ["classifier"], device: .cpu)
    try ModelAdapters(of: model).load(from: "\(run)/adapter")
    let texts = Array(split.test.texts.prefix(8))
    let expected = try classifier.probabilities(texts)
    let tokens = try texts.map { try classifier.tokenizer.encode($0).ids }
    for (row, ids) in zip(expected, tokens) {
      let logits = model([NamedTensors.inputs: Tensor(ids, shape: [1, ids.count], device: .cpu)])[
        NamedTensors.output]
      let found: [Float] = try logits.softmax(axis: -1).scalars()
      #expect(zip(found, row).allSatisfy { abs($0 - $1) < 1e-4 })
    }
    guard method != .adapter, method != .pfeiffer else {
      #expect(message { try classifier.writeMerged(to: "\(folder)/merged") }.contains("cannot be merged"))
      return
    }
    try classifier.writeMerged(to: "\(folder)/merged")
    let merged = try SequenceClassifier.pretrained("\(folder)/merged", device: .cpu)
    #expect(merged.labels == ["neg", "pos"])
    let ids = tokens[0]
    let logits = merged([NamedTensors.inputs: Tensor(ids, shape: [1, ids.count], device: .cpu)])[
      NamedTensors.output]
    let found: [Float] = try logits.softmax(axis: -1).scalars()
    #expect(zip(found, expected[0]).allSatisfy { abs($0 - $1) < 1e-4 })
    withExtendedLifetime(temporary) {}
  }

  @Test(
    "A run that was stopped and goes on ends with the same bits",
    arguments: [TuningMethod.full, .lora, .adalora])
  func resumes(_ method: TuningMethod) throws {
    let temporary = try TemporaryFolder()
    let folder = temporary.path
    let base = try TinyBase(in: folder), split = try Self.split(folder, count: 80)
    var plan = Self.plan(method)
    plan.epochs = 2
    func training(_ name: String) throws -> TextClassifierTraining {
      try TextClassifierTraining(plan, base: base.folder, split, folder: "\(folder)/\(name)", device: .cpu)
    }
    let whole = try training("whole")
    _ = try whole.trainer.run()
    let first = try training("parts")
    var steps = 0
    first.trainer.shouldStop = {
      steps += 1
      return steps > 9
    }
    #expect(try first.trainer.run() == .stopped)
    let second = try training("parts")
    #expect(try second.trainer.resume())
    #expect(try second.trainer.run() == .finished)
    for ((name, a), (_, b)) in zip(whole.trainer.model.state, second.trainer.model.state) {
      #expect(try a.scalars(as: Float.self) == b.scalars(as: Float.self), "\(name)")
    }
    withExtendedLifetime(temporary) {}
  }

  @Test("Frozen weights are the base's to the bit")
  func frozen() throws {
    let temporary = try TemporaryFolder()
    let folder = temporary.path
    let base = try TinyBase(in: folder), split = try Self.split(folder, count: 60)
    for method in [TuningMethod.frozen, .lora] {
      let training = try TextClassifierTraining(
        Self.plan(method), base: base.folder, split, folder: "\(folder)/\(method)", device: .cpu)
      _ = try training.trainer.run()
      let plain = try SequenceClassifier.pretrained(
        base.folder, labels: split.classes, newLayers: ["classifier"], device: .cpu)
      let before = Dictionary(uniqueKeysWithValues: plain.state)
      var compared = 0
      for (name, tensor) in training.trainer.model.state {
        let name = name.replacing(".base_layer", with: "")
        guard name.hasPrefix("bert."), let other = before[name] else { continue }
        #expect(try tensor.scalars(as: Float.self) == other.scalars(as: Float.self), "\(name)")
        compared += 1
      }
      #expect(compared == before.count - 2)
    }
    withExtendedLifetime(temporary) {}
  }

  @Test("Documents that cannot be used are refused with file and line")
  func documents() throws {
    let temporary = try TemporaryFolder()
    let folder = temporary.path
    func read(_ text: String, _ name: String = "t.tsv") -> String {
      let path = "\(folder)/\(name)"
      return message {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        _ = try DocumentSplit(LabelledDocuments(path: path), seed: 1)
      }
    }
    #expect(read("a\tx\nb\ty\tz\n").contains("line 2: 3 fields"))
    #expect(read("a\tx\nb\n").contains("line 2: 1 fields"))
    #expect(read("a\tx\nb\t  \n").contains("line 2: an empty text"))
    #expect(read("").contains("an empty file"))
    #expect(read("a\tx\na\ty\n").contains("all labels are 'a'"))
    #expect(read("a\tx\na\ty\na\tz\nb\tw\n").contains("1 text of class 'b'"))
    #expect(read("label,text\na,x\n,y\n", "t.csv").contains("row 2: no value in column 'label'"))
    #expect(read("kind,text\na,x\n", "t.csv").contains("label"))
    let rows = (0..<20).map { "\"\($0 % 2 == 0 ? "a" : "b")\",\"text, \($0)\"" }
    #expect(read((["label,text"] + rows).joined(separator: "\n"), "t.csv") == "")
    let documents = try LabelledDocuments(path: "\(folder)/t.csv")
    #expect(documents.texts[3] == "text, 3" && documents.labels[3] == "b")
    let split = try DocumentSplit(documents, validationShare: 0.2, testShare: 0.2, seed: 5)
    let parts = [split.training, split.validation, split.test].map { Set($0.texts) }
    #expect(parts.reduce(0) { $0 + $1.count } == 20 && parts[0].isDisjoint(with: parts[2]))
    let other = try LabelledDocuments(texts: ["x"], labels: ["c"])
    #expect(message { _ = try DocumentSplit(documents, test: other) }.contains("class 'c'"))
    let doubled = try LabelledDocuments(texts: ["x", "y", "x", "x"], labels: ["a", "b", "b", "a"])
    let (kept, removed, contradicting) = doubled.withoutDuplicates()
    #expect(kept.count == 2 && removed == 2 && contradicting == 1)
    withExtendedLifetime(temporary) {}
  }
}
