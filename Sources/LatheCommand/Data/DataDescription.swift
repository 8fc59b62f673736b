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
    let text = String(decoding: try encoder.encode(self), as: UTF8.self)
    try AtomicFile.write(text + "\n", to: DataDescription.path(folder))
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

/// Means and deviations by which the features of a table are standardised.
struct FeatureScaling: Codable, Equatable {
  var mean: [Float]
  var deviation: [Float]

  /// Of some rows; a feature that never changes stays as it is but for its mean.
  init(_ rows: [[Float]]) {
    let columns = rows.first?.count ?? 0
    let count = Double(max(rows.count, 1))
    var sums = [Double](repeating: 0, count: columns)
    for row in rows { for (column, value) in row.enumerated() { sums[column] += Double(value) } }
    let means = sums.map { $0 / count }
    var squares = [Double](repeating: 0, count: columns)
    for row in rows {
      for (column, value) in row.enumerated() {
        squares[column] += (Double(value) - means[column]) * (Double(value) - means[column])
      }
    }
    mean = means.map { Float($0) }
    deviation = squares.map { $0 > 0 ? Float(($0 / count).squareRoot()) : 1 }
  }

  /// A row, standardised.
  func apply(_ row: FeatureRow) -> FeatureRow {
    var result = row
    for column in row.features.indices {
      result.features[column] = (row.features[column] - mean[column]) / deviation[column]
    }
    return result
  }

  /// What the values of a standardised row were before.
  func undone(_ values: [Float]) -> [Float] {
    values.indices.map { values[$0] * deviation[$0] + mean[$0] }
  }
}
