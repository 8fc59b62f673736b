import LatheCore
import LatheFiles
import LatheText

/// What the files of sentence-transformers in a folder say: how texts are cut, and what becomes of their tokens' vectors.
struct SentenceFolder {
  /// Where the encoder is.
  let encoder: String
  let pooling: [SentencePooling]
  /// Whether pooling looks at the tokens of a prompt, too.
  let poolsPrompt: Bool
  /// What happens to a text's vector behind the pooling: kinds of modules with their folders.
  let steps: [(kind: String, folder: String)]
  let prompts: SentencePrompts
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
      (pooling, poolsPrompt, steps) = ([.mean], true, [])
      prompts = try SentencePrompts()
      (longestText, lowercases) = try Self.limits(folder)
      return
    }
    prompts = try SentencePrompts(folder: folder)
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
    let values = try ConfigurationValues(path: "\(second.folder)/config.json")
    pooling = try Self.pooling(values)
    poolsPrompt = try values.flag("include_prompt") ?? true
    // Dropout does nothing where nobody trains.
    steps = rest.filter { $0.kind != "Dropout" }
    for step in steps {
      guard ["Dense", "Normalize"].contains(step.kind) else {
        throw LatheError(.format, "\(path): the module '\(step.kind)' is not supported at this place")
      }
      let file = "\(step.folder)/config.json"
      if step.kind == "Normalize", FileErrors.exists(file) {
        try SentenceDense.checkNames(ConfigurationValues(path: file))
      }
    }
  }

  /// The modules behind the pooling.
  ///
  /// - Throws: `LatheError` naming the file and what is wrong with it.
  func loadedSteps(device: Device) throws -> [SentenceStep] {
    try steps.map { step in
      step.kind == "Dense" ? .dense(try SentenceDense(step.folder, device: device)) : .normalize
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
    guard FileErrors.exists(path) else { return (try tokenizerLimit(folder), false) }
    let values = try ConfigurationValues(path: path)
    let longest = try values.optionalInteger("max_seq_length")
    if let longest, longest < 1 { throw values.failure("max_seq_length", "\(longest) is not positive") }
    return (try longest ?? tokenizerLimit(folder), try values.flag("do_lower_case") ?? false)
  }

  /// The most tokens of a text as the tokeniser's settings say it, which may be a number beyond every length.
  private static func tokenizerLimit(_ folder: String) throws -> Int? {
    let path = "\(folder)/tokenizer_config.json"
    guard FileErrors.exists(path) else { return nil }
    let values = try ConfigurationValues(path: path)
    guard let number = try values.optionalNumber("model_max_length"), number >= 1, number < 1e9 else {
      return nil
    }
    return Int(number)
  }

  /// The ways of pooling whose results stand behind each other.
  private static func pooling(_ values: ConfigurationValues) throws -> [SentencePooling] {
    if let names = try Self.modes(values) {
      let modes = try names.map { name in
        guard let mode = SentencePooling(rawValue: name) else {
          throw values.failure("pooling_mode", "'\(name)' is not supported")
        }
        return mode
      }
      guard !modes.isEmpty else { throw values.failure("pooling_mode", "no way of pooling is chosen") }
      return modes
    }
    let keys: [(String, SentencePooling)] = [
      ("pooling_mode_cls_token", .cls), ("pooling_mode_max_tokens", .max),
      ("pooling_mode_mean_tokens", .mean),
      ("pooling_mode_mean_sqrt_len_tokens", .meanSqrtLength),
      ("pooling_mode_weightedmean_tokens", .weightedMean), ("pooling_mode_lasttoken", .lastToken),
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

  /// The names of the ways of pooling, of which a file has one, several with a plus between them, or a list.
  private static func modes(_ values: ConfigurationValues) throws -> [String]? {
    if values.value["pooling_mode"]?.array != nil { return try values.texts("pooling_mode") }
    return try values.text("pooling_mode")?.split(separator: "+").map { String($0) }
  }
}
