import LatheNN

extension ParameterGroup {
  /// What the norms of the families are called.
  private static let norms = ["LayerNorm", "layer_norm", "layernorm", ".norm.", ".ln_"]

  /// The parameters that learn: those that are drawn to 0, and biases and norms, which are not.
  ///
  /// - Parameters:
  ///   - model: The network.
  ///   - others: Parameters that are in no group.
  static func decayed(_ model: any ParameterContainer, without others: [Parameter] = []) -> [ParameterGroup] {
    let trained = model.namedParameters.filter { named in
      !named.parameter.isFrozen && !others.contains { $0 === named.parameter }
    }
    let isDrawn = { (name: String) in
      !name.hasSuffix("bias") && !norms.contains { name.contains($0) }
    }
    return [
      ParameterGroup(trained.filter { isDrawn($0.name) }.map(\.parameter)),
      ParameterGroup(trained.filter { !isDrawn($0.name) }.map(\.parameter), weightDecay: 0),
    ].filter { !$0.parameters.isEmpty }
  }
}
