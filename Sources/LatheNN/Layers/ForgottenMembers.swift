import Lathe
import Synchronization

extension ParameterContainer {
  /// Stored parameters, buffers, generators and modules that no `visit` of this module and those inside names.
  ///
  /// They would be neither trained nor saved nor moved. Found by reflection, for tests and debug builds.
  /// - Returns: Their paths with the types of what stores and what is stored: `1.head (Linear of Classifier)`; empty where
  ///   nothing is forgotten. `ModuleVisitor.omit(_:)` takes out what is left out on purpose.
  public var forgottenMembers: [String] {
    var checked = Set<ObjectIdentifier>()
    return ([("", self as any ParameterContainer)] + ModuleVisitor(self).modules)
      .filter { checked.insert(ObjectIdentifier($0.1)).inserted }
      .flatMap { ForgottenMembers.names(of: $0.1, path: $0.0) }
  }
}

/// A search through the stored properties of one module.
struct ForgottenMembers {
  /// What `visit` names.
  let named: Set<ObjectIdentifier>
  /// What it does not.
  private(set) var found: [(path: String, member: AnyObject)] = []

  init(named: Set<ObjectIdentifier>) { self.named = named }

  /// Looks through the properties of a value, those of superclasses included.
  mutating func members(of mirror: Mirror, path: String) {
    if let inherited = mirror.superclassMirror { members(of: inherited, path: path) }
    for (index, child) in mirror.children.enumerated() {
      // Collections have no labels, tuples have numbers, values in optionals the label "some".
      let label = mirror.displayStyle == .optional ? nil : child.label ?? String(index)
      let inner = [path, label].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ".")
      if !value(child.value, path: inner) && mirror.displayStyle == .collection { return }
    }
  }

  /// Looks at a value; false where those beside it in a collection hold nothing either.
  private mutating func value(_ value: Any, path: String) -> Bool {
    if let member = value as? any ParameterContainer {
      check(member, isNamed: named.contains(ObjectIdentifier(member)) || isVisitedInPlace(member), path)
    } else if let member = value as? Parameter {
      check(member, isNamed: named.contains(ObjectIdentifier(member)), path)
    } else if let member = value as? ModuleBuffer {
      check(member, isNamed: named.contains(ObjectIdentifier(member)), path)
    } else if let member = value as? Generator {
      check(member, isNamed: named.contains(ObjectIdentifier(member)), path)
    } else if value is any Numeric || value is String || value is Tensor {
      return false
    } else {
      let mirror = Mirror(reflecting: value)
      // Other objects have a life of their own.
      if let style = mirror.displayStyle, style != .class { members(of: mirror, path: path) }
    }
    return true
  }

  /// Whether a module's parts stand under names of the module that stores it, as a recurrent layer's do.
  private func isVisitedInPlace(_ module: any ParameterContainer) -> Bool {
    let parts = ModuleVisitor(module).seen
    return !parts.isEmpty && parts.isSubset(of: named)
  }

  private mutating func check(_ member: AnyObject, isNamed: Bool, _ path: String) {
    if !isNamed { found.append((path, member)) }
  }

  /// The names of what one module forgets.
  static func names(of module: any ParameterContainer, path: String) -> [String] {
    var search = ForgottenMembers(named: ModuleVisitor(module).seen)
    search.members(of: Mirror(reflecting: module), path: path)
    return search.found.map { "\($0.path) (\(type(of: $0.member)) of \(type(of: module)))" }
  }

  private static let known = Mutex<Set<ObjectIdentifier>>([])

  /// Stops a program one of whose modules forgets a member; looks once at each type, since reflection takes its time.
  static func check(_ root: any ParameterContainer) {
    for (path, module) in [("", root)] + ModuleVisitor(root).modules
    where known.withLock({ $0.insert(ObjectIdentifier(type(of: module))).inserted }) {
      let forgotten = names(of: module, path: path)
      require(
        forgotten.isEmpty,
        "\(type(of: module)): visit(_:) does not name \(forgotten.joined(separator: ", ")); name it, or say visitor.omit(_:)"
      )
    }
  }
}
