import Lathe

/// A part of a network: a function of a tensor with parameters of its own.
public protocol Module: AnyObject {
  /// Applies the module.
  func callAsFunction(_ input: Tensor) -> Tensor

  /// Names the module's parameters and the modules it is made of, always in the same order.
  func visit(_ visitor: inout ModuleVisitor)

  /// Switches between training and evaluation; only modules that differ between the two have work here.
  func setTraining(_ isTraining: Bool)
}

/// Receives what a module is made of; see `Module.visit(_:)`.
public struct ModuleVisitor {
  var path = ""
  var found: [(name: String, parameter: Parameter)] = []
  var modules: [any Module] = []
  private var seen = Set<ObjectIdentifier>()

  /// Names a parameter of the visited module.
  public mutating func parameter(_ name: String, _ parameter: Parameter?) {
    // A parameter shared by two modules is one parameter, under the name met first.
    guard let parameter, seen.insert(ObjectIdentifier(parameter)).inserted else { return }
    found.append((path + name, parameter))
  }

  /// Names a module inside the visited one.
  public mutating func module(_ name: String, _ module: any Module) {
    let outer = path
    path += name + "."
    modules.append(module)
    module.visit(&self)
    path = outer
  }
}

extension Module {
  /// No parameters and no inner modules.
  public func visit(_ visitor: inout ModuleVisitor) {}

  /// No difference between training and evaluation.
  public func setTraining(_ isTraining: Bool) {}

  /// The parameters with their dotted paths: `0.weight`, `encoder.norm.bias`.
  public var namedParameters: [(name: String, parameter: Parameter)] {
    var visitor = ModuleVisitor()
    visit(&visitor)
    return visitor.found
  }

  /// The parameters in the order of their names' visit.
  public var parameters: [Parameter] { namedParameters.map(\.parameter) }

  /// Switches this module and all inside it to training.
  public func train() { setMode(true) }

  /// Switches this module and all inside it to evaluation.
  public func evaluate() { setMode(false) }

  private func setMode(_ isTraining: Bool) {
    var visitor = ModuleVisitor()
    visit(&visitor)
    setTraining(isTraining)
    for module in visitor.modules { module.setTraining(isTraining) }
  }

  /// Moves the parameters to a device, in place, and returns the module.
  @discardableResult
  public func moved(to device: Device) -> Self {
    for parameter in parameters { parameter.value = parameter.value.detached().moved(to: device) }
    return self
  }

  /// Takes values by name, as `namedParameters` gives them.
  ///
  /// - Parameter source: What the values come from, for messages.
  /// - Throws: `LatheError.format` where a name is missing or superfluous or a shape or type differs; the module is
  ///   then unchanged.
  public func load(_ values: [String: Tensor], from source: String) throws {
    let named = namedParameters
    let missing = named.map(\.name).filter { values[$0] == nil }
    let superfluous = values.keys.filter { name in !named.contains { $0.name == name } }.sorted()
    guard missing.isEmpty && superfluous.isEmpty else {
      let parts = [
        missing.isEmpty ? nil : "lacks \(missing.joined(separator: ", "))",
        superfluous.isEmpty ? nil : "has \(superfluous.joined(separator: ", ")) too many",
      ]
      throw LatheError(
        .format, "\(source): of another model: it \(parts.compactMap { $0 }.joined(separator: " and "))")
    }
    for (name, parameter) in named {
      guard let value = values[name] else { continue }
      guard value.shape == parameter.shape, value.dtype == parameter.value.dtype else {
        throw LatheError(
          .format,
          "\(source): of another model: \(name) is \(value.dtype) \(value.shape), expected "
            + "\(parameter.value.dtype) \(parameter.shape)")
      }
    }
    for (name, parameter) in named {
      if let value = values[name] { parameter.value = value.moved(to: parameter.value.device) }
    }
  }
}
