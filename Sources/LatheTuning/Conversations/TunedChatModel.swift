import Lathe
import LatheAdapters
import LatheCore
import LatheFiles
import LatheLanguage
import LatheNN
import LatheText

/// A language model that was fine-tuned on conversations, as a run stores it.
public enum TunedChatModel {
  /// Loads the model of a run, ready to answer.
  ///
  /// - Parameters:
  ///   - folder: The run's folder.
  ///   - base: The folder or the file of the model that the run began from; not used where all weights learned.
  ///   - precision: As what the base's weights are kept.
  ///   - device: Where it computes.
  /// - Throws: `LatheError` where the run has not ended, or a file is damaged or does not fit the base.
  public static func generator(
    run folder: String, base: String, precision: WeightPrecision = .stored, device: Device = .default
  ) throws -> TextGenerator { try loaded(folder, base, precision, device).generator }

  private static func loaded(
    _ folder: String, _ base: String, _ precision: WeightPrecision, _ device: Device
  ) throws -> (generator: TextGenerator, adapters: ModelAdapters?) {
    let plan = try ChatModelPlan(folder: folder)
    let whole = "\(folder)/\(ChatModelTraining.modelFolder)"
    let adapter = "\(folder)/\(ChatModelTraining.adapterFolder)"
    guard FileErrors.exists(plan.tuning.method.hasAdapter ? adapter : whole) else {
      throw LatheError(.file, "\(folder): the run has not ended yet; go on with --resume")
    }
    guard plan.tuning.method.hasAdapter else {
      return (try TextGenerator(path: whole, precision: precision, device: device), nil)
    }
    let plain = try TextGenerator(path: base, precision: precision, device: device)
    let adapters = ModelAdapters(of: plain.model)
    try adapters.load(from: adapter)
    plain.model.eval()
    let template = try ChatTemplate(try self.template(folder))
    return (
      TextGenerator(
        model: plain.model, tokenizer: plain.tokenizer, endTokens: plain.endTokens, chatTemplate: template,
        templateVariables: plain.templateVariables), adapters
    )
  }

  private static func template(_ folder: String) throws -> String {
    let path = "\(folder)/\(ChatModelTraining.templateName)"
    guard let text = String(validating: try FileErrors.read(path, limit: 1 << 22), as: UTF8.self) else {
      throw LatheError(.format, "\(path): not UTF-8")
    }
    return text
  }

  /// Writes the model of a run in the layout of the Hugging Face libraries, with the adapter's updates in the weights.
  ///
  /// - Parameters:
  ///   - folder: The run's folder.
  ///   - base: The folder or the file of the model that the run began from.
  ///   - output: The folder to write.
  /// - Throws: `LatheError` where files cannot be read or written.
  public static func merge(run folder: String, base: String, to output: String) throws {
    let (generator, adapters) = try loaded(folder, base, .float32, .cpu)
    try adapters?.unload(merging: true)
    try write(generator, template: template(folder), to: output)
  }

  /// Writes a model with what a conversation takes: its template, special tokens and ends.
  static func write(_ generator: TextGenerator, template: String, to folder: String) throws {
    guard let model = generator.model as? any PretrainedModel else {
      throw LatheError(.unsupported, "\(type(of: generator.model)) has no layout of files")
    }
    try model.savePretrained(to: folder, tokenizer: generator.tokenizer)
    try AtomicFile.write([Array(template.utf8)], to: "\(folder)/\(ChatModelTraining.templateName)")
    let special = generator.templateVariables.sorted { $0.key < $1.key }.compactMap { name, value in
      if case .string(let text) = value { JSONValue.Member(name, .string(text)) } else { nil }
    }
    try ConfigurationValues(members: special).write(to: "\(folder)/tokenizer_config.json")
    let ends = generator.endTokens.sorted().map { JSONValue.integer(Int($0)) }
    try ConfigurationValues(members: [JSONValue.Member("eos_token_id", .array(ends))])
      .write(to: "\(folder)/generation_config.json")
  }
}
