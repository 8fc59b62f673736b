import Foundation
import Lathe
import LatheLanguage
import LatheNN
import LatheText
import LatheTraining
import LatheTuning
import Testing

/// Classes of pairs of texts: what matters is which text a word stands in.
@Suite("Pairs of texts")
struct PairClassifierTests {
  /// Pairs of which the first or the second has a name.
  private static func documents(_ count: Int) throws -> LabelledDocuments {
    let fillers = ["the man saw", "a man near the", "of the man and", "with a"]
    let names = ["ann", "bob", "eve", "oslo", "rome"]
    var texts: [String] = [], pairs: [String] = [], labels: [String] = []
    for place in 0..<count {
      let named = "\(fillers[place / 5 % 4]) \(names[place % 5])", plain = fillers[place / 20 % 4]
      let isFirst = place / 2 % 2 == 0
      texts.append(isFirst ? named : plain)
      pairs.append((isFirst ? plain : named) + String(repeating: " the", count: place / 80))
      labels.append(isFirst ? "first" : "second")
    }
    return try LabelledDocuments(texts: texts, pairs: pairs, labels: labels)
  }

  @Test("Pairs are learned from, stored and told apart with the types of their tokens")
  func learns() throws {
    let folder = try TaggingFolder()
    let base = try TaggingBase(in: folder.path), run = "\(folder.path)/run"
    var plan = TextClassifierPlan(base: "tiny")
    (plan.epochs, plan.batchSize, plan.learningRate, plan.pairColumn) = (8, 8, 1e-2, "text_pair")
    let split = try DocumentSplit(Self.documents(200).withoutDuplicates().documents)
    let training = try TextClassifierTraining(plan, base: base.folder, split, folder: run, device: .cpu)
    try training.writeDescription()
    _ = try training.trainer.run()
    let report = try training.finish()
    #expect(report.confusion.accuracy > 0.8, "\(report.text)")
    let classifier = try TextClassifier(run: run, device: .cpu)
    let (first, second) = (["the man saw ann"], ["with a"])
    let there = try classifier.probabilities(first, pairs: second)
    // By hand: the template's tokens and types.
    let encoding = try classifier.tokenizer.encode(first[0], pair: second[0])
    #expect(encoding.typeIDs.contains(1))
    let shape: Shape = [1, encoding.count]
    let logits = classifier.model([
      NamedTensors.inputs: Tensor(encoding.ids, shape: shape, device: .cpu),
      TextEncoder.Name.types: Tensor(encoding.typeIDs, shape: shape, device: .cpu),
    ])[NamedTensors.output]
    let found: [Float] = try logits.softmax(axis: -1).scalars()
    #expect(zip(found, there[0]).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(
      message { _ = try classifier.probabilities(first, pairs: []) }.contains("1 texts and 0 second ones"))
  }

  @Test("Pairs are read from the columns of a table")
  func files() throws {
    let folder = try TaggingFolder()
    let path = "\(folder.path)/pairs.csv"
    func read(_ text: String, pair: String = "text_pair") throws -> LabelledDocuments {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      return try LabelledDocuments(path: path, pair: pair)
    }
    let found = try read("text,text_pair,label\na,b,x\na,c,y\na,b,x\n")
    #expect(found.pairs == ["b", "c", "b"] && found.texts == ["a", "a", "a"])
    let (kept, removed, contradicting) = found.withoutDuplicates()
    #expect(kept.pairs == ["b", "c"] && removed == 1 && contradicting == 0)
    #expect(
      message { _ = try read("text,text_pair,label\na,,x\n") }.contains(
        "row 1: no value in column 'text_pair'"))
    #expect(message { _ = try read("text,label\na,x\n") }.contains("text_pair"))
    #expect(message { _ = try read("text,label\na,x\n", pair: "text") }.contains("name another"))
  }
}
