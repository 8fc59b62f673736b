import LatheCore
import LatheFiles
import LatheText

/// What the files of sentence-transformers in a folder say: how texts are cut, and what becomes of their tokens' vectors.
struct SentenceFolder {
  /// Where the encoder is.
  let encoder: String
  let pooling: [SentencePooling]
  let normalizes: Bool
  /// The most tokens of a text, where a file says it.
  let longestText: Int?
  let lowercases: Bool

  private static let largestFile = 1 << 20

  /// Reads a folder; one without `modules.json` is an encoder alone, of whose vectors the mean is taken.
  ///
  /// - Throws: `LatheError` naming the file and the key that is wrong or not supported.
  init(_ folder: String) throws {
    let path = "\(folder)/modules.json"
    guard FileErrors.exists(path) else {
      encoder = folder
      (pooling, normalizes) = ([.mean], false)
      (longestText, lowercases) = try Self.limits(folder)
      return
    }
    var rest = try Self.modules(path, folder)[...]
    guard let first = rest.popFirst(), first.kind == "Transformer" else {
      throw LatheError(
        .format, "\(path): the first module is not a Transformer, which is all that is supported")
    }
    encoder = first.folder
    (longestText, lowercases) = try Self.limits(first.folder)
    guard let second = rest.popFirst(), second.kind == "Pooling" else {
      throw LatheError(.format, "\(path): the second module is not a Pooling, which is all that is supported")
    }
    pooling = try Self.pooling(ConfigurationValues(path: "\(second.folder)/config.json"))
    normalizes = rest.first?.kind == "Normalize"
    if let other = rest.dropFirst(normalizes ? 1 : 0).first {
      throw LatheError(.format, "\(path): the module '\(other.kind)' is not supported at this place")
    }
  }

  /// The kinds and folders of modules in order.
  private static func modules(_ path: String, _ folder: String) throws -> [(kind: String, folder: String)] {
    let list = try JSONValue.parse(FileErrors.read(path, limit: largestFile), source: path)
    guard let items = list.array, items.count <= 64 else {
      throw LatheError(.format, "\(path): is \(list.kind), expected a list of at most 64 modules")
    }
    let modules = try items.enumerated().map { place, item in
      let values = try ConfigurationValues(item, source: path, path: "[\(place)]")
      guard let type = try values.text("type"), let kind = type.split(separator: ".").last else {
        throw values.failure("type", "is not there; it says what the module is")
      }
      let inner = try values.text("path") ?? ""
      let parts = inner.split(separator: "/", omittingEmptySubsequences: false)
      guard inner.isEmpty || !parts.contains(where: { $0.isEmpty || $0 == ".." }) else {
        throw values.failure("path", "'\(inner)' is not in the model's folder")
      }
      let number = try values.optionalInteger("idx") ?? place
      return (number, String(kind), inner.isEmpty ? folder : "\(folder)/\(inner)")
    }
    return modules.sorted { $0.0 < $1.0 }.map { ($0.1, $0.2) }
  }

  private static func limits(_ folder: String) throws -> (Int?, Bool) {
    let path = "\(folder)/sentence_bert_config.json"
    guard FileErrors.exists(path) else { return (nil, false) }
    let values = try ConfigurationValues(path: path)
    let longest = try values.optionalInteger("max_seq_length")
    if let longest, longest < 1 { throw values.failure("max_seq_length", "\(longest) is not positive") }
    return (longest, try values.flag("do_lower_case") ?? false)
  }

  /// The ways of pooling whose results stand behind each other.
  private static func pooling(_ values: ConfigurationValues) throws -> [SentencePooling] {
    if let text = try values.text("pooling_mode") {
      return try text.split(separator: "+").map { name in
        guard let mode = SentencePooling(rawValue: String(name)) else {
          throw values.failure("pooling_mode", "'\(name)' is not supported")
        }
        return mode
      }
    }
    let keys: [(String, SentencePooling)] = [
      ("pooling_mode_cls_token", .cls), ("pooling_mode_max_tokens", .max),
      ("pooling_mode_mean_tokens", .mean),
      ("pooling_mode_mean_sqrt_len_tokens", .meanSqrtLength), ("pooling_mode_lasttoken", .lastToken),
    ]
    for key in values.keys where key.hasPrefix("pooling_mode_") && !keys.contains(where: { $0.0 == key }) {
      if try values.flag(key) == true { throw values.failure(key, "is not supported") }
    }
    let modes = try keys.filter { try values.flag($0.0) == true }.map(\.1)
    guard !modes.isEmpty else {
      throw values.failure("pooling_mode_mean_tokens", "no way of pooling is chosen; set one to true")
    }
    return modes
  }
}
