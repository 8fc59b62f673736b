import Foundation
import Lathe

/// The functions between two layers, by the names that configurations have for them.
enum HiddenActivation: String, CaseIterable {
  case gelu
  case geluNew = "gelu_new"
  case geluFast = "gelu_fast"
  case geluTanh = "gelu_pytorch_tanh"
  case geluPython = "gelu_python"
  case quickGELU = "quick_gelu"
  case relu
  case relu6
  case silu
  case swish
  case tanh
  case sigmoid
  case mish
  case linear

  /// The function that a key of a configuration names.
  ///
  /// - Throws: `LatheError` naming the key where there is no such function.
  init(_ values: ConfigurationValues, _ key: String, default other: HiddenActivation) throws {
    guard let name = try values.text(key) else {
      self = other
      return
    }
    self = try Self.named(name, values, key)
  }

  /// The function of a name that stands at a key.
  static func named(_ name: String, _ values: ConfigurationValues, _ key: String) throws -> HiddenActivation {
    guard let found = HiddenActivation(rawValue: name) else {
      let known = allCases.map(\.rawValue).joined(separator: ", ")
      throw values.failure(key, "the function '\(name)' is not supported; there are \(known)")
    }
    return found
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    switch self {
    case .gelu, .geluPython: x.gelu()
    case .geluNew, .geluFast, .geluTanh: x.gelu(approximation: .tanh)
    case .quickGELU: x * (x * 1.702).sigmoid()
    case .relu: x.relu()
    case .relu6: x.relu6()
    case .silu, .swish: x.silu()
    case .tanh: x.tanh()
    case .sigmoid: x.sigmoid()
    case .mish: x.mish()
    case .linear: x
    }
  }
}
