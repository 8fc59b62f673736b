import DataTestSupport
import Foundation
import Lathe
import LatheLanguage
import LatheText
import Testing

/// Vectors of sentences are those of sentence-transformers.
@Suite("Sentence encoders")
struct EncoderSentenceTests {
  private static let modes: [(SentencePooling, String)] = SentencePooling.allCases.filter {
    $0 != .weightedMean
  }
  .map { ($0, $0.rawValue) }

  @Test("Every way of pooling, in batches of any size, in the order given", arguments: modes)
  func pooling(_ mode: SentencePooling, _ key: String) throws {
    let fixture = try LanguageFixture("sentences")
    let encoder = try SentenceEncoder(
      pretrained: fixture.folder, pooling: mode, normalizes: false, device: .cpu)
    let texts = fixture.texts("sentences")
    for size in [1, 3, 32] {
      let vectors = try encoder.encode(texts, batchSize: size)
      #expect(vectors.shape == [texts.count, 32])
      #expect(difference(try vectors.scalars(), fixture.values(key)) < 1e-4)
    }
  }

  @Test("The folder says how to pool, to cut and to normalise")
  func folder() throws {
    let fixture = try LanguageFixture("sentences")
    let encoder = try SentenceEncoder(pretrained: fixture.folder, device: .cpu)
    #expect(
      encoder.pooling == [.mean] && encoder.steps.count == 1 && encoder.longestText == 16
        && encoder.width == 32)
    let texts = fixture.texts("sentences")
    #expect(encoder.prompts.texts.isEmpty)
    let tokens = try encoder.tokenizer.encode(batch: texts).map(\.ids)
    #expect(tokens == fixture.rows("input_ids"))
    let mean = fixture.values("mean")
    let expected = stride(from: 0, to: mean.count, by: 32).flatMap { start -> [Float] in
      let row = mean[start..<start + 32]
      let length = row.map { $0 * $0 }.reduce(0, +).squareRoot()
      return row.map { $0 / length }
    }
    #expect(difference(try encoder.encode(texts).scalars(), expected) < 1e-4)
    #expect(difference(try encoder.encode(texts[1]).scalars(), Array(expected[32..<64])) < 1e-4)
    #expect(try encoder.encode([]).shape == [0, 32])
  }

  @Test("A text without a token is a vector of zeros", arguments: SentencePooling.allCases)
  func nothing(_ mode: SentencePooling) throws {
    let states = Tensor(Array(1...12).map { Float($0) }, shape: [2, 2, 3], device: .cpu)
    let pooled = try mode(states, lengths: [0, 1]).scalars(as: Float.self)
    #expect(pooled == [0, 0, 0, 7, 8, 9])
  }

  /// A copy of the fixture's folder with one file changed.
  private func changed(_ name: String, _ text: String) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let source = try LanguageFixture("sentences").folder
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/1_Pooling", withIntermediateDirectories: false)
    for file in [
      "config.json", "model.safetensors", "tokenizer.json", "modules.json", "1_Pooling/config.json",
    ] {
      try folder.write(Array(Data(contentsOf: URL(fileURLWithPath: "\(source)/\(file)"))), file)
    }
    try folder.write(Array(text.utf8), name)
    return folder
  }

  @Test("Several ways of pooling stand behind each other")
  func several() throws {
    let folder = try changed("1_Pooling/config.json", "{\"pooling_mode\": \"max+cls\"}")
    let encoder = try SentenceEncoder(pretrained: folder.path, normalizes: false, device: .cpu)
    #expect(encoder.pooling == [.max, .cls] && encoder.width == 64 && encoder.longestText == 24)
    let fixture = try LanguageFixture("sentences")
    let found = try encoder.encode("cats").scalars(as: Float.self)
    #expect(
      difference(found, Array(fixture.values("max")[128..<160] + fixture.values("cls")[128..<160])) < 1e-4)
  }

  @Test(
    "What a folder says wrong is an error that names it",
    arguments: [
      ("modules.json", "{}", "modules.json: is an object, expected a list"),
      ("modules.json", "[]", "the first module is not a Transformer"),
      (
        "modules.json", "[{\"type\": \"a.Transformer\", \"path\": \"../x\"}]",
        "'[0].path': '../x' is not in the model's folder"
      ),
      (
        "modules.json",
        "[{\"type\": \"a.Transformer\"}, {\"type\": \"a.Pooling\", \"path\": \"1_Pooling\"}, {\"type\": \"a.CNN\"}]",
        "the module 'CNN' is not supported"
      ),
      (
        "1_Pooling/config.json", "{\"pooling_mode_median_tokens\": true}",
        "'pooling_mode_median_tokens': is not supported"
      ),
      (
        "1_Pooling/config.json", "{\"pooling_mode\": [\"median\"]}",
        "'pooling_mode': 'median' is not supported"
      ),
      ("1_Pooling/config.json", "{\"pooling_mode\": []}", "'pooling_mode': no way of pooling is chosen"),
      ("config_sentence_transformers.json", "{\"prompts\": {\"query\": 1}}", "'prompts.query' is a number"),
      (
        "config_sentence_transformers.json", "{\"default_prompt_name\": \"query\"}",
        "'default_prompt_name': there is no prompt 'query'"
      ),
      ("1_Pooling/config.json", "{}", "no way of pooling is chosen"),
      ("sentence_bert_config.json", "{\"max_seq_length\": 0}", "'max_seq_length': 0 is not positive"),
      (
        "sentence_bert_config.json", "{\"max_seq_length\": \"all\"}",
        "'max_seq_length' is a text, expected a whole number"
      ),
      ("tokenizer.json", "{", "tokenizer.json: "),
    ])
  func mistakes(_ file: String, _ text: String, _ expected: String) throws {
    let folder = try changed(file, text)
    let found = message { _ = try SentenceEncoder(pretrained: folder.path, device: .cpu) }
    #expect(found.contains(expected), "\(found)")
  }
}
