import Lathe
import LatheFiles
import LatheFormats
import LatheNN
import LatheText

/// A network that is described by a `config.json` and named as the Hugging Face libraries name it.
public protocol PretrainedModel: ParameterContainer {
  /// A network as a configuration has it.
  ///
  /// - Parameters:
  ///   - configuration: What stands in `config.json`.
  ///   - source: Where its layers come from; the caller asks it for what is missing, see `LayerSource.finish()`.
  /// - Throws: `LatheError` naming the key that is missing, wrong or not supported, or where a file cannot be read.
  init(_ configuration: ConfigurationValues, from source: LayerSource) throws

  /// What files call the weights.
  ///
  /// - Throws: `LatheError` where the configuration is no one of this network.
  static func storedNames(_ configuration: ConfigurationValues) throws -> StoredNames

  /// What stands in the network's `config.json`.
  var configuration: ConfigurationValues { get }

  /// The class that `transformers` has for the network.
  var architecture: String { get }

  /// Linear layers whose weights lie transposed in the Hugging Face layout.
  static var transposedLayers: [PathPattern] { get }
}

extension PretrainedModel {
  /// None.
  public static var transposedLayers: [PathPattern] { [] }

  /// The state with the names and the layout of the Hugging Face libraries, which know no blocks: these are float32.
  private var plainState: [(name: String, tensor: Tensor)] {
    var weights: [String: (name: String, weight: QuantizedTensor)] = [:]
    for (path, module) in namedModules {
      guard let weight = (module as? QuantizedLinear)?.weight ?? (module as? QuantizedEmbedding)?.weight
      else {
        continue
      }
      let name = "\(path).weight"
      weights[weight.halves == nil ? "\(name).\(weight.type.name)" : name] = (name, weight)
    }
    return state.map { entry in
      guard let (name, weight) = weights[entry.name] else { return entry }
      let tensor = weight.halves ?? weight.dequantized()
      let isTransposed = Self.transposedLayers.contains { $0.matches(name) }
      return (name, isTransposed ? tensor.transposed().contiguous() : tensor)
    }
  }

  /// A network with the weights in a folder, in evaluation mode.
  ///
  /// In it are `config.json` and `model.safetensors`, or what else `WeightReader` opens.
  ///
  /// - Parameters:
  ///   - folder: The folder.
  ///   - labels: The names of classes in place of those in the configuration.
  ///   - newLayers: Paths of layers that are drawn at random where the file has none, or some of another shape, such as
  ///     `classifier`.
  ///   - generator: Draws these.
  ///   - device: Where the network lives.
  /// - Throws: `LatheError` that names the key that is wrong, or lists the weights that are missing, of another shape, or
  ///   not the network's.
  public static func pretrained(
    _ folder: String, labels: [String]? = nil, newLayers: [PathPattern] = [], generator: Generator = .layers,
    device: Device = .default
  ) throws -> Self {
    guard FileErrors.isFolder(folder) else {
      throw LatheError(.file, "\(folder): no such folder; it holds config.json and the weights")
    }
    var values = try ConfigurationValues(path: "\(folder)/config.json")
    if let labels { values = try values.setting(labels: labels) }
    let source = LayerSource(
      try WeightReader(path: folder), names: try storedNames(values), newLayers: newLayers,
      generator: generator, device: device)
    let model = try Self(values, from: source)
    try source.finish()
    model.eval()
    return model
  }

  /// Writes `config.json`, `model.safetensors` and, where there is one, `tokenizer.json`, as `transformers` reads them.
  ///
  /// - Parameters:
  ///   - folder: The folder, which is made where it is not there.
  ///   - tokenizer: What made the network's tokens.
  ///   - dtype: The type in which weights are stored, such as bfloat16; as they are where nil.
  /// - Throws: `LatheError` where a file cannot be written, or the folder has an index of weights that would be read in the
  ///   place of these.
  public func savePretrained(
    to folder: String, tokenizer: Tokenizer? = nil, as dtype: DType? = nil
  ) throws {
    let index = "\(folder)/\(WeightReader.indexName)"
    guard FileErrors.isAbsent(index) else {
      throw LatheError(
        .file, "\(index): would be read in place of model.safetensors; remove it, or take another folder")
    }
    try AtomicFile.makeFolder(folder)
    let state = plainState
    try WeightFile.write(state, metadata: ["format": "pt"], as: dtype, to: "\(folder)/model.safetensors")
    let type = dtype ?? state.first?.tensor.dtype ?? .float32
    try configuration.removing(["torch_dtype"])
      .setting("architectures", .array([.string(architecture)]))
      .setting("dtype", .string("\(type)")).write(to: "\(folder)/config.json")
    try tokenizer?.write(to: "\(folder)/tokenizer.json")
  }
}

extension ConfigurationValues {
  /// The same values with other names of classes.
  func setting(labels: [String]) throws -> ConfigurationValues {
    guard !labels.isEmpty, Set(labels).count == labels.count else {
      throw LatheError(.invalidArgument, "labels \(labels): give at least one, and none twice")
    }
    let numbered = labels.enumerated()
    return try removing(["num_labels", "_num_labels"])
      .setting("id2label", .object(numbered.map { JSONValue.Member("\($0.offset)", .string($0.element)) }))
      .setting("label2id", .object(numbered.map { JSONValue.Member($0.element, .integer($0.offset)) }))
  }
}
