import Foundation
import LatheNN

/// What a network was made for and how its data became numbers: `data.json` of a run's folder, by which a stored model
/// is tested.
struct DataDescription: Codable, Equatable {
  /// The form of the data.
  var kind: DataKind
  /// The options that say where the data is and how it is read.
  var options: TrainingOptions
  /// Sizes of inputs and outputs.
  var input: ModelInput
  /// The classes' names, in the order of the outputs.
  var classNames: [String]?
  /// The characters of a text, in the order of their tokens.
  var characters: String?
  /// The columns that are features of a table, in their order.
  var features: [String]?
  /// Of each feature of a table, what it was standardised by.
  var scaling: FeatureScaling?
  /// What pixels were standardised by.
  var pixels: PixelNormalization?

  /// The data's name in a run's settings.
  var name: String {
    switch kind {
    case .fashionMNIST: kind.rawValue
    case .imageFolder: "\(kind.rawValue) \(options.dataDir ?? "")"
    case .text where classNames != nil: "texts \(options.dataFile ?? "")"
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
    for key in [\TrainingOptions.dataDir, \.dataFile, \.labelsFile] {
      resolved.options[keyPath: key] = options[keyPath: key].map(DataDescription.absolute)
    }
    let text = String(decoding: try encoder.encode(resolved), as: UTF8.self)
    try AtomicFile.write(text + "\n", to: DataDescription.path(folder))
  }

  private static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
  }

  /// Reads the description of a run; nil where the run has none.
  ///
  /// - Throws: `LatheError` where it is damaged.
  static func read(from folder: String) throws -> DataDescription? {
    guard let content = FileManager.default.contents(atPath: path(folder)) else { return nil }
    do {
      return try JSONDecoder().decode(DataDescription.self, from: content)
    } catch {
      throw LatheError(.format, "\(path(folder)): not the description of a run's data; train the model anew")
    }
  }
}
