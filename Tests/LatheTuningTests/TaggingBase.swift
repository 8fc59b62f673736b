import Foundation
import Lathe
import LatheLanguage
import LatheNN
import LatheText
import LatheTuning

/// A folder that is removed with it.
final class TaggingFolder {
  let path: String

  init() throws {
    path =
      FileManager.default.temporaryDirectory.appendingPathComponent("lathe-tagging-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A small drawn encoder, and sentences whose tags hang on single words.
struct TaggingBase {
  let folder: String

  private static let fillers = ["the", "man", "saw", "a", "and", "of", "with", "near"]
  private static let people = ["ann", "bob", "eve"], families = ["smith", "jones"], places = ["oslo", "rome"]

  init(in folder: String) throws {
    self.folder = "\(folder)/base"
    let words =
      ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "##s", "##ly", ".", "("]
      + Self.fillers + Self.people + Self.families + Self.places
    let configuration = try ConfigurationValues(
      json: """
        {"model_type": "bert", "vocab_size": \(words.count), "hidden_size": 16, "num_hidden_layers": 2,
         "num_attention_heads": 2, "intermediate_size": 24, "max_position_embeddings": 16, "type_vocab_size": 2,
         "hidden_act": "gelu", "layer_norm_eps": 1e-12, "hidden_dropout_prob": 0.1,
         "attention_probs_dropout_prob": 0.1}
        """)
    let model = try TextEncoder(configuration, from: LayerSource(generator: Generator(seed: 3), device: .cpu))
    // Larger than a network begins, as trained ones are.
    for (name, parameter) in model.namedParameters where name.hasSuffix("weight") && parameter.shape.rank == 2
    {
      parameter.value = parameter.value.detached() * 8
    }
    try model.savePretrained(to: self.folder)
    let vocabulary = "\(self.folder)/vocab.txt"
    try words.joined(separator: "\n").write(toFile: vocabulary, atomically: true, encoding: .utf8)
    try Tokenizer(vocabularyText: vocabulary).write(to: "\(self.folder)/tokenizer.json")
  }

  /// Sentences with people of one or two words, and places.
  static func sentences(_ count: Int, seed: UInt64 = 1) throws -> TaggedSentences {
    var state = seed
    func next(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    var words: [[String]] = [], tags: [[String]] = []
    for _ in 0..<count {
      var row: [(String, String)] = []
      for _ in 0..<2 + next(4) {
        row += (0..<next(3)).map { _ in (fillers[next(fillers.count)], "O") }
        switch next(3) {
        case 0: row.append((places[next(2)], "B-LOC"))
        case 1: row += [(people[next(3)], "B-PER"), (families[next(2)], "I-PER")]
        default: row.append((people[next(3)] + (next(4) == 0 ? "s" : ""), "B-PER"))
        }
        row.append((fillers[next(fillers.count)], "O"))
      }
      words.append(row.map(\.0))
      tags.append(row.map(\.1))
    }
    return try TaggedSentences(words: words, tags: tags)
  }
}
