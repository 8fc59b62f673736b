import Lathe

/// x + body(x) (He et al., 2016), with another module in place of x where sizes change.
public final class Residual: SequenceModule, LayerRecomputation {
  /// What is added.
  public private(set) var body: any Module
  /// What stands for x; x itself where nil.
  public private(set) var shortcut: (any Module)?
  /// Whether the body is run again in the backward pass instead of keeping what it made.
  public var isRecomputed = false

  /// - Parameters:
  ///   - body: Computes what is added to its input.
  ///   - shortcut: Brings x to the body's output shape.
  public init(_ body: any Module, shortcut: (any Module)? = nil) {
    self.body = body
    self.shortcut = shortcut
  }

  /// A body listed as in `Sequential`.
  public convenience init(@LayerBuilder _ layers: () -> [any Module]) { self.init(Sequential(layers)) }

  /// Computes the layer.
  public func forward(_ input: Tensor, lengths: [Int]?) -> Tensor {
    let change = run { [body] in body.apply(input, lengths: lengths) }
    return (shortcut.map { $0.apply(input, lengths: lengths) } ?? input) + change
  }

  /// Names the body and the shortcut.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("body", body) { self.body = $0 }
    visitor.module("shortcut", shortcut) { self.shortcut = $0 }
  }
}

/// Any function as a module.
public final class Lambda: FunctionLayer {
  /// - Parameter function: Has no parameters of its own; those it uses are not found.
  public override init(_ function: @escaping (Tensor) -> Tensor) { super.init(function) }
}

/// The input unchanged.
public final class Identity: FunctionLayer {
  /// A layer without parameters.
  public init() { super.init { $0 } }
}

/// All axes but the first made into one.
public final class Flatten: FunctionLayer {
  /// A layer without parameters.
  public init() { super.init { $0.flattened(from: 1) } }
}

/// The axes behind the first in another shape.
public final class Reshape: FunctionLayer {
  /// - Parameter shape: Without the first axis.
  public init(_ shape: Shape) { super.init { $0.reshaped(to: Shape([$0.shape[0]] + Array(shape))) } }
}
