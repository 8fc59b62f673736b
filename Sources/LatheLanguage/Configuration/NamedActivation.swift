import Lathe

/// An activation by the name that a `config.json` gives it.
enum NamedActivation: Sendable {
  case relu
  /// With the error function.
  case gelu
  /// With a hyperbolic tangent in its place.
  case geluTanh
  case silu
  case tanh

  private static let names: [String: NamedActivation] = [
    "relu": .relu, "gelu": .gelu, "gelu_new": .geluTanh, "gelu_pytorch_tanh": .geluTanh, "gelu_fast": .geluTanh,
    "silu": .silu, "swish": .silu, "tanh": .tanh,
  ]

  /// The activation that a key names.
  ///
  /// - Throws: `LatheError` where it is not supported.
  init(_ values: ConfigurationValues, _ key: String, default standard: String) throws {
    let name = try values.text(key) ?? standard
    guard let found = Self.names[name] else {
      throw values.failure(
        key, "'\(name)' is not supported; there are \(Self.names.keys.sorted().joined(separator: ", "))")
    }
    self = found
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    switch self {
    case .relu: x.relu()
    case .gelu: x.gelu()
    case .geluTanh: x.gelu(approximation: .tanh)
    case .silu: x.silu()
    case .tanh: x.tanh()
    }
  }
}
