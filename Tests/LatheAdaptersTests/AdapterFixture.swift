import Foundation
import Lathe
import LatheAdapters
import LatheLanguage
import LatheNN
import LatheText

/// Folders of Tests/Fixtures/adapters, which scripts/make-adapter-fixtures.py writes.
struct AdapterFixture {
  let name: String
  let folder: String
  private let expected: JSONValue
  private let inputs: JSONValue
  private let modelFolder: String

  static let classifiers = ["bert-lora", "bert-dora", "bert-bias", "bert-adalora", "roberta-lora"]
  static let decoders = ["gpt2-lora", "llama-lora"]

  init(_ name: String) throws {
    self.name = name
    let fixtures =
      URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../Fixtures")
      .standardized.path
    folder = "\(fixtures)/adapters/\(name)"
    expected = try Self.json("\(folder)/expected.json")
    modelFolder = "\(fixtures)/language/\(expected["model"]?.string ?? "")"
    inputs = try Self.json("\(modelFolder)/expected.json")
  }

  private static func json(_ path: String) throws -> JSONValue {
    try JSONValue.parse([UInt8](Data(contentsOf: URL(fileURLWithPath: path))), source: path)
  }

  /// The numbers of a list.
  func values(_ key: String) -> [Float] {
    expected[key]?.array?.compactMap { $0.double.map { Float($0) } } ?? []
  }

  /// The base, in evaluation mode.
  func model() throws -> any ParameterContainer {
    switch expected["model"]?.string {
    case "gpt2": try GPT2.pretrained(modelFolder, device: .cpu)
    case "llama": try Llama.pretrained(modelFolder, device: .cpu)
    default: try SequenceClassifier.pretrained(modelFolder, device: .cpu)
    }
  }

  private func tokens(_ key: String) -> Tensor? {
    guard let rows = inputs[key]?.array?.map({ $0.array?.compactMap { $0.integer.map { Int32($0) } } ?? [] })
    else { return nil }
    return Tensor(rows.flatMap { $0 }, shape: [rows.count, rows.first?.count ?? 0], device: .cpu)
  }

  /// The logits that the fixture was written for.
  func logits(_ model: any ParameterContainer) -> Tensor {
    let tokens = tokens("input_ids") ?? .zeros([1, 1], device: .cpu)
    if let model = model as? any CausalModel { return model.logits(tokens, cache: nil, lastOnly: false) }
    var named: NamedTensors = [NamedTensors.inputs: tokens]
    if let mask = self.tokens("attention_mask") { named[NamedTensors.padding] = mask }
    if let types = self.tokens("token_type_ids") { named[TextEncoder.Name.types] = types }
    return (model as? SequenceClassifier)?(named)[NamedTensors.output] ?? .zeros([1], device: .cpu)
  }
}

/// The largest difference between two lists, relative to their largest number above 1; infinite where they are not of one
/// length.
func difference(_ found: [Float], _ expected: [Float]) -> Float {
  guard found.count == expected.count, !found.isEmpty else { return .infinity }
  let largest = expected.map(abs).reduce(1, max)
  let differences = zip(found, expected).map { abs($0 - $1) / largest }
  return differences.allSatisfy(\.isFinite) ? differences.reduce(0, max) : .infinity
}

/// What an expression throws.
func message(_ body: () throws -> Void) -> String {
  do { try body() } catch { return "\(error)" }
  return "no error"
}
