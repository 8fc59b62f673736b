import Foundation
import LatheCore
import LatheML

/// What a network was made for and how its data became numbers: `data.json` of a run's folder, by which a stored model
/// is tested.
@dynamicMemberLookup
struct DataDescription: Codable {
  /// The form of the data.
  var kind: DataKind
  /// The options that say where the data is and how it is read.
  var options: TrainingOptions
  /// What using the network takes.
  var model: ModelDescription
  /// Whether the test texts were drawn from each class; earlier runs took every tenth line.
  var drawsTexts: Bool?

  init(kind: DataKind, options: TrainingOptions, model: ModelDescription) {
    (self.kind, self.options, self.model) = (kind, options, model)
  }

  subscript<Value>(dynamicMember member: WritableKeyPath<ModelDescription, Value>) -> Value {
    get { model[keyPath: member] }
    set { model[keyPath: member] = newValue }
  }

  private enum Key: String, CodingKey { case kind, options, drawsTexts }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    kind = try values.decode(DataKind.self, forKey: .kind)
    options = try values.decode(TrainingOptions.self, forKey: .options)
    drawsTexts = try values.decodeIfPresent(Bool.self, forKey: .drawsTexts)
    model = try ModelDescription(from: decoder)
  }

  /// The keys of the model stand beside the others.
  func encode(to encoder: any Encoder) throws {
    try model.encode(to: encoder)
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(kind, forKey: .kind)
    try values.encode(options, forKey: .options)
    try values.encodeIfPresent(drawsTexts, forKey: .drawsTexts)
  }

  /// The data's name in a run's settings.
  var name: String {
    switch kind {
    case .fashionMNIST: kind.rawValue
    case .imageFolder: "\(kind.rawValue) \(options.dataDir ?? "")"
    case .text where model.classNames != nil: "texts \(options.dataFile ?? "")"
    default: "\(kind.rawValue) \(options.dataFile ?? "")"
    }
  }

  private static func path(_ folder: String) -> String { "\(folder)/data.json" }

  /// Writes the description into a run's folder.
  func write(to folder: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    // The data is found from any folder.
    var resolved = self
    resolved.options = options.mappingDataPaths(DataDescription.absolute)
    let text = String(decoding: try encoder.encode(resolved), as: UTF8.self)
    try AtomicFile.write(text + "\n", to: DataDescription.path(folder))
  }

  private static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
  }

  /// Reads the description of a run; nil where the run has none.
  ///
  /// - Throws: `LatheError` where it cannot be read, is damaged, or says what cannot be.
  static func read(from folder: String) throws -> DataDescription? {
    let path = path(folder)
    guard FileErrors.isFolder(folder), !FileErrors.isAbsent(path) else { return nil }
    let text = try FileErrors.read(path, limit: 1 << 28)
    try JSONNesting.check(text, path)
    let result: DataDescription
    do {
      result = try JSONDecoder().decode(DataDescription.self, from: Data(text))
    } catch {
      throw LatheError(.format, "\(path): not the description of a run's data; train the model anew")
    }
    let repeated = JSONKeys.repeated(in: text).map { "the key '\($0)' comes twice" }
    if let problem = repeated ?? result.model.problem ?? result.options.valueProblem ?? result.problem {
      throw LatheError(.format, "\(path): \(problem); train the model anew")
    }
    return result
  }

  /// What does not fit the form of the data; nil where all does.
  private var problem: String? {
    guard kind != .csv || model.classNames == nil || model.scaling != nil || model.input.vocabulary > 0 else {
      return "a table without means and deviations"
    }
    return nil
  }
}
