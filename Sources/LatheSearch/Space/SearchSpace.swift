import LatheCore

/// A parameter that only matters where another one has one of some values.
public struct SearchCondition: Sendable, Hashable {
  /// The other parameter.
  public let parameter: String
  /// The values with which this one matters.
  public let values: [SearchValue]

  /// A parameter matters where `parameter` has one of `values`.
  public init(_ parameter: String, isOneOf values: [SearchValue]) {
    self.parameter = parameter
    self.values = values
  }
}

/// Something that a search sets.
public struct SearchParameter: Sendable, Hashable {
  /// Its name.
  public let name: String
  /// What it can be.
  public let domain: SearchDomain
  /// Where it matters; nil for everywhere.
  public let condition: SearchCondition?

  /// A parameter, which matters only where `condition` says so.
  public init(_ name: String, _ domain: SearchDomain, when condition: SearchCondition? = nil) {
    self.name = name
    self.domain = domain
    self.condition = condition
  }
}

/// All that a search sets, and the values among which it chooses.
///
/// ```swift
/// let space = try SearchSpace([
///   SearchParameter("learning_rate", .logUniform(1e-5...1e-1)),
///   SearchParameter("optimizer", .choice(["adam", "sgd"])),
///   SearchParameter("momentum", .uniform(0...0.99), when: SearchCondition("optimizer", isOneOf: ["sgd"])),
/// ])
/// ```
public struct SearchSpace: Sendable, Hashable {
  /// The parameters; one with a condition comes behind the one that it depends on.
  public let parameters: [SearchParameter]

  /// A space of some parameters in any order.
  ///
  /// - Throws: `LatheError.invalidArgument` for a bad domain, a name that is there twice, conditions on what is not there,
  ///   on itself or in a circle, or on values that the other parameter cannot have.
  public init(_ parameters: [SearchParameter]) throws {
    guard !parameters.isEmpty else { throw Self.error("there is no parameter; name one at least") }
    var byName: [String: SearchParameter] = [:]
    for parameter in parameters {
      if let problem = parameter.domain.problem { throw Self.error("\(parameter.name): \(problem)") }
      guard byName.updateValue(parameter, forKey: parameter.name) == nil else {
        throw Self.error("\(parameter.name) is there twice")
      }
    }
    for parameter in parameters {
      guard let condition = parameter.condition else { continue }
      guard let other = byName[condition.parameter] else {
        throw Self.error("\(parameter.name) depends on \(condition.parameter), which is not there")
      }
      if let bad = condition.values.first(where: { other.domain.normalized($0) == nil }) {
        throw Self.error("\(parameter.name) matters where \(other.name) is \(bad), which it cannot be")
      }
      guard !condition.values.isEmpty else {
        throw Self.error("\(parameter.name) matters for no value of \(other.name); name one at least")
      }
    }
    var ordered: [SearchParameter] = []
    var known: Set<String> = []
    var waiting = parameters
    while !waiting.isEmpty {
      let ready = waiting.filter { $0.condition.map { known.contains($0.parameter) } ?? true }
      guard !ready.isEmpty else {
        throw Self.error("\(waiting.map(\.name).joined(separator: ", ")) depend on each other in a circle")
      }
      waiting.removeAll { $0.condition.map { known.contains($0.parameter) } ?? true }
      ordered += ready
      known.formUnion(ready.map(\.name))
    }
    self.parameters = ordered
  }

  /// Whether a parameter matters beside values that are set already.
  func isActive(_ parameter: SearchParameter, in configuration: [String: SearchValue]) -> Bool {
    guard let condition = parameter.condition else { return true }
    guard let value = configuration[condition.parameter] else { return false }
    return condition.values.contains { $0 == value || ($0.number != nil && $0.number == value.number) }
  }

  /// Sets each parameter that matters, in order.
  func configuration(_ choose: (SearchParameter) throws -> SearchValue) rethrows -> [String: SearchValue] {
    var result: [String: SearchValue] = [:]
    for parameter in parameters where isActive(parameter, in: result) {
      result[parameter.name] = try choose(parameter)
    }
    return result
  }

  /// A configuration with its values as the space writes them.
  ///
  /// - Throws: `LatheError.invalidArgument` where a value is missing, surplus or not of its domain.
  public func checked(_ configuration: [String: SearchValue]) throws -> [String: SearchValue] {
    let result = try self.configuration { parameter in
      guard let value = configuration[parameter.name] else {
        throw Self.error("\(parameter.name) is not set")
      }
      guard let known = parameter.domain.normalized(value) else {
        throw Self.error("\(parameter.name) is \(value), which is not of the space")
      }
      return known
    }
    if let surplus = configuration.keys.sorted().first(where: { result[$0] == nil }) {
      throw Self.error("\(surplus) is set, and is no parameter that matters here")
    }
    return result
  }

  static func error(_ message: String) -> LatheError {
    LatheError(.invalidArgument, "search space: \(message)")
  }
}
