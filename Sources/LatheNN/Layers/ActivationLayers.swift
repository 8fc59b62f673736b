import Lathe

/// max(x, 0).
public final class ReLU: FunctionLayer {
  /// A layer without parameters.
  public init() { super.init { $0.relu() } }
}

/// min(max(x, 0), 6).
public final class ReLU6: FunctionLayer {
  /// A layer without parameters.
  public init() { super.init { $0.relu6() } }
}

/// x where x >= 0, else slope * x.
public final class LeakyReLU: FunctionLayer {
  /// - Parameter slope: What negative numbers are multiplied by.
  public init(_ slope: Float = 0.01) { super.init { $0.leakyReLU(slope: slope) } }
}

/// x where x > 0, else alpha * (exp(x) - 1).
public final class ELU: FunctionLayer {
  /// - Parameter alpha: The negative of the limit at minus infinity.
  public init(_ alpha: Float = 1) { super.init { $0.elu(alpha: alpha) } }
}

/// ELU scaled so that mean 0 and variance 1 stay what they are.
public final class SELU: FunctionLayer {
  /// A layer without parameters.
  public init() { super.init { $0.selu() } }
}

/// max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0).
public final class CELU: FunctionLayer {
  /// - Parameter alpha: The negative of the limit at minus infinity.
  public init(_ alpha: Float = 1) { super.init { $0.celu(alpha: alpha) } }
}

/// The Gaussian error linear unit.
public final class GELU: FunctionLayer {
  /// - Parameter approximation: Exact, or by tanh.
  public init(_ approximation: GELUApproximation = .exact) {
    super.init { $0.gelu(approximation: approximation) }
  }
}

/// x * sigmoid(x), also called swish.
public final class SiLU: FunctionLayer {
  /// A layer without parameters.
  public init() { super.init { $0.silu() } }
}

/// x * tanh(softplus(x)).
public final class Mish: FunctionLayer {
  /// A layer without parameters.
  public init() { super.init { $0.mish() } }
}

/// 1 / (1 + exp(-x)).
public final class Sigmoid: FunctionLayer {
  /// A layer without parameters.
  public init() { super.init { $0.sigmoid() } }
}

/// log(sigmoid(x)).
public final class LogSigmoid: FunctionLayer {
  /// A layer without parameters.
  public init() { super.init { $0.logSigmoid() } }
}

/// The hyperbolic tangent.
public final class Tanh: FunctionLayer {
  /// A layer without parameters.
  public init() { super.init { $0.tanh() } }
}

/// x - tanh(x).
public final class TanhShrink: FunctionLayer {
  /// A layer without parameters.
  public init() { super.init { $0.tanhShrink() } }
}

/// log(1 + exp(x)).
public final class Softplus: FunctionLayer {
  /// A layer without parameters.
  public init() { super.init { $0.softplus() } }
}

/// x / (1 + |x|).
public final class Softsign: FunctionLayer {
  /// A layer without parameters.
  public init() { super.init { $0.softsign() } }
}

/// x moved towards 0 by a limit, and 0 where it is nearer.
public final class SoftShrink: FunctionLayer {
  /// - Parameter limit: How far.
  public init(_ limit: Float = 0.5) { super.init { $0.softShrink(limit) } }
}

/// x where |x| is above a limit, else 0.
public final class HardShrink: FunctionLayer {
  /// - Parameter limit: Up to where 0.
  public init(_ limit: Float = 0.5) { super.init { $0.hardShrink(limit) } }
}

/// x limited to a range.
public final class HardTanh: FunctionLayer {
  /// - Parameters:
  ///   - low: The least value; `high` the greatest.
  ///   - high: The greatest value.
  public init(_ low: Float = -1, _ high: Float = 1) { super.init { $0.hardTanh(low, high) } }
}

/// min(max(x + 3, 0), 6) / 6.
public final class HardSigmoid: FunctionLayer {
  /// A layer without parameters.
  public init() { super.init { $0.hardSigmoid() } }
}

/// x * hardSigmoid(x).
public final class HardSwish: FunctionLayer {
  /// A layer without parameters.
  public init() { super.init { $0.hardSwish() } }
}

/// x where it is above a limit, else a value.
public final class Threshold: FunctionLayer {
  /// - Parameters:
  ///   - limit: What x must be above.
  ///   - value: What stands elsewhere.
  public init(_ limit: Float, _ value: Float) { super.init { $0.threshold(limit, value) } }
}

/// a * sigmoid(b) for the two halves of an axis.
public final class GLU: FunctionLayer {
  /// - Parameter axis: The axis that is halved.
  public init(axis: Int = -1) { super.init { $0.glu(axis: axis) } }
}

/// exp(x) / sum(exp(x)) along an axis.
public final class Softmax: FunctionLayer {
  /// - Parameter axis: What is summed over.
  public init(axis: Int = -1) { super.init { $0.softmax(axis: axis) } }
}

/// The softmax of -x along an axis.
public final class Softmin: FunctionLayer {
  /// - Parameter axis: What is summed over.
  public init(axis: Int = -1) { super.init { $0.softmin(axis: axis) } }
}

/// log(softmax(x)) along an axis.
public final class LogSoftmax: FunctionLayer {
  /// - Parameter axis: What is summed over.
  public init(axis: Int = -1) { super.init { $0.logSoftmax(axis: axis) } }
}

/// x where x >= 0, else slope * x, with slopes that are trained (He et al., 2015).
public final class PReLU: Module {
  /// One slope, or one per channel.
  public let weight: Parameter

  /// - Parameters:
  ///   - count: 1, or the number of channels.
  ///   - slope: The first value.
  ///   - device: Where the slope lives.
  public init(_ count: Int = 1, slope: Float = 0.25, device: Device = .default) {
    weight = Parameter(.full([count], slope, device: device))
  }

  /// Computes the layer.
  public func forward(_ input: Tensor) -> Tensor { input.prelu(slope: weight.value) }

  /// Names the slopes.
  public func visit(_ visitor: inout ModuleVisitor) { visitor.parameter("weight", weight) }
}
