import Lathe
import LatheNN

/// A small network behind one layer.
final class BottleneckBranch: AdapterBranch {
  private let down: Linear, up: Linear
  private let activation: BottleneckConfiguration.Activation

  init(_ settings: BottleneckConfiguration, _ base: BaseLinear, _ generator: Generator) {
    let (width, device) = (base.shape[0], base.device)
    let narrow = max(width / settings.reduction, 1)
    let first = Initializer.normal(mean: 0, deviation: settings.deviation)
    func layer(_ outputs: Int, _ inputs: Int) -> Linear {
      Linear(
        weight: Parameter(first([outputs, inputs], generator: generator, device: device)),
        bias: Parameter(.zeros([outputs], device: device)))
    }
    (down, up) = (layer(narrow, width), layer(width, narrow))
    activation = settings.activation
  }

  func result(_ result: Tensor, _ input: Tensor, _ base: BaseLinear, plain: Tensor) -> Tensor {
    let narrow = down(result)
    let between =
      switch activation {
      case .relu: narrow.relu()
      case .gelu: narrow.gelu()
      case .silu: narrow.silu()
      case .tanh: narrow.tanh()
      }
    return result + up(between)
  }

  /// The network is not linear.
  var canMerge: Bool { false }

  /// None.
  func merged(_ weight: Tensor, _ bias: Tensor?) -> (weight: Tensor, bias: Tensor?)? { nil }

  func visit(_ visitor: inout ModuleVisitor, _ name: String) {
    visitor.module("adapter_down.\(name)", down)
    visitor.module("adapter_up.\(name)", up)
  }

  var stored: [(name: String, parameter: Parameter)] {
    [
      ("adapter_down.weight", down.weight), ("adapter_up.weight", up.weight),
    ]
      + [("adapter_down.bias", down.bias), ("adapter_up.bias", up.bias)].compactMap { name, bias in
        bias.map { (name, $0) }
      }
  }
}
