import Lathe

/// A container whose layers can be run again in the backward pass, so that only their inputs are kept.
public protocol LayerRecomputation: ParameterContainer {
  /// Whether that is done.
  var isRecomputed: Bool { get set }
}

extension LayerRecomputation {
  /// A layer's result, recomputed where wanted.
  func run(_ layer: @escaping () -> Tensor) -> Tensor { isRecomputed ? recomputed(layer) : layer() }
}

extension ParameterContainer {
  /// Switches recomputation on or off in every container inside that can do it.
  ///
  /// - Returns: Whether there is one.
  @discardableResult
  public func recomputeLayers(_ isRecomputed: Bool = true) -> Bool {
    let containers = ([self] + ModuleVisitor(self).modules.map(\.module)).compactMap {
      $0 as? any LayerRecomputation
    }
    for container in containers { container.isRecomputed = isRecomputed }
    return !containers.isEmpty
  }
}
