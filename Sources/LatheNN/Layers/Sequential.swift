import Lathe

/// Modules applied one after the other; their names are their positions, as in PyTorch.
public final class Sequential: SequenceModule {
  /// The modules in order.
  public private(set) var layers: [any Module]

  /// A chain of the modules that the closure lists.
  public init(@LayerBuilder _ layers: () -> [any Module]) { self.layers = layers() }

  /// A chain of given modules.
  public init(_ layers: [any Module]) { self.layers = layers }

  /// Computes the layers in turn.
  public func forward(_ input: Tensor, lengths: [Int]?) -> Tensor {
    layers.reduce(input) { value, layer in layer.apply(value, lengths: lengths) }
  }

  /// Names the layers by their positions.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.modules("", layers) { self.layers[$0] = $1 }
  }
}

/// Collects the modules listed in a `Sequential`.
@resultBuilder
public enum LayerBuilder {
  /// One module.
  public static func buildExpression(_ layer: any Module) -> [any Module] { [layer] }
  /// Several lines.
  public static func buildBlock(_ parts: [any Module]...) -> [any Module] { parts.flatMap { $0 } }
  /// `if` without `else`.
  public static func buildOptional(_ part: [any Module]?) -> [any Module] { part ?? [] }
  /// `if`.
  public static func buildEither(first part: [any Module]) -> [any Module] { part }
  /// `else`.
  public static func buildEither(second part: [any Module]) -> [any Module] { part }
  /// `for`.
  public static func buildArray(_ parts: [[any Module]]) -> [any Module] { parts.flatMap { $0 } }
}
