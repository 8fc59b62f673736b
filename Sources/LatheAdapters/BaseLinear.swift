import Lathe
import LatheLanguage
import LatheNN

/// A linear layer of any kind, as what is put on it sees it.
enum BaseLinear {
  case linear(Linear)
  case transposed(TransposedLinear)
  case quantized(QuantizedLinear)

  /// The layer; nil where it is none of these.
  init?(_ module: any ParameterContainer) {
    switch module {
    case let linear as Linear: self = .linear(linear)
    case let linear as TransposedLinear: self = .transposed(linear)
    case let linear as QuantizedLinear: self = .quantized(linear)
    default: return nil
    }
  }

  /// The layer itself.
  var module: any Module {
    switch self {
    case .linear(let layer): layer
    case .transposed(let layer): layer
    case .quantized(let layer): layer
    }
  }

  /// [out, in].
  var shape: Shape {
    switch self {
    case .linear(let layer): layer.weight.shape
    case .transposed(let layer): Shape(layer.weight.shape.reversed())
    case .quantized(let layer): layer.weight.shape
    }
  }

  /// [out].
  var bias: Parameter? {
    switch self {
    case .linear(let layer): layer.bias
    case .transposed(let layer): layer.bias
    case .quantized(let layer): layer.bias
    }
  }

  /// The weight [out, in], with numbers in place of blocks.
  var matrix: Tensor {
    switch self {
    case .linear(let layer): layer.weight.value.detached()
    case .transposed(let layer): layer.weight.value.detached().transposed()
    case .quantized(let layer): layer.weight.dequantized()
    }
  }

  /// The product with the weight alone, [..., in] to [..., out].
  func product(_ input: Tensor) -> Tensor {
    switch self {
    case .quantized(let layer): input.linear(weight: layer.weight)
    case .linear(let layer): input.linear(weight: layer.weight.value)
    case .transposed(let layer): input.linear(weight: layer.weight.value.transposed())
    }
  }

  /// A layer of the same kind, or of numbers where this has blocks, with another weight [out, in].
  func with(matrix: Tensor, bias: Tensor?) -> any Module {
    let summands = bias.map { Self.frozen($0) }
    if case .transposed = self {
      return TransposedLinear(weight: Self.frozen(matrix.transposed().contiguous()), bias: summands)
    }
    return Linear(weight: Self.frozen(matrix), bias: summands)
  }

  private static func frozen(_ value: Tensor) -> Parameter {
    let parameter = Parameter(value)
    parameter.isFrozen = true
    return parameter
  }

  /// Where the layer lives.
  var device: Device {
    switch self {
    case .linear(let layer): layer.weight.value.device
    case .transposed(let layer): layer.weight.value.device
    case .quantized(let layer): layer.weight.device
    }
  }
}
