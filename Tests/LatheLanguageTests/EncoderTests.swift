import DataTestSupport
import Foundation
import Lathe
import LatheFormats
import LatheLanguage
import LatheNN
import LatheTraining
import Testing

/// Encoders give what transformers computes with the same weights.
@Suite("Encoders")
struct EncoderTests {
  /// The inputs of a fixture by name.
  static func inputs(_ fixture: LanguageFixture) -> NamedTensors {
    var inputs: NamedTensors = [
      NamedTensors.inputs: fixture.tokens("input_ids"),
      NamedTensors.padding: fixture.tokens("attention_mask"),
    ]
    if fixture.has("token_type_ids") { inputs[TextEncoder.Name.types] = fixture.tokens("token_type_ids") }
    return inputs
  }

  @Test("Hidden states of every layer and the pooled vector", arguments: ["bert", "roberta", "distilbert"])
  func states(_ name: String) throws {
    let fixture = try LanguageFixture(name)
    let encoder = try TextEncoder.pretrained(fixture.folder, device: .cpu)
    let inputs = Self.inputs(fixture)
    let found = encoder.states(
      of: inputs[NamedTensors.inputs], types: inputs.find(TextEncoder.Name.types), lengths: fixture.lengths,
      keepsAll: true)
    let expected = fixture.lists("hidden_states")
    #expect(found.layers.count == expected.count)
    for (state, values) in zip(found.layers, expected) {
      #expect(difference(try kept(state, fixture.lengths), values) < 1e-4)
    }
    if fixture.has("pooler_output") {
      let pooled = try #require(found.pooled)
      #expect(difference(try pooled.scalars(), fixture.values("pooler_output")) < 1e-4)
    }
    // By name, with the mask as numbers.
    #expect(difference(try kept(encoder(inputs)[NamedTensors.output], fixture.lengths), expected[2]) < 1e-4)
  }

  /// The output of a network with a head for a fixture's inputs.
  private func output<Model: NamedModule & PretrainedModel>(
    _ type: Model.Type, _ fixture: LanguageFixture, _ name: String = NamedTensors.output
  ) throws -> Tensor {
    try Model.pretrained(fixture.folder, device: .cpu)(Self.inputs(fixture))[name]
  }

  @Test(
    "Classes of texts",
    arguments: ["bert-sequence", "bert-regression", "roberta-sequence", "distilbert-sequence"])
  func sequences(_ name: String) throws {
    let fixture = try LanguageFixture(name)
    let scores = try output(SequenceClassifier.self, fixture)
    #expect(difference(try scores.scalars(), fixture.values("logits")) < 1e-4)
    let model = try SequenceClassifier.pretrained(fixture.folder, device: .cpu)
    #expect(model.isRegression == name.hasSuffix("regression"))
    #expect(model.labels == (model.isRegression ? ["score"] : ["calm", "glad", "sad"]))
  }

  @Test("Classes of tokens", arguments: ["bert-token", "roberta-token"])
  func tokens(_ name: String) throws {
    let fixture = try LanguageFixture(name)
    let scores = try output(TokenClassifier.self, fixture)
    #expect(difference(try kept(scores, fixture.lengths), fixture.values("logits")) < 1e-4)
  }

  @Test("Answers to questions", arguments: ["bert-question", "distilbert-question"])
  func questions(_ name: String) throws {
    let fixture = try LanguageFixture(name)
    for key in ["start", "end"] {
      let scores = try output(QuestionAnswerer.self, fixture, key)
      #expect(difference(try kept(scores, fixture.lengths), fixture.values("\(key)_logits")) < 1e-4)
    }
  }

  @Test("Masked tokens", arguments: ["bert", "bert-masked", "roberta", "distilbert"])
  func masked(_ name: String) throws {
    let fixture = try LanguageFixture(name)
    let scores = try output(MaskedLanguageModel.self, fixture)
    let key = fixture.has("logits") ? "logits" : "prediction_logits"
    #expect(difference(try kept(scores, fixture.lengths), fixture.values(key)) < 1e-4)
  }

  @Test("Next sentences")
  func nextSentence() throws {
    let fixture = try LanguageFixture("bert")
    let scores = try output(NextSentencePredictor.self, fixture)
    #expect(difference(try scores.scalars(), fixture.values("seq_relationship_logits")) < 1e-4)
  }

  @Test("A text of no length and a batch of full ones need no mask; padding changes nothing")
  func padding() throws {
    let fixture = try LanguageFixture("bert")
    let encoder = try TextEncoder.pretrained(fixture.folder, device: .cpu)
    let row = fixture.tokens("input_ids").sliced(axis: 0, from: 1, to: 2)
    let short = encoder.states(of: row.sliced(axis: 1, from: 0, to: 4)).last
    let long = encoder.states(of: row, lengths: [4]).last
    #expect(difference(try kept(short, [4]), try kept(long, [4])) < 1e-5)
    #expect(try encoder.states(of: row, lengths: [0]).last.scalars(as: Float.self).allSatisfy(\.isFinite))
  }

  @Test("In training dropout changes the result, in evaluation nothing does")
  func training() throws {
    let fixture = try LanguageFixture("bert-sequence")
    let model = try SequenceClassifier.pretrained(fixture.folder, generator: Generator(seed: 3), device: .cpu)
    let inputs = Self.inputs(fixture)
    let calm = try model(inputs)[NamedTensors.output].scalars(as: Float.self)
    model.train()
    let scores = model(inputs)[NamedTensors.output]
    #expect(difference(try scores.scalars(), calm) > 1e-3)
    let gradients = scores.crossEntropy(Tensor([0, 1, 2] as [Int32], device: .cpu))
      .gradients(of: model.parameters)
    #expect(try gradients.allSatisfy { try $0.scalars(as: Float.self).allSatisfy(\.isFinite) })
    model.eval()
    #expect(try model(inputs)[NamedTensors.output].scalars(as: Float.self) == calm)
  }
}
