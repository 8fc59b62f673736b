import Foundation
import Lathe
import LatheCore
import LatheData
import LatheFiles
import LatheModels

/// What a stored network was made for and how examples become its input: the part of a run's `data.json` that using the
/// network takes.
public struct ModelDescription: Codable, Hashable, Sendable {
  /// Sizes of inputs and outputs.
  public var input: ModelInput
  /// The classes' names, in the order of the outputs; nil where there are none.
  public var classNames: [String]?
  /// The characters of a text, in the order of their tokens; nil of other data.
  public var characters: [Character]?
  /// The columns that are features of a table, in their order; nil of other data, and of rows without names.
  public var features: [String]?
  /// Of each feature of a table, what it is standardised by; nil of other data.
  public var scaling: FeatureScaling?
  /// What pixels are standardised by; nil of other data.
  public var pixels: PixelNormalization?

  /// A description of a network without names.
  public init(_ input: ModelInput) { self.input = input }

  private enum Key: String, CodingKey { case input, classNames, characters, features, scaling, pixels }

  /// Reads what `encode(to:)` writes; characters in one text, too, as older runs have them.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    input = try values.decode(ModelInput.self, forKey: .input)
    classNames = try values.decodeIfPresent([String].self, forKey: .classNames)
    features = try values.decodeIfPresent([String].self, forKey: .features)
    scaling = try values.decodeIfPresent(FeatureScaling.self, forKey: .scaling)
    pixels = try values.decodeIfPresent(PixelNormalization.self, forKey: .pixels)
    if let text = try? values.decodeIfPresent(String.self, forKey: .characters) {
      characters = Array(text)
    } else {
      characters = try values.decodeIfPresent([String].self, forKey: .characters)?.map { text in
        guard text.count == 1, let character = text.first else {
          throw DecodingError.dataCorruptedError(
            forKey: .characters, in: values, debugDescription: "'\(text)' is not one character")
        }
        return character
      }
    }
  }

  /// Writes names and sizes, each character as a text of its own.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(input, forKey: .input)
    try values.encodeIfPresent(classNames, forKey: .classNames)
    try values.encodeIfPresent(characters?.map { String($0) }, forKey: .characters)
    try values.encodeIfPresent(features, forKey: .features)
    try values.encodeIfPresent(scaling, forKey: .scaling)
    try values.encodeIfPresent(pixels, forKey: .pixels)
  }

  /// Reads the description in a run's folder.
  ///
  /// - Throws: `LatheError` where it is not there, damaged, or impossible.
  public init(run folder: String) throws {
    let path = "\(folder)/data.json"
    guard FileErrors.exists(path) else {
      throw LatheError(
        .file,
        "\(path): not there, and it says what the network was made for; name the folder of a `lathe train` run"
      )
    }
    let text = try FileErrors.read(path, limit: 1 << 28)
    try JSONNesting.check(text, path)
    do {
      self = try JSONDecoder().decode(ModelDescription.self, from: Data(text))
    } catch {
      throw LatheError(.format, "\(path): not the description of a run's data; train the model anew")
    }
    if let key = JSONKeys.repeated(in: text) {
      throw LatheError(.format, "\(path): the key '\(key)' comes twice; train the model anew")
    }
    if let problem { throw LatheError(.format, "\(path): \(problem); train the model anew") }
  }

  /// What cannot be true of a network; nil where nothing is wrong.
  package var problem: String? {
    guard [1, 3].contains(input.channels) else { return "channels is \(input.channels), not 1 or 3" }
    let ranges = [
      ("height", input.height, 1...65_536),
      ("width", input.width, 1...(1 << 24)), ("classes", input.classes, 1...(1 << 24)),
      ("vocabulary", input.vocabulary, 0...(1 << 24)), ("length", input.length, 0...(1 << 20)),
    ]
    for (name, value, range) in ranges where !range.contains(value) {
      return "\(name) is \(value), not in \(range.lowerBound)...\(range.upperBound)"
    }
    guard input.channels * input.height * input.width <= 1 << 28 else {
      return "inputs of \(input.channels) x \(input.height) x \(input.width) are too large"
    }
    for (name, list) in [("classes", classNames), ("features", features)] {
      if let list, Set(list).count < list.count { return "two \(name) have one name" }
    }
    if let characters {
      guard Set(characters).count == characters.count else { return "a character comes twice" }
      guard characters.count == input.vocabulary else {
        return "\(characters.count) characters for a vocabulary of \(input.vocabulary)"
      }
    }
    if let classNames, classNames.count != input.classes {
      return "\(classNames.count) names for \(input.classes) classes"
    }
    if let features, features.count != input.width {
      return "\(features.count) features for rows of \(input.width)"
    }
    if let scaling {
      guard scaling.mean.count == input.width, scaling.deviation.count == input.width else {
        return
          "\(scaling.mean.count) means and \(scaling.deviation.count) deviations for rows of \(input.width)"
      }
      guard scaling.mean.allSatisfy(\.isFinite), scaling.deviation.allSatisfy({ $0.isFinite && $0 > 0 })
      else {
        return "a mean or a deviation that is no usable number"
      }
    }
    if let pixels, pixels.mean.count != 1, pixels.mean.count != input.channels {
      return "pixels are standardised by \(pixels.mean.count) means for \(input.channels) channels"
    }
    return nil
  }
}

extension PixelNormalization: Codable {
  private enum Key: String, CodingKey { case mean, deviation }

  /// Reads means and deviations, one of each for every channel or for all.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    let mean = try values.decode([Float].self, forKey: .mean)
    let deviation = try values.decode([Float].self, forKey: .deviation)
    guard mean.count == deviation.count, !mean.isEmpty, mean.allSatisfy(\.isFinite),
      deviation.allSatisfy({ $0.isFinite && $0 > 0 })
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .deviation, in: values, debugDescription: "means \(mean), deviations \(deviation)")
    }
    self.init(mean: mean, deviation: deviation)
  }

  /// Writes what `init(from:)` reads.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(mean, forKey: .mean)
    try values.encode(deviation, forKey: .deviation)
  }
}
