import Lathe

/// Two linear layers with an activation between, applied to each token.
public final class FeedForward: Module {
  private var linear1: any Module
  private var linear2: any Module
  private var dropout: any Module
  private let activation: (Tensor) -> Tensor

  /// A part with first values as PyTorch draws them.
  ///
  /// - Parameters:
  ///   - width: Elements of a token.
  ///   - hidden: Elements between the layers.
  ///   - bias: Whether the layers have summands.
  ///   - dropout: How likely an element between the layers becomes 0 in training.
  ///   - activation: Between the layers.
  ///   - generator: Draws first values, and what is dropped.
  ///   - device: Where its tensors live.
  public init(
    _ width: Int, _ hidden: Int, bias: Bool = true, dropout: Float = 0,
    activation: @escaping (Tensor) -> Tensor = { $0.relu() }, generator: Generator = .layers,
    device: Device = .default
  ) {
    linear1 = Linear(width, hidden, bias: bias, generator: generator, device: device)
    linear2 = Linear(hidden, width, bias: bias, generator: generator, device: device)
    self.dropout = Dropout(dropout, generator: generator)
    self.activation = activation
  }

  /// Computes the part.
  public func forward(_ input: Tensor) -> Tensor { linear2(dropout(activation(linear1(input)))) }

  /// Names the layers.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("linear1", linear1) { self.linear1 = $0 }
    visitor.module("linear2", linear2) { self.linear2 = $0 }
    visitor.module("dropout", dropout) { self.dropout = $0 }
  }
}

/// A linear layer of activation(gate(x)) * up(x) for each token (Shazeer, 2020).
public final class GatedFeedForward: Module {
  private var gate: any Module
  private var up: any Module
  private var down: any Module
  private var dropout: any Module
  private let activation: (Tensor) -> Tensor

  /// A part with first values as PyTorch draws them: SwiGLU unless another activation is given.
  ///
  /// - Parameters:
  ///   - width: Elements of a token.
  ///   - hidden: Elements of the gate, and of what it lets through.
  ///   - bias: Whether the layers have summands.
  ///   - dropout: How likely an element between the layers becomes 0 in training.
  ///   - activation: Of the gate: SiLU makes SwiGLU, GELU GeGLU, ReLU ReGLU, sigmoid the first gated linear unit.
  ///   - generator: Draws first values, and what is dropped.
  ///   - device: Where its tensors live.
  public init(
    _ width: Int, _ hidden: Int, bias: Bool = false, dropout: Float = 0,
    activation: @escaping (Tensor) -> Tensor = { $0.silu() }, generator: Generator = .layers,
    device: Device = .default
  ) {
    gate = Linear(width, hidden, bias: bias, generator: generator, device: device)
    up = Linear(width, hidden, bias: bias, generator: generator, device: device)
    down = Linear(hidden, width, bias: bias, generator: generator, device: device)
    self.dropout = Dropout(dropout, generator: generator)
    self.activation = activation
  }

  /// Computes the part.
  public func forward(_ input: Tensor) -> Tensor { down(dropout(activation(gate(input)) * up(input))) }

  /// Names the layers.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("gate", gate) { self.gate = $0 }
    visitor.module("up", up) { self.up = $0 }
    visitor.module("down", down) { self.down = $0 }
    visitor.module("dropout", dropout) { self.dropout = $0 }
  }
}
