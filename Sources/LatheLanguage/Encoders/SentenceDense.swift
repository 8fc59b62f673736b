import Lathe
import LatheFiles
import LatheFormats
import LatheNN

/// A linear layer that texts' vectors go through behind the pooling, with a function behind it: the module Dense of
/// sentence-transformers.
public final class SentenceDense: ParameterContainer {
  /// Elements of the vectors that come in, and of those that go out.
  public let inputs: Int, outputs: Int
  /// What stands in the layer's `config.json`.
  private let configuration: ConfigurationValues
  private var linear: any Module
  private let activation: HiddenActivation
  private let addsInput: Bool
  /// What the input goes through before it is added, where it has another width.
  private var residual: (any Module)?

  /// Reads a folder with `config.json` and the weights.
  ///
  /// - Throws: `LatheError` naming the key or the weight that is wrong or not supported.
  init(_ folder: String, device: Device) throws {
    let values = try ConfigurationValues(path: "\(folder)/config.json")
    try Self.checkNames(values)
    configuration = values
    inputs = try values.integer("in_features")
    outputs = try values.integer("out_features")
    activation = try Self.activation(values)
    addsInput = try values.flag("use_residual") ?? false
    let source = LayerSource(try WeightReader(path: folder), device: device)
    linear = try source.linear("linear", inputs, outputs, bias: values.flag("bias") ?? true)
    if addsInput, inputs != outputs {
      residual = try source.linear("residual", inputs, outputs, bias: false)
    }
    try source.finish()
    eval()
  }

  /// Modules may name what they read and write; here that is a text's vector alone.
  static func checkNames(_ values: ConfigurationValues) throws {
    for key in ["module_input_name", "module_output_name"] {
      if let name = try values.text(key), name != "sentence_embedding" {
        throw values.failure(key, "'\(name)' is not supported; there is sentence_embedding")
      }
    }
  }

  /// The function by the name of PyTorch's class.
  private static func activation(_ values: ConfigurationValues) throws -> HiddenActivation {
    let key = "activation_function"
    guard let path = try values.text(key) else { return .tanh }
    let name = path.split(separator: ".").last.map { $0.lowercased() } ?? ""
    return try HiddenActivation.named(name == "identity" ? "linear" : name, values, key)
  }

  /// Writes `config.json` and the weights into a folder, which is made where it is not there.
  func write(to folder: String) throws {
    try AtomicFile.makeFolder(folder)
    try WeightFile.write(state, metadata: ["format": "pt"], to: "\(folder)/model.safetensors")
    try configuration.write(to: "\(folder)/config.json")
  }

  /// Vectors of texts, [batch, outputs].
  func callAsFunction(_ x: Tensor) -> Tensor {
    let made = activation(linear(x))
    return addsInput ? made + (residual.map { $0(x) } ?? x) : made
  }

  /// Names the layers.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("linear", linear) { self.linear = $0 }
    visitor.module("residual", residual) { self.residual = $0 }
  }
}

/// What happens to a text's vector behind the pooling.
public enum SentenceStep {
  /// A linear layer with a function.
  case dense(SentenceDense)
  /// Division by the length, so that products of vectors are cosines.
  case normalize

  func callAsFunction(_ x: Tensor) -> Tensor {
    switch self {
    case .dense(let layer): layer(x)
    case .normalize: x.normalized(axis: 1, epsilon: 1e-12)
    }
  }
}
