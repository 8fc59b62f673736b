import DataTestSupport
import Foundation
import Lathe
import LatheFormats
import LatheLanguage
import LatheNN
import Testing

/// Files of encoders: written and read again, with old names, and wrong ones.
@Suite("Files of encoders")
struct EncoderFileTests {
  /// The scores of a fixture's inputs.
  private func scores(_ model: some NamedModule, _ fixture: LanguageFixture) throws -> [Float] {
    try model(EncoderTests.inputs(fixture))[NamedTensors.output].scalars()
  }

  @Test(
    "What is saved is what was there",
    arguments: ["bert-sequence", "roberta-sequence", "distilbert-sequence"])
  func saved(_ name: String) throws {
    let (fixture, folder) = (try LanguageFixture(name), try TemporaryFolder())
    let model = try SequenceClassifier.pretrained(fixture.folder, device: .cpu)
    try model.savePretrained(to: "\(folder.path)/inner")
    let names = try WeightReader(path: "\(folder.path)/inner").specs.mapValues(\.shape)
    #expect(names == (try WeightReader(path: fixture.folder).specs.mapValues(\.shape)))
    let again = try SequenceClassifier.pretrained("\(folder.path)/inner", device: .cpu)
    #expect(again.labels == model.labels)
    #expect(try scores(again, fixture) == scores(model, fixture))
    let values = try ConfigurationValues(path: "\(folder.path)/inner/config.json")
    #expect(try values.texts("architectures") == [model.architecture] && values.text("dtype") == "float32")
  }

  @Test(
    "T5 and masked language models keep one table for two uses", arguments: ["t5", "t5-gated", "roberta"])
  func tied(_ name: String) throws {
    let (fixture, folder) = (try LanguageFixture(name), try TemporaryFolder())
    if name == "roberta" {
      try MaskedLanguageModel.pretrained(fixture.folder, device: .cpu).savePretrained(to: folder.path)
    } else {
      try T5.pretrained(fixture.folder, device: .cpu).savePretrained(to: folder.path)
    }
    let names = try Set(WeightReader(path: folder.path).specs.keys)
    #expect(names == (try Set(WeightReader(path: fixture.folder).specs.keys)))
  }

  @Test("Old names: without the base, gamma and beta, counted positions, copies of tied weights")
  func oldNames() throws {
    let (fixture, folder) = (try LanguageFixture("bert"), try TemporaryFolder())
    let reader = try WeightReader(path: fixture.folder)
    var tensors: [(name: String, tensor: Tensor)] = []
    for name in reader.specs.keys.sorted() {
      let base = name.hasPrefix("bert.") ? String(name.dropFirst(5)) : name
      let isNorm = base.contains("LayerNorm")
      let old =
        isNorm
        ? base.replacing("LayerNorm.weight", with: "LayerNorm.gamma").replacing(
          "LayerNorm.bias", with: "LayerNorm.beta") : base
      tensors.append((old, try #require(try reader.tensor(name))))
    }
    tensors.append(("embeddings.position_ids", Tensor.arange(24, dtype: .int64, device: .cpu).unsqueezed(0)))
    tensors.append(
      (
        "cls.predictions.decoder.weight",
        try #require(try reader.tensor("bert.embeddings.word_embeddings.weight"))
      ))
    try WeightFile.write(tensors, to: "\(folder.path)/model.safetensors")
    try FileManager.default.copyItem(
      atPath: "\(fixture.folder)/config.json", toPath: "\(folder.path)/config.json")
    let model = try MaskedLanguageModel.pretrained(folder.path, device: .cpu)
    let found = try kept(model(EncoderTests.inputs(fixture))[NamedTensors.output], fixture.lengths)
    #expect(difference(found, fixture.values("prediction_logits")) < 1e-4)
    _ = try TextEncoder.pretrained(folder.path, device: .cpu)
  }

  @Test("A new head is drawn where the caller says so, and only there")
  func newHeads() throws {
    let fixture = try LanguageFixture("bert")
    let missing = message { _ = try SequenceClassifier.pretrained(fixture.folder, device: .cpu) }
    #expect(missing.contains("it lacks classifier.bias, classifier.weight"), "\(missing)")
    // Heads of other tasks may be there.
    #expect(!missing.contains("cls.predictions"), "\(missing)")
    let token = try LanguageFixture("bert-token")
    let model = try TokenClassifier.pretrained(
      token.folder, labels: ["O", "B", "I", "E", "S"], newLayers: ["classifier"],
      generator: Generator(seed: 2),
      device: .cpu)
    #expect(model.labels.count == 5)
    #expect(model(EncoderTests.inputs(token))[NamedTensors.output].shape == [3, 9, 5])
    let kept = message {
      _ = try TokenClassifier.pretrained(token.folder, labels: ["a", "b", "c", "d"], device: .cpu)
    }
    #expect(kept.contains("classifier.weight is float16 [3, 32], expected float32 [4, 32]"), "\(kept)")
  }

  @Test("Missing, surplus and misshapen weights are listed")
  func mistakes() throws {
    let (fixture, folder) = (try LanguageFixture("distilbert-sequence"), try TemporaryFolder())
    let reader = try WeightReader(path: fixture.folder)
    var tensors: [(name: String, tensor: Tensor)] = []
    for name in reader.specs.keys.sorted() where !name.hasSuffix("lin1.bias") {
      let tensor = try #require(try reader.tensor(name))
      tensors.append(
        (name, name.hasSuffix("1.attention.q_lin.weight") ? tensor.sliced(axis: 0, from: 0, to: 8) : tensor))
    }
    tensors.append(("distilbert.extra", .zeros([2], device: .cpu)))
    try WeightFile.write(tensors, to: "\(folder.path)/model.safetensors")
    try FileManager.default.copyItem(
      atPath: "\(fixture.folder)/config.json", toPath: "\(folder.path)/config.json")
    let found = message { _ = try SequenceClassifier.pretrained(folder.path, device: .cpu) }
    for part in [
      "it lacks distilbert.transformer.layer.0.ffn.lin1.bias", "it has distilbert.extra too many",
      "distilbert.transformer.layer.1.attention.q_lin.weight is float16 [8, 32], expected float32 [32, 32]",
    ] {
      #expect(found.contains(part), "\(found)")
    }
  }

  @Test(
    "A broken configuration is an error that names the key",
    arguments: [
      (
        "\"model_type\": \"bert\"", "\"model_type\": \"gpt9\"",
        "'model_type': 'gpt9' is no encoder that is supported"
      ),
      ("\"hidden_size\": 32", "\"hidden_size\": 30", "'hidden_size': 30 is no multiple of the 4 heads"),
      ("\"hidden_size\": 32", "\"hidden_size\": \"x\"", "'hidden_size' is a text, expected a whole number"),
      ("\"vocab_size\": 64", "\"other\": 64", "there is no 'vocab_size'"),
      (
        "\"hidden_act\": \"gelu\"", "\"hidden_act\": \"sine\"",
        "'hidden_act': the function 'sine' is not supported"
      ),
      ("\"is_decoder\": false", "\"is_decoder\": true", "'is_decoder': is not supported"),
      (
        "\"is_decoder\": false", "\"position_embedding_type\": \"relative_key\"",
        "'position_embedding_type': 'relative_key' is not supported"
      ),
      (
        "\"hidden_dropout_prob\": 0.1", "\"hidden_dropout_prob\": 2",
        "'hidden_dropout_prob': 2.0 is not within 0 and 1"
      ),
      ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", "it lacks bert.encoder.layer.2.attention"),
      ("\"0\": \"calm\"", "\"7\": \"calm\"", "'id2label.7': labels are numbered 0 to 2"),
    ])
  func configurations(_ old: String, _ new: String, _ expected: String) throws {
    let (fixture, folder) = (try LanguageFixture("bert-sequence"), try TemporaryFolder())
    let text = try String(contentsOfFile: "\(fixture.folder)/config.json", encoding: .utf8)
    try #require(text.contains(old))
    try folder.write(Array(text.replacing(old, with: new).utf8), "config.json")
    try FileManager.default.copyItem(
      atPath: "\(fixture.folder)/model.safetensors", toPath: "\(folder.path)/model.safetensors")
    let found = message { _ = try SequenceClassifier.pretrained(folder.path, device: .cpu) }
    #expect(found.contains(expected) && found.contains(folder.path), "\(found)")
  }

  @Test("Texts that are too long and tokens that there are not are errors where values are read")
  func inputs() throws {
    let encoder = try TextEncoder.pretrained(LanguageFixture("bert").folder, device: .cpu)
    let long = encoder.states(of: .zeros([1, 25], dtype: .int32, device: .cpu)).last
    #expect(message { _ = try long.scalars(as: Float.self) }.contains("a text of 25 tokens"))
    let unknown = encoder.states(of: .full([1, 2], 64, dtype: .int32, device: .cpu)).last
    #expect(message { _ = try unknown.scalars(as: Float.self) }.contains("64"))
    let folder = try TemporaryFolder()
    #expect(message { _ = try TextEncoder.pretrained("\(folder.path)/no") }.contains("no such folder"))
    #expect(message { _ = try TextEncoder.pretrained(folder.path) }.contains("config.json"))
    try folder.write(Array("{}".utf8), WeightReader.indexName)
    #expect(message { try encoder.savePretrained(to: folder.path) }.contains("would be read in place"))
  }

  @Test("Networks that are drawn at random", arguments: ["bert", "roberta", "distilbert"])
  func random(_ name: String) throws {
    let values = try ConfigurationValues(path: "\(LanguageFixture(name).folder)/config.json")
    let model = try TextEncoder(values, from: LayerSource(generator: Generator(seed: 1), device: .cpu))
    model.eval()
    let states = model.states(of: .full([2, 5], 7, dtype: .int32, device: .cpu))
    #expect(try states.last.scalars(as: Float.self).allSatisfy(\.isFinite))
    #expect((states.pooled != nil) == (name != "distilbert"))
  }
}
