import LatheNN

extension ParameterGroup {
  /// The parameters that learn: those that are drawn to 0, and biases and norms, which are not.
  static func decayed(_ model: any ParameterContainer) -> [ParameterGroup] {
    let trained = model.namedParameters.filter { !$0.parameter.isFrozen }
    let isDrawn = { (name: String) in
      !name.hasSuffix("bias") && !["LayerNorm", "layer_norm", "layernorm", ".norm.", ".ln_"].contains { name.contains($0) }
    }
    return [
      ParameterGroup(trained.filter { isDrawn($0.name) }.map(\.parameter)),
      ParameterGroup(trained.filter { !isDrawn($0.name) }.map(\.parameter), weightDecay: 0),
    ].filter { !$0.parameters.isEmpty }
  }
}
