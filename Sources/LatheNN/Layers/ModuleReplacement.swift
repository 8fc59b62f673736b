import Lathe

/// Finding the modules inside another, and putting others in their places.
extension ParameterContainer {
  /// The module at a path; nil where there is none.
  ///
  /// - Parameter path: As in `namedModules`: `encoder.layers.0.attention.query`.
  public func module(at path: String) -> (any ParameterContainer)? {
    ModuleVisitor(self).modules.first { $0.path == path }?.module
  }

  /// The inner modules whose paths a pattern matches as a whole.
  ///
  /// - Parameter pattern: Such as `encoder.*.query`; those inside a chosen module are not chosen with it.
  public func namedModules(matching pattern: PathPattern) -> [(path: String, module: any ParameterContainer)]
  {
    namedModules.filter { pattern.matchesWhole($0.path) }
  }

  /// Puts other modules in the places of inner ones, which they may wrap: an adapter around each projection, a quantised
  /// layer for each linear one.
  ///
  /// ```swift
  /// try model.replace("encoder.*.attention.query") { (linear: Linear) in LoRALinear(linear) }
  /// ```
  /// What the closure gives stands in all places of a module that several share. Nothing is replaced where anything is
  /// thrown. An optimizer made before has the parameters of before.
  /// - Parameters:
  ///   - pattern: Matches the paths of the modules as a whole; all modules of the closure's type where not given.
  ///   - make: The new module for an old one; modules of other types than it takes stay.
  /// - Returns: The paths of the places.
  /// - Throws: `LatheError.invalidArgument` where no module is chosen, where one stands in a place that takes no other
  ///   (a `visit` that names it without `replace:`) or none of the new type; what the closure throws.
  @discardableResult
  public func replace<Old>(
    _ pattern: PathPattern = "*", with make: (Old) throws -> any ParameterContainer
  ) throws -> [String] {
    let visitor = ModuleVisitor(self)
    let chosen = visitor.modules.compactMap {
      path, module -> (path: String, module: any ParameterContainer, old: Old)? in
      guard pattern.matchesWhole(path), let old = module as? Old else { return nil }
      return (path, module, old)
    }
    guard !chosen.isEmpty else {
      throw LatheError(
        .invalidArgument,
        "replace: no module of type \(Old.self) inside \(type(of: self)) is called '\(pattern.text)'; the paths are "
          + visitor.modules.map(\.path).joined(separator: ", "))
    }
    var made: [ObjectIdentifier: any ParameterContainer] = [:]
    var changes: [(place: ModulePlace, module: any ParameterContainer)] = []
    for (path, module, old) in chosen {
      guard let place = visitor.places[path] else {
        throw LatheError(
          .invalidArgument,
          "replace: the place of '\(path)' in \(type(of: self)) takes no other module; its visit(_:) has to name it with "
            + "'replace:'")
      }
      let new = try made[ObjectIdentifier(module)] ?? make(old)
      made[ObjectIdentifier(module)] = new
      guard place.accepts(new) else {
        throw LatheError(
          .invalidArgument,
          "replace: '\(path)' in \(type(of: self)) takes a module of type \(place.type), not \(type(of: new))"
        )
      }
      changes.append((place, new))
    }
    for change in changes { change.place.put(change.module) }
    return chosen.map(\.path)
  }
}
