import Lathe

/// A container whose layers can be run again in the backward pass, so that only their inputs are kept.
public protocol LayerCheckpointing: ParameterContainer {
  /// Whether that is done.
  var isCheckpointed: Bool { get set }
}

extension LayerCheckpointing {
  /// A layer's result, checkpointed where wanted.
  func run(_ layer: @escaping () -> Tensor) -> Tensor { isCheckpointed ? checkpoint(layer) : layer() }
}

extension ParameterContainer {
  /// Switches checkpointing on or off in every container inside that can do it.
  ///
  /// - Returns: Whether there is one.
  @discardableResult
  public func checkpointLayers(_ isCheckpointed: Bool = true) -> Bool {
    let containers = ([self] + ModuleVisitor(self).modules.map(\.module)).compactMap {
      $0 as? any LayerCheckpointing
    }
    for container in containers { container.isCheckpointed = isCheckpointed }
    return !containers.isEmpty
  }
}
