import Lathe

/// The parameters, buffers and state dictionary of a module, and loading them.
extension ParameterContainer {
  /// The parameters with their dotted paths: `0.weight`, `encoder.layers.0.attention.query.weight`.
  public var namedParameters: [(name: String, parameter: Parameter)] { ModuleVisitor(self).parameters }

  /// The parameters in the order of their names' visit.
  public var parameters: [Parameter] { namedParameters.map(\.parameter) }

  /// The parameters that are not frozen.
  public var trainableParameters: [Parameter] { parameters.filter { !$0.isFrozen } }

  /// The buffers with their dotted paths: `bn.running_mean`.
  public var namedBuffers: [(name: String, buffer: ModuleBuffer)] { ModuleVisitor(self).buffers }

  /// The inner modules with their dotted paths, each behind the one it is part of.
  public var namedModules: [(path: String, module: any ParameterContainer)] { ModuleVisitor(self).modules }

  /// The state dictionary: parameters, then buffers, by dotted path.
  public var state: [(name: String, tensor: Tensor)] {
    let visitor = ModuleVisitor(self)
    return visitor.parameters.map { ($0.name, $0.parameter.value.detached()) }
      + visitor.buffers.map { ($0.name, $0.buffer.value) }
  }

  /// Elements of all parameters, a shared one counted once.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.shape.elementCount } }

  /// Elements of the parameters that are not frozen.
  public var trainableParameterCount: Int { trainableParameters.reduce(0) { $0 + $1.shape.elementCount } }

  /// Excludes parameters from training, or takes them back into it; a network without them computes no gradient for
  /// them.
  ///
  /// - Parameter prefix: Only parameters whose path is this or lies below it; all where nil.
  /// - Returns: How many parameters were named.
  @discardableResult
  public func freeze(_ prefix: String? = nil, _ isFrozen: Bool = true) -> Int {
    let named = namedParameters.filter { name, _ in
      prefix.map { name == $0 || name.hasPrefix($0 + ".") } ?? true
    }
    for (_, parameter) in named { parameter.isFrozen = isFrozen }
    return named.count
  }

  /// Takes values by name, as `state` gives them.
  ///
  /// - Parameter source: What the values come from, for messages.
  /// - Throws: `LatheError.format` where a name is missing or superfluous or a shape or type differs; the module is
  ///   then unchanged.
  public func load(_ values: [String: Tensor], from source: String) throws {
    let wanted = state
    let names = Set(wanted.map(\.name))
    let missing = wanted.map(\.name).filter { values[$0] == nil }
    let superfluous = values.keys.filter { !names.contains($0) }.sorted()
    guard missing.isEmpty && superfluous.isEmpty else {
      let parts = [
        missing.isEmpty ? nil : "lacks \(missing.joined(separator: ", "))",
        superfluous.isEmpty ? nil : "has \(superfluous.joined(separator: ", ")) too many",
      ]
      throw LatheError(
        .format, "\(source): of another model: it \(parts.compactMap { $0 }.joined(separator: " and "))")
    }
    for (name, tensor) in wanted {
      guard let value = values[name] else { continue }
      guard value.shape == tensor.shape, value.dtype == tensor.dtype else {
        throw LatheError(
          .format,
          "\(source): of another model: \(name) is \(value.dtype) \(value.shape), expected \(tensor.dtype) "
            + "\(tensor.shape)")
      }
    }
    let visitor = ModuleVisitor(self)
    for (name, parameter) in visitor.parameters {
      if let value = values[name] { parameter.value = value.moved(to: parameter.value.device) }
    }
    for (name, buffer) in visitor.buffers {
      if let value = values[name] { buffer.value = value.moved(to: buffer.value.device) }
    }
  }
}
