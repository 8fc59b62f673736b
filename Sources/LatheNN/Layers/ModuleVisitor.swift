import Lathe

/// Receives what a module is made of; see `ParameterContainer.visit(_:)`.
public struct ModuleVisitor {
  /// The parameters met so far with their dotted paths.
  private(set) var parameters: [(name: String, parameter: Parameter)] = []
  /// The buffers met so far with their dotted paths.
  private(set) var buffers: [(name: String, buffer: ModuleBuffer)] = []
  /// The inner modules, each behind the one it is part of, with their dotted paths.
  private(set) var modules: [(path: String, module: any ParameterContainer)] = []
  /// Where other modules can be put, by the paths of those that stand there.
  private(set) var places: [String: ModulePlace] = [:]
  /// The generators that modules draw from, met so far, with their dotted paths.
  private(set) var generators: [(name: String, generator: Generator)] = []
  /// Everything named so far, and what is left out on purpose.
  private(set) var seen = Set<ObjectIdentifier>()
  private var path = ""

  /// Everything inside a module.
  init(_ root: any ParameterContainer) { root.visit(&self) }

  /// Names a parameter of the visited module.
  public mutating func parameter(_ name: String, _ parameter: Parameter?) {
    // A parameter shared by two modules is one parameter, under the name met first.
    guard let parameter, seen.insert(ObjectIdentifier(parameter)).inserted else { return }
    parameters.append((path + name, parameter))
  }

  /// Names a buffer of the visited module.
  public mutating func buffer(_ name: String, _ buffer: ModuleBuffer?) {
    guard let buffer, seen.insert(ObjectIdentifier(buffer)).inserted else { return }
    buffers.append((path + name, buffer))
  }

  /// Names a generator that the visited module draws from when it is applied, so that checkpoints hold its state.
  public mutating func generator(_ name: String, _ generator: Generator?) {
    guard let generator, seen.insert(ObjectIdentifier(generator)).inserted else { return }
    generators.append((path + name, generator))
  }

  /// Says that a stored parameter, buffer, generator or module is no part of the visited module, such as a teacher that its
  /// student only asks: it is neither trained nor saved with it.
  public mutating func omit(_ member: AnyObject?) {
    if let member { seen.insert(ObjectIdentifier(member)) }
  }

  /// Names a module inside the visited one; nil where it has none of that name.
  public mutating func module(_ name: String, _ module: (any ParameterContainer)?) {
    guard let module else { return }
    seen.insert(ObjectIdentifier(module))
    let outer = path
    modules.append((outer + name, module))
    path += name + "."
    module.visit(&self)
    path = outer
  }

  /// Names modules by their positions under a common name: `layers.0`, `layers.1`.
  public mutating func modules(_ name: String, _ modules: [any ParameterContainer]) {
    for (index, module) in modules.enumerated() { self.module("\(name).\(index)", module) }
  }

  /// Names a module inside the visited one, whose place another can take: `ParameterContainer.replace(_:with:)`.
  ///
  /// ```swift
  /// visitor.module("head", head) { self.head = $0 }
  /// ```
  /// - Parameters:
  ///   - name: The last part of the path.
  ///   - module: The module, or nil; a property of type `any Module` takes any other in its place.
  ///   - replace: Puts another into the property.
  public mutating func module<Child>(
    _ name: String, _ module: @autoclosure () -> Child, replace: @escaping (Child) -> Void
  ) {
    // By a closure, so that `Child` is the property's type and not that of the module in it.
    guard let present = module() as? any ParameterContainer else { return }
    places[path + name] = ModulePlace(
      type: Child.self, accepts: { $0 is Child }, put: { if let child = $0 as? Child { replace(child) } })
    self.module(name, present)
  }

  /// Names modules by their positions under a common name, whose places others can take.
  ///
  /// - Parameters:
  ///   - name: What the positions are appended to: `layers.0`; with an empty name they stand alone.
  ///   - modules: The modules in order.
  ///   - replace: Puts another module at a position.
  public mutating func modules<Child>(
    _ name: String, _ modules: [Child], replace: @escaping (Int, Child) -> Void
  ) {
    for (index, module) in modules.enumerated() {
      self.module(name.isEmpty ? "\(index)" : "\(name).\(index)", module) { replace(index, $0) }
    }
  }
}

/// A property of a module that holds another.
struct ModulePlace {
  /// What the property can hold.
  let type: Any.Type
  /// Whether it can hold a module.
  let accepts: (any ParameterContainer) -> Bool
  /// Puts a module there.
  let put: (any ParameterContainer) -> Void
}
