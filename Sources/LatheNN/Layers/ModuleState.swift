import Lathe

/// The parameters, buffers and state dictionary of a module, and loading them.
extension ParameterContainer {
  /// The parameters with their dotted paths: `0.weight`, `encoder.layers.0.attention.query.weight`.
  ///
  /// A debug build stops with the names where the `visit` of a module inside forgets what it stores; see `forgottenMembers`.
  public var namedParameters: [(name: String, parameter: Parameter)] {
    #if DEBUG
      ForgottenMembers.check(self)
    #endif
    return ModuleVisitor(self).parameters
  }

  /// The parameters in the order of their names' visit.
  public var parameters: [Parameter] { namedParameters.map(\.parameter) }

  /// The parameters that are not frozen.
  public var trainableParameters: [Parameter] { parameters.filter { !$0.isFrozen } }

  /// The buffers with their dotted paths: `bn.running_mean`.
  public var namedBuffers: [(name: String, buffer: ModuleBuffer)] { ModuleVisitor(self).buffers }

  /// The generators that layers draw from, with their dotted paths: `3.generator`; a shared one under the name met first.
  public var namedGenerators: [(name: String, generator: Generator)] { ModuleVisitor(self).generators }

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
  /// - Parameters:
  ///   - prefix: Only parameters whose path is this or lies below it; all where nil.
  ///   - isFrozen: False takes them back into training.
  /// - Returns: How many parameters were named.
  @discardableResult
  public func freeze(_ prefix: String? = nil, _ isFrozen: Bool = true) -> Int {
    let named = namedParameters.filter { name, _ in
      prefix.map { name == $0 || name.hasPrefix($0 + ".") } ?? true
    }
    for (_, parameter) in named { parameter.isFrozen = isFrozen }
    return named.count
  }

  /// The parameters that a pattern chooses, with their dotted paths.
  ///
  /// - Parameter pattern: Such as `encoder` or `*.bias`.
  public func namedParameters(matching pattern: PathPattern) -> [(name: String, parameter: Parameter)] {
    namedParameters.filter { pattern.matches($0.name) }
  }

  /// Excludes the parameters that a pattern chooses from training, or takes them back into it; see `freeze(_:_:)`.
  ///
  /// Running statistics of frozen layers go on following the data in training, as PyTorch's do.
  /// - Parameters:
  ///   - pattern: Such as `encoder` or `*.bias`.
  ///   - isFrozen: False takes them back into training.
  /// - Returns: How many parameters were chosen.
  @discardableResult
  public func freeze(matching pattern: PathPattern, _ isFrozen: Bool = true) -> Int {
    let chosen = namedParameters(matching: pattern)
    for (_, parameter) in chosen { parameter.isFrozen = isFrozen }
    return chosen.count
  }

  /// Takes values by name, as `state` gives them.
  ///
  /// - Parameters:
  ///   - values: Tensors by the paths of parameters and buffers.
  ///   - source: What the values come from, for messages.
  /// - Throws: `LatheError.format` that lists every name that is missing or superfluous and every shape or type that
  ///   differs; the module is then unchanged.
  public func load(_ values: [String: Tensor], from source: String) throws {
    let report = LoadReport(self, values)
    guard report.isComplete else {
      throw LatheError(.format, "\(source): of another model: \(report.problem)")
    }
    try take(values, report)
  }

  /// Takes those values whose name, shape and type fit; see `loadMatching(from:names:freezing:)`.
  @discardableResult
  public func loadMatching(_ values: [String: Tensor], from source: String, freezing: Bool = false) throws
    -> LoadReport
  {
    let report = LoadReport(self, values)
    guard !report.loaded.isEmpty else {
      throw LatheError(.format, "\(source): nothing in it fits the model: \(report.problem)")
    }
    try take(values, report)
    if freezing {
      let taken = Set(report.loaded)
      for (name, parameter) in namedParameters where taken.contains(name) { parameter.isFrozen = true }
    }
    return report
  }

  private func take(_ values: [String: Tensor], _ report: LoadReport) throws {
    let taken = Set(report.loaded)
    let visitor = ModuleVisitor(self)
    // All are on their device before the first is put in its place.
    func moved(_ name: String, _ present: Tensor) throws -> Tensor? {
      guard taken.contains(name) else { return nil }
      return try values[name]?.moved(to: present.device).computed()
    }
    let parameters = try visitor.parameters.map { ($0.parameter, try moved($0.name, $0.parameter.value)) }
    let buffers = try visitor.buffers.map { ($0.buffer, try moved($0.name, $0.buffer.value)) }
    for (parameter, value) in parameters { if let value { parameter.value = value } }
    for (buffer, value) in buffers { if let value { buffer.value = value } }
  }
}
