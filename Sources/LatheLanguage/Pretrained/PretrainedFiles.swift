import Lathe
import LatheFiles
import LatheFormats
import LatheNN
import LatheText

/// The files of a pre-trained language model: a folder in the layout of the Hugging Face libraries, a GGUF file, or a folder with one.
public struct PretrainedFiles: Sendable {
  /// The folder or the file.
  public let path: String
  /// What the network is made of, in the words of a `config.json`.
  public let configuration: ConfigurationValues
  /// The weights.
  public let weights: WeightReader
  /// What the weights are called; nil where as the network calls them.
  private let storedNames: StoredNames?

  /// Opens the files.
  ///
  /// - Throws: `LatheError` naming the file that is missing, damaged or not supported.
  public init(path: String) throws {
    guard FileErrors.exists(path) else { throw LatheError(.file, "\(path): no such file or folder") }
    self.path = path
    let hasConfiguration = FileErrors.exists("\(path)/config.json")
    // Said before the weights are opened, since it is the likelier mistake.
    if FileErrors.isFolder(path), !hasConfiguration,
      try !FolderListing.names(in: path).contains(where: { $0.hasSuffix(".gguf") })
    {
      throw LatheError(
        .file, "\(path): neither a config.json nor a GGUF file in it; name the folder of a model")
    }
    weights = try WeightReader(path: path)
    if let file = weights.gguf {
      let layout = try GGUFLayout(file, weights)
      (configuration, storedNames) = (layout.configuration, layout.names)
    } else {
      let folder = FileErrors.isFolder(path) ? path : Self.folder(of: path)
      configuration = try ConfigurationValues(path: "\(folder)/config.json")
      storedNames = nil
    }
  }

  private static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  }

  /// The folder that the other files are in.
  private var folder: String { FileErrors.isFolder(path) ? path : Self.folder(of: path) }

  /// The tokeniser: of the folder's files, or of the vocabulary in a GGUF file.
  ///
  /// - Throws: `LatheError` where there is none, or a part of it is not supported.
  public func tokenizer() throws -> Tokenizer {
    try Tokenizer(model: weights.gguf?.path ?? folder)
  }

  /// The text of the chat template; nil where the model has none.
  ///
  /// - Throws: `LatheError` where a file cannot be read.
  public func chatTemplate() throws -> String? {
    if let file = weights.gguf { return try file.text("tokenizer.chat_template") }
    let alone = "\(folder)/chat_template.jinja"
    if FileErrors.exists(alone) {
      guard let text = String(validating: try FileErrors.read(alone, limit: 1 << 22), as: UTF8.self) else {
        throw LatheError(.format, "\(alone): not UTF-8")
      }
      return text
    }
    guard let settings = try tokenizerSettings() else { return nil }
    if let several = settings.value["chat_template"]?.array {
      let templates = several.compactMap { entry in
        entry["name"]?.string.flatMap { name in entry["template"]?.string.map { (name, $0) } }
      }
      return (templates.first { $0.0 == "default" } ?? templates.first)?.1
    }
    return try settings.text("chat_template")
  }

  private func tokenizerSettings() throws -> ConfigurationValues? {
    let path = "\(folder)/tokenizer_config.json"
    return FileErrors.exists(path) ? try ConfigurationValues(path: path) : nil
  }

  /// The tokens that end a text, as the configuration of generation, of the network, or the tokeniser's says.
  ///
  /// - Parameter tokenizer: Knows the numbers of the tokens.
  /// - Throws: `LatheError` where a file is damaged.
  public func endTokens(_ tokenizer: Tokenizer) throws -> [Int32] {
    var ids: [Int] = []
    let generation = "\(folder)/generation_config.json"
    if weights.gguf == nil, FileErrors.exists(generation) {
      ids = try ConfigurationValues(path: generation).integers("eos_token_id") ?? []
    }
    ids += try configuration.integers("eos_token_id") ?? []
    if let name = try weights.gguf == nil ? tokenizerSettings()?.tokenText("eos_token") : nil,
      let id = tokenizer.id(of: name)
    {
      ids.append(Int(id))
    }
    if let file = weights.gguf, let id = try file.integer("tokenizer.ggml.eot_token_id") { ids.append(id) }
    return Set(ids.compactMap { Int32(exactly: $0) }).sorted()
  }

  /// The text of a special token such as `bos_token`, which chat templates ask for; nil where there is none.
  ///
  /// - Throws: `LatheError` where a file is damaged.
  public func specialToken(_ name: String, _ tokenizer: Tokenizer) throws -> String? {
    if let file = weights.gguf {
      let id = try file.integer("tokenizer.ggml.\(name.replacing("_token", with: ""))_token_id")
      return id.flatMap { Int32(exactly: $0) }.flatMap { tokenizer.token(of: $0) }
    }
    return try tokenizerSettings()?.tokenText(name)
  }
}

extension ConfigurationValues {
  /// The text of a token, which files give alone or with how it is found.
  fileprivate func tokenText(_ key: String) throws -> String? {
    if value[key]?.members != nil { return try object(key)?.text("content") }
    return try text(key)
  }
}

extension PretrainedFiles {
  /// Networks that continue texts, by their `model_type`.
  private static var networks: [String: any (CausalModel & PretrainedModel).Type] {
    [
      "gpt2": GPT2.self, "llama": Llama.self, "mistral": Llama.self, "mt5": T5.self, "qwen2": Llama.self,
      "t5": T5.self,
    ]
  }

  /// Loads the network that continues texts.
  ///
  /// - Parameters:
  ///   - precision: As what weights are kept.
  ///   - device: Where it lives.
  /// - Throws: `LatheError` where the architecture is not supported or the weights do not fit it.
  public func causalModel(
    precision: WeightPrecision = .stored, device: Device = .default
  ) throws -> any CausalModel {
    let type = try configuration.text("model_type") ?? ""
    guard let network = Self.networks[type] else {
      throw LatheError(
        .unsupported,
        "\(configuration.source): networks of the type '\(type)' do not continue texts here; there are \(Self.networks.keys.sorted().joined(separator: ", "))"
      )
    }
    let source = LayerSource(
      weights, names: try storedNames ?? network.storedNames(configuration), precision: precision,
      device: device)
    let model = try network.init(configuration, from: source)
    try source.finish()
    model.eval()
    return model
  }
}
