// Reads networks in the Hugging Face layout and writes them again, for scripts/check-language.py to compare:
//
//     LanguageCheck FOLDER OUTPUT     every folder in FOLDER, to one of the same name in OUTPUT
import Foundation
import Lathe
import LatheLanguage
import LatheText

/// The networks by the end of what `transformers` calls them.
let kinds: [(suffix: String, type: any PretrainedModel.Type)] = [
  ("ForSequenceClassification", SequenceClassifier.self), ("ForTokenClassification", TokenClassifier.self),
  ("ForQuestionAnswering", QuestionAnswerer.self), ("ForMaskedLM", MaskedLanguageModel.self),
  ("ForNextSentencePrediction", NextSentencePredictor.self), ("ForPreTraining", MaskedLanguageModel.self),
  ("T5ForConditionalGeneration", T5.self), ("BertModel", TextEncoder.self),
  ("RobertaModel", TextEncoder.self),
]

/// Writes a network again in bfloat16 and in its own type.
func copy(_ type: any PretrainedModel.Type, _ source: String, _ target: String) throws {
  let model = try type.pretrained(source, device: .cpu)
  let hasTokenizer = FileManager.default.fileExists(atPath: "\(source)/tokenizer.json")
  try model.savePretrained(to: target, tokenizer: hasTokenizer ? Tokenizer(path: source) : nil)
  try model.savePretrained(to: "\(target)-bfloat16", as: .bfloat16)
}

guard CommandLine.arguments.count == 3 else {
  print("LanguageCheck FOLDER OUTPUT")
  exit(2)
}
let (folder, output) = (CommandLine.arguments[1], CommandLine.arguments[2])
for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
  let source = "\(folder)/\(name)"
  guard
    let architecture = try ConfigurationValues(path: "\(source)/config.json").texts("architectures")?.first,
    let kind = kinds.first(where: { architecture.hasSuffix($0.suffix) })
  else {
    print("\(name): left out")
    continue
  }
  try copy(kind.type, source, "\(output)/\(name)")
  print("\(name): \(architecture)")
}
