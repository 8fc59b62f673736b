import Foundation
import Lathe
import LatheLanguage
import LatheText

/// Reads networks in the Hugging Face layout and writes them again.
enum Networks {
  /// The networks by the end of what `transformers` calls them.
  private static let kinds: [(suffix: String, type: any PretrainedModel.Type)] = [
    ("ForSequenceClassification", SequenceClassifier.self), ("ForTokenClassification", TokenClassifier.self),
    ("ForQuestionAnswering", QuestionAnswerer.self), ("ForMaskedLM", MaskedLanguageModel.self),
    ("ForNextSentencePrediction", NextSentencePredictor.self), ("ForPreTraining", MaskedLanguageModel.self),
    ("T5ForConditionalGeneration", T5.self), ("BertModel", TextEncoder.self),
    ("RobertaModel", TextEncoder.self), ("GPT2LMHeadModel", GPT2.self), ("LlamaForCausalLM", Llama.self),
    ("MistralForCausalLM", Llama.self), ("Qwen2ForCausalLM", Llama.self),
  ]

  /// Writes a network again in bfloat16 and in its own type.
  private static func copy(_ type: any PretrainedModel.Type, _ source: String, _ target: String) throws {
    let model = try type.pretrained(source, device: .cpu)
    let hasTokenizer = FileManager.default.fileExists(atPath: "\(source)/tokenizer.json")
    try model.savePretrained(to: target, tokenizer: hasTokenizer ? Tokenizer(path: source) : nil)
    try model.savePretrained(to: "\(target)-bfloat16", as: .bfloat16)
  }

  /// Every folder in a folder, to one of the same name in another.
  static func copyAll(_ folder: String, to output: String) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
      let source = "\(folder)/\(name)"
      guard
        let architecture = try ConfigurationValues(path: "\(source)/config.json").texts("architectures")?
          .first,
        let kind = kinds.first(where: { architecture.hasSuffix($0.suffix) })
      else {
        print("\(name): left out")
        continue
      }
      try copy(kind.type, source, "\(output)/\(name)")
      print("\(name): \(architecture)")
    }
  }
}
