import LatheCore

/// A rendering of a template: its variables, its output, and what it may still do.
final class TemplateRun {
  /// How a list of statements ended.
  private enum Ending { case normal, leave, skip }

  private var scopes: [[String: TemplateValue]]
  private var steps = 0
  private var depth = 0
  private var output = ""
  /// The most bytes that a text may have.
  let outputLimit: Int
  private static let stepLimit = 2_000_000
  /// What a round of a loop counts as, which makes anew what its body knows of it.
  private static let stepsOfRound = 10

  init(variables: [String: TemplateValue], outputLimit: Int) {
    scopes = [TemplateGlobals.functions, variables]
    self.outputLimit = outputLimit
  }

  /// The text of a template.
  func render(_ statements: [TemplateStatement]) throws -> String {
    _ = try run(statements)
    return output
  }

  private func step(_ position: TemplatePosition, _ count: Int = 1) throws {
    steps += count
    if steps > Self.stepLimit { throw position.failure("more than \(Self.stepLimit) steps; does it end?") }
  }

  /// Refuses texts beyond the limit.
  func check(length: Int, _ position: TemplatePosition) throws {
    if length > outputLimit { throw position.failure("a text of more than \(outputLimit) bytes") }
  }

  private func write(_ text: String, _ position: TemplatePosition) throws {
    try check(length: output.utf8.count + text.utf8.count, position)
    output += text
  }

  private func run(_ statements: [TemplateStatement]) throws -> Ending {
    for statement in statements {
      let ending = try run(statement)
      if ending != .normal { return ending }
    }
    return .normal
  }

  private func run(_ statement: TemplateStatement) throws -> Ending {
    let position = statement.position
    try step(position)
    depth += 1
    defer { depth -= 1 }
    if depth > 200 { throw position.failure("more than 200 parts inside each other") }
    switch statement.node {
    case .text(let text): try write(text, position)
    case .print(let expression): try write(try value(expression).text, position)
    case .branch(let branches, let otherwise):
      for (condition, body) in branches where try value(condition).isTrue { return try run(body) }
      return try run(otherwise)
    case .loop(let target, let items, let condition, let body, let otherwise):
      try loop(target, items, condition, body, otherwise, position)
    case .set(let target, let expression): try store(try value(expression), target, position)
    case .capture(let name, let body):
      let outer = output
      output = ""
      defer { output = outer }
      scopes.append([:])
      defer { scopes.removeLast() }
      _ = try run(body)
      scopes[scopes.count - 2][name] = .string(output)
    case .macro(let macro): scopes[scopes.count - 1][macro.name] = .function(function(macro))
    case .leave: return .leave
    case .skip: return .skip
    }
    return .normal
  }

  private func function(_ macro: TemplateStatement.Macro) -> TemplateFunction {
    TemplateFunction(name: "macro '\(macro.name)'") { call, run in
      try call.check(
        "the macro '\(macro.name)'", most: macro.parameters.count, names: macro.parameters.map(\.0))
      var scope: [String: TemplateValue] = [:]
      for (place, parameter) in macro.parameters.enumerated() {
        if let given = call.argument(place, parameter.0) {
          scope[parameter.0] = given
        } else {
          scope[parameter.0] = try parameter.1.map { try run.value($0) } ?? .undefined(parameter.0)
        }
      }
      let outer = run.output
      let outerScopes = run.scopes
      run.output = ""
      // A macro sees what the whole template sees.
      run.scopes = Array(run.scopes.prefix(2)) + [scope]
      defer {
        run.output = outer
        run.scopes = outerScopes
      }
      _ = try run.run(macro.body)
      return .string(run.output)
    }
  }

  private func store(
    _ value: TemplateValue, _ target: TemplateStatement.Target, _ position: TemplatePosition
  ) throws {
    switch target {
    case .name(let name): scopes[scopes.count - 1][name] = value
    case .attribute(let name, let member):
      guard case .namespace(let namespace)? = lookup(name) else {
        throw position.failure("'\(name)' is no namespace, of which alone attributes can be set")
      }
      namespace.members[member] = value
    case .names(let names):
      guard case .list(let values) = value, values.count == names.count else {
        throw position.failure(
          "\(counted(names.count, "names")) for \(value.kind) that has not as many values")
      }
      for (name, value) in zip(names, values) { scopes[scopes.count - 1][name] = value }
    }
  }

  private func loop(
    _ target: TemplateStatement.Target, _ expression: TemplateExpression, _ condition: TemplateExpression?,
    _ body: [TemplateStatement], _ otherwise: [TemplateStatement], _ position: TemplatePosition
  ) throws {
    var items = try self.items(try value(expression), expression.position)
    if let condition {
      scopes.append([:])
      defer { scopes.removeLast() }
      items = try items.filter { item in
        try step(position)
        try store(item, target, position)
        return try value(condition).isTrue
      }
    }
    if items.isEmpty {
      scopes.append([:])
      defer { scopes.removeLast() }
      _ = try run(otherwise)
      return
    }
    for index in items.indices {
      try step(position, Self.stepsOfRound)
      scopes.append(["loop": Self.state(items, index)])
      defer { scopes.removeLast() }
      try store(items[index], target, position)
      if try run(body) == .leave { break }
    }
  }

  /// What a loop's body knows of it.
  private static func state(_ items: [TemplateValue], _ index: Int) -> TemplateValue {
    let left = items.count - index
    let cycle = TemplateFunction(name: "loop.cycle") { call, _ in
      guard !call.positional.isEmpty else { throw call.position.failure("loop.cycle without values") }
      return call.positional[index % call.positional.count]
    }
    return .dictionary(
      TemplateDictionary([
        ("index", .integer(index + 1)), ("index0", .integer(index)), ("revindex", .integer(left)),
        ("revindex0", .integer(left - 1)), ("first", .bool(index == 0)), ("last", .bool(left == 1)),
        ("length", .integer(items.count)), ("cycle", .function(cycle)),
        ("previtem", index > 0 ? items[index - 1] : .undefined("loop.previtem")),
        ("nextitem", left > 1 ? items[index + 1] : .undefined("loop.nextitem")),
      ]))
  }

  /// The values that a loop goes through.
  func items(_ value: TemplateValue, _ position: TemplatePosition) throws -> [TemplateValue] {
    switch value {
    case .list(let values): return values
    case .dictionary(let values): return values.keys.map { .string($0) }
    case .string(let text): return text.unicodeScalars.map { .string(String($0)) }
    case .undefined: return []
    default: throw position.failure("\(value.kind) has no values to go through")
    }
  }

  private func lookup(_ name: String) -> TemplateValue? {
    for scope in scopes.reversed() { if let value = scope[name] { return value } }
    return nil
  }

  // MARK: Expressions

  /// The value of an expression.
  func value(_ expression: TemplateExpression) throws -> TemplateValue {
    let position = expression.position
    try step(position)
    switch expression.node {
    case .value(let value): return value
    case .name(let name): return lookup(name) ?? .undefined(name)
    case .list(let parts): return .list(try parts.map { try value($0) })
    case .dictionary(let parts):
      var result = TemplateDictionary()
      for (key, part) in parts {
        guard case .string(let name) = try value(key) else {
          throw key.position.failure(.unsupported, "a key that is no text is not supported")
        }
        result[name] = try value(part)
      }
      return .dictionary(result)
    case .attribute(let object, let name):
      return try TemplateMembers.attribute(try value(object), name, position)
    case .item(let object, let key):
      return try TemplateMembers.item(try value(object), try value(key), position)
    case .slice(let object, let first, let second, let third):
      return try TemplateMembers.slice(
        try value(object), try first.map { try value($0) }, try second.map { try value($0) },
        try third.map { try value($0) }, position)
    case .call(let callee, let arguments): return try call(callee, arguments, position)
    case .filter(let input, let name, let arguments):
      return try TemplateFilters.apply(name, try value(input), try call(arguments, position), self)
    case .test(let input, let name, let arguments, let isNegated):
      let holds = try TemplateTests.holds(name, try value(input), try call(arguments, position))
      return .bool(holds != isNegated)
    case .unary(let symbol, let operand):
      return try TemplateOperators.unary(symbol, try value(operand), position)
    case .binary("and", let left, let right):
      let first = try value(left)
      return first.isTrue ? try value(right) : first
    case .binary("or", let left, let right):
      let first = try value(left)
      return first.isTrue ? first : try value(right)
    case .binary(let symbol, let left, let right):
      return try TemplateOperators.binary(symbol, try value(left), try value(right), position, self)
    case .comparison(let first, let rest):
      var left = try value(first)
      for (symbol, operand) in rest {
        let right = try value(operand)
        guard try TemplateOperators.compare(symbol, left, right, position) else { return .bool(false) }
        left = right
      }
      return .bool(true)
    case .choice(let condition, let first, let second):
      if try value(condition).isTrue { return try value(first) }
      return try second.map { try value($0) } ?? .undefined("the value of an if without else")
    }
  }

  private func call(_ arguments: TemplateArguments, _ position: TemplatePosition) throws
    -> TemplateFunction.Call
  {
    TemplateFunction.Call(
      positional: try arguments.positional.map { try value($0) },
      named: try arguments.named.map { ($0.0, try value($0.1)) }, position: position)
  }

  private func call(
    _ callee: TemplateExpression, _ arguments: TemplateArguments, _ position: TemplatePosition
  ) throws -> TemplateValue {
    depth += 1
    defer { depth -= 1 }
    if depth > 200 { throw position.failure("more than 200 calls inside each other") }
    if case .attribute(let object, let name) = callee.node {
      let receiver = try value(object)
      let given = try call(arguments, position)
      switch receiver {
      case .string(let text): return try TemplateStrings.call(name, text, given, self)
      case .dictionary(let values):
        if case .function(let function)? = values[name] { return try function.body(given, self) }
        return try TemplateMembers.call(name, values, given)
      case .list(let values): return try TemplateMembers.call(name, values, given)
      default: break
      }
      let member = try TemplateMembers.attribute(receiver, name, position)
      guard case .function(let function) = member else {
        throw position.failure("\(member.kind) cannot be called")
      }
      return try function.body(given, self)
    }
    let target = try value(callee)
    guard case .function(let function) = target else {
      throw position.failure("\(target.kind) cannot be called")
    }
    return try function.body(try call(arguments, position), self)
  }
}
