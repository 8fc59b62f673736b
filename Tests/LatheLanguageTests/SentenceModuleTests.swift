import DataTestSupport
import Foundation
import Lathe
import LatheLanguage
import LatheNN
import LatheText
import Testing

/// A folder that sentence-transformers wrote, with layers behind several ways of pooling, and prompts.
@Suite("Modules of sentence-transformers")
struct SentenceModuleTests {
  private let fixture: LanguageFixture
  private let texts: [String]

  init() throws {
    fixture = try LanguageFixture("sentence-modules")
    texts = fixture.texts("sentences")
  }

  @Test("Every way of pooling, with a prompt that is not pooled", arguments: SentencePooling.allCases)
  func pooling(_ mode: SentencePooling) throws {
    let whole = try SentenceEncoder(pretrained: fixture.folder, device: .cpu)
    for device in Device.all {
      let network = try TextEncoder.pretrained(fixture.folder, device: device)
      let plain = try SentenceEncoder(
        encoder: network, tokenizer: whole.tokenizer, pooling: [mode], steps: [],
        longestText: whole.longestText)
      #expect(difference(try plain.encode(texts).scalars(), fixture.values(mode.rawValue)) < 1e-4)
      let without = try SentenceEncoder(
        encoder: network, tokenizer: whole.tokenizer, pooling: [mode], steps: [],
        longestText: whole.longestText, prompts: whole.prompts, poolsPrompt: false)
      let vectors = try without.encode(texts, prompt: without.prompts.text("query"), batchSize: 2)
      #expect(
        difference(try vectors.scalars(), fixture.values("\(mode.rawValue) behind a prompt")) < 1e-4,
        "\(mode) on \(device)")
    }
  }

  @Test("The whole folder, with each prompt")
  func folder() throws {
    for device in Device.all {
      let encoder = try SentenceEncoder(pretrained: fixture.folder, device: device)
      #expect(encoder.width == 12 && encoder.steps.count == 3 && encoder.longestText == 14)
      #expect(encoder.pooling == [.weightedMean, .cls, .mean] && encoder.prompts.standard == "passage")
      for (name, prompt) in [("standard", nil), ("no prompt", "")] {
        #expect(difference(try encoder.encode(texts, prompt: prompt).scalars(), fixture.values(name)) < 1e-4)
      }
      for name in ["query", "passage"] {
        let vectors = try encoder.encode(texts, prompt: encoder.prompts.text(name))
        #expect(difference(try vectors.scalars(), fixture.values(name)) < 1e-4, "\(name) on \(device)")
      }
      #expect(encoder.parameters.count == 27)
    }
  }

  @Test("Without the last division")
  func lengths() throws {
    let plain = try SentenceEncoder(pretrained: fixture.folder, normalizes: false, device: .cpu)
    #expect(plain.steps.count == 2)
    let vectors = try plain.encode(texts)
    let divided = vectors.normalized(axis: 1, epsilon: 1e-12)
    #expect(difference(try divided.scalars(), fixture.values("standard")) < 1e-4)
  }

  /// A copy of the folder with one file changed.
  private func changed(_ name: String, _ text: String) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: fixture.folder, toPath: "\(folder.path)/model")
    try folder.write(Array(text.utf8), "model/\(name)")
    return folder
  }

  @Test(
    "What a layer's files say wrong is an error that names it",
    arguments: [
      ("2_Dense/config.json", "{}", "2_Dense/config.json: there is no 'in_features'"),
      (
        "2_Dense/config.json", #"{"in_features": 40, "out_features": 16}"#,
        "linear.weight is float32 [16, 48], expected float32 [16, 40]"
      ),
      (
        "2_Dense/config.json",
        #"{"in_features": 48, "out_features": 16, "activation_function": "torch.nn.modules.activation.GLU"}"#,
        "the function 'glu' is not supported"
      ),
      (
        "2_Dense/config.json",
        #"{"in_features": 48, "out_features": 16, "module_input_name": "token_embeddings"}"#,
        "'module_input_name': 'token_embeddings' is not supported"
      ),
      ("3_Dense/config.json", #"{"in_features": 16, "out_features": 12, "bias": false}"#, "residual.weight"),
      (
        "4_Normalize/config.json", #"{"module_output_name": "x"}"#,
        "'module_output_name': 'x' is not supported"
      ),
      (
        "1_Pooling/config.json", #"{"pooling_mode": "mean"}"#,
        "a layer for vectors of 48 elements behind 16"
      ),
    ])
  func mistakes(_ file: String, _ text: String, _ expected: String) throws {
    let folder = try changed(file, text)
    let found = message {
      _ = try SentenceEncoder(pretrained: "\(folder.path)/model", device: .cpu)
    }
    #expect(found.contains(expected), "\(found)")
  }

  @Test("A prompt that the model does not have is an error with those that it has")
  func names() throws {
    let encoder = try SentenceEncoder(pretrained: fixture.folder, device: .cpu)
    let found = message { _ = try encoder.prompts.text("title") }
    #expect(found.contains("no prompt 'title'; there are: document, passage, query"))
  }
}
