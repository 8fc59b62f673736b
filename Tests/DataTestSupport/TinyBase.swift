import Foundation
import LatheML

/// A pre-trained model of two narrow layers, and texts whose classes hang on single words.
package struct TinyBase {
  /// Its folder.
  package let folder: String

  private static let words = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "film", "is", "a", "and", "of", "with", "story",
    "good", "fine",
    "bright", "bad", "dull", "weak", "plot",
  ]

  /// A base that knows words of classes from another task, without its head.
  package init(in folder: String) throws {
    let first = try TinyBase(drawnIn: folder)
    let path = "\(folder)/first.tsv"
    try Self.lines(160, seed: 9).joined(separator: "\n").write(
      toFile: path, atomically: true, encoding: .utf8)
    var plan = TextClassifierPlan(base: "drawn")
    (plan.epochs, plan.batchSize, plan.learningRate) = (6, 8, 1e-2)
    let training = try TextClassifierTraining(
      plan, base: first.folder, DocumentSplit(LabelledDocuments(path: path)), folder: "\(folder)/first",
      device: .cpu)
    _ = try training.trainer.run()
    guard let model = training.trainer.model as? SequenceClassifier else {
      throw LatheError(.format, "no classifier")
    }
    try model.encoder.savePretrained(to: first.folder)
    self = first
  }

  private init(drawnIn folder: String) throws {
    self.folder = "\(folder)/base"
    let configuration = try ConfigurationValues(
      json: """
        {"model_type": "bert", "vocab_size": \(Self.words.count), "hidden_size": 16, "num_hidden_layers": 2,
         "num_attention_heads": 2, "intermediate_size": 24, "max_position_embeddings": 20, "type_vocab_size": 2,
         "hidden_act": "gelu", "layer_norm_eps": 1e-12, "hidden_dropout_prob": 0.1,
         "attention_probs_dropout_prob": 0.1, "id2label": {"0": "a", "1": "b"}}
        """)
    let model = try SequenceClassifier(
      configuration, from: LayerSource(generator: Generator(seed: 3), device: .cpu))
    // Larger than a network begins, as trained ones are.
    for (name, parameter) in model.namedParameters where name.hasSuffix("weight") && parameter.shape.rank == 2
    {
      parameter.value = parameter.value.detached() * 8
    }
    try model.savePretrained(to: self.folder)
    let vocabulary = "\(self.folder)/vocab.txt"
    try Self.words.joined(separator: "\n").write(toFile: vocabulary, atomically: true, encoding: .utf8)
    try Tokenizer(vocabularyText: vocabulary).write(to: "\(self.folder)/tokenizer.json")
  }

  /// Lines `label<TAB>text`.
  package static func lines(_ count: Int, seed: UInt64 = 1) -> [String] {
    var state = seed
    func next(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    let fillers = ["the", "film", "is", "a", "and", "of", "with", "story", "plot"]
    let marks = [["bad", "dull", "weak"], ["good", "fine", "bright"]]
    return (0..<count).map { number in
      var words = (0..<3 + next(8)).map { _ in fillers[next(fillers.count)] }
      words.insert(marks[number % 2][next(3)], at: next(words.count + 1))
      // The number keeps texts apart.
      return "\(number % 2 == 0 ? "neg" : "pos")\t\(words.joined(separator: " ")) \(number)"
    }
  }

  /// Lines `word tag` of sentences whose marking words are entities.
  package static func taggedLines(_ count: Int) -> [String] {
    let marks: Set = ["good", "fine", "bright", "bad", "dull", "weak"]
    return lines(count).flatMap { line in
      line.split(separator: "\t")[1].split(separator: " ").map { word in
        "\(word) \(marks.contains(String(word)) ? "B-MARK" : "O")"
      } + [""]
    }
  }
}
