import LatheCore

/// What stands behind `|`.
enum TemplateFilters {
  /// What a filter makes of a value.
  static func apply(
    _ name: String, _ input: TemplateValue, _ call: TemplateFunction.Call, _ run: TemplateRun
  ) throws -> TemplateValue {
    let position = call.position
    switch name {
    case "trim":
      var scalars: String?
      if case .string(let text)? = call.argument(0, "chars") { scalars = text }
      return .string(TemplateStrings.stripped(input.text, scalars, left: true, right: true))
    case "upper": return .string(input.text.uppercased())
    case "lower": return .string(input.text.lowercased())
    case "title": return .string(TemplateStrings.titled(input.text))
    case "capitalize": return .string(TemplateStrings.capitalized(input.text))
    case "string", "safe": return .string(input.text)
    case "length", "count": return .integer(try length(input, position))
    case "default", "d": return standIn(input, call)
    case "tojson":
      return .string(try TemplateJSON.text(input, indent: call.argument(0, "indent")?.wholeNumber, position))
    case "int": return .integer(whole(input) ?? call.argument(0, "default")?.wholeNumber ?? 0)
    case "float":
      return .number(input.double ?? Double(input.text) ?? call.argument(0, "default")?.double ?? 0)
    case "abs":
      if let whole = input.wholeNumber, whole != .min { return .integer(abs(whole)) }
      guard let number = input.double else { throw position.failure("'abs' of \(input.kind)") }
      return .number(abs(number))
    case "replace":
      guard case .string(let old)? = call.argument(0, "old"), case .string(let new)? = call.argument(1, "new")
      else {
        throw position.failure("'replace' needs two texts")
      }
      let most = call.argument(2, "count")?.wholeNumber ?? .max
      return .string(try TemplateStrings.replacing(input.text, old, by: new, most: most, position, run))
    case "indent": return .string(try indented(input.text, call, run))
    case "items":
      guard case .dictionary(let values) = input else {
        if case .undefined = input { return .list([]) }
        throw position.failure("'items' of \(input.kind)")
      }
      return try TemplateMembers.call("items", values, call)
    case "dictsort":
      guard case .dictionary(let values) = input else {
        throw position.failure("'dictsort' of \(input.kind)")
      }
      let order = values.keys.indices.sorted {
        values.keys[$0].lowercased().utf8.lexicographicallyPrecedes(values.keys[$1].lowercased().utf8)
      }
      return .list(order.map { .list([.string(values.keys[$0]), values.values[$0]]) })
    default: return try applyToItems(name, try run.items(input, position), input, call, run)
    }
  }

  private static func applyToItems(
    _ name: String, _ items: [TemplateValue], _ input: TemplateValue, _ call: TemplateFunction.Call,
    _ run: TemplateRun
  ) throws -> TemplateValue {
    let position = call.position
    switch name {
    case "first": return items.first ?? .undefined("the first of nothing")
    case "last": return items.last ?? .undefined("the last of nothing")
    case "list": return .list(items)
    case "join":
      let separator = call.argument(0, "d")?.text ?? ""
      let parts = try call.argument(1, "attribute").map { try attributes(items, $0, position) } ?? items
      let result = parts.map(\.text).joined(separator: separator)
      try run.check(length: result.utf8.count, position)
      return .string(result)
    case "reverse":
      if case .string(let text) = input {
        return .string(String(String.UnicodeScalarView(text.unicodeScalars.reversed())))
      }
      return .list(items.reversed())
    case "unique":
      var kept: [TemplateValue] = []
      for item in items where !kept.contains(where: { $0.equals(item) }) { kept.append(item) }
      return .list(kept)
    case "sum":
      return try items.reduce(.integer(0)) { try TemplateOperators.binary("+", $0, $1, position, run) }
    case "min", "max":
      guard var best = items.first else { return .undefined("the \(name) of nothing") }
      for item in items.dropFirst() {
        let order = try TemplateOperators.compare(item, best, position)
        if name == "min" ? order < 0 : order > 0 { best = item }
      }
      return best
    case "sort":
      try call.check("sort", most: 1, names: ["reverse"])
      let isReversed = call.argument(0, "reverse")?.isTrue ?? false
      let folded = items.map {
        if case .string(let text) = $0 { TemplateValue.string(text.lowercased()) } else { $0 }
      }
      let order = try items.indices.sorted {
        let order = try TemplateOperators.compare(folded[$0], folded[$1], position)
        return order == 0 ? $0 < $1 : isReversed ? order > 0 : order < 0
      }
      return .list(order.map { items[$0] })
    case "map":
      if let name = call.named.first(where: { $0.0 == "attribute" })?.1 {
        return .list(try attributes(items, name, position))
      }
      guard case .string(let filter)? = call.positional.first else {
        throw position.failure("'map' needs a filter")
      }
      let inner = TemplateFunction.Call(
        positional: Array(call.positional.dropFirst()), named: call.named, position: position)
      return .list(try items.map { try apply(filter, $0, inner, run) })
    case "select", "reject":
      return .list(try items.filter { try holds($0, call, 0) == (name == "select") })
    case "selectattr", "rejectattr":
      guard let attribute = call.positional.first else {
        throw position.failure("'\(name)' needs an attribute")
      }
      let values = try attributes(items, attribute, position)
      return .list(
        try items.indices.filter { try holds(values[$0], call, 1) == (name == "selectattr") }.map {
          items[$0]
        })
    default: throw position.failure(.unsupported, "the filter '\(name)' is not supported")
    }
  }

  /// Whether a test whose name and arguments stand from a place on holds; without one, whether the value is true.
  private static func holds(_ value: TemplateValue, _ call: TemplateFunction.Call, _ place: Int) throws
    -> Bool
  {
    guard place < call.positional.count else { return value.isTrue }
    guard case .string(let test) = call.positional[place] else {
      throw call.position.failure("a test is missing")
    }
    let inner = TemplateFunction.Call(
      positional: Array(call.positional[(place + 1)...]), named: [], position: call.position)
    return try TemplateTests.holds(test, value, inner)
  }

  private static func attributes(
    _ items: [TemplateValue], _ path: TemplateValue, _ position: TemplatePosition
  ) throws -> [TemplateValue] {
    try items.map { item in
      guard case .string(let text) = path else { return try TemplateMembers.item(item, path, position) }
      return try text.split(separator: ".").reduce(item) { value, name in
        if let index = Int(name) { return try TemplateMembers.item(value, .integer(index), position) }
        return try TemplateMembers.attribute(value, String(name), position)
      }
    }
  }

  private static func length(_ input: TemplateValue, _ position: TemplatePosition) throws -> Int {
    switch input {
    case .string(let text): return text.unicodeScalars.count
    case .list(let values): return values.count
    case .dictionary(let values): return values.keys.count
    case .undefined: return 0
    default: throw position.failure("\(input.kind) has no length")
    }
  }

  private static func standIn(_ input: TemplateValue, _ call: TemplateFunction.Call) -> TemplateValue {
    let value = call.argument(0, "default_value") ?? .string("")
    if case .undefined = input { return value }
    return call.argument(1, "boolean")?.isTrue == true && !input.isTrue ? value : input
  }

  private static func whole(_ input: TemplateValue) -> Int? {
    if let whole = input.wholeNumber { return whole }
    if case .number(let number) = input { return Int(exactly: number.rounded(.towardZero)) }
    guard case .string(let text) = input else { return nil }
    let digits = TemplateStrings.stripped(text, nil, left: true, right: true)
    return Int(digits) ?? Double(digits).flatMap { Int(exactly: $0.rounded(.towardZero)) }
  }

  private static func indented(_ text: String, _ call: TemplateFunction.Call, _ run: TemplateRun) throws
    -> String
  {
    let given = call.argument(0, "width") ?? .integer(4)
    var margin = given.text
    if let width = given.wholeNumber {
      try run.check(length: width, call.position)
      margin = String(repeating: " ", count: max(0, width))
    }
    let first = call.argument(1, "first")?.isTrue ?? false
    let blank = call.argument(2, "blank")?.isTrue ?? false
    let lines = text.unicodeScalars.split(omittingEmptySubsequences: false) { $0 == "\n" }.map { String($0) }
    try run.check(length: text.utf8.count + margin.utf8.count * lines.count, call.position)
    return lines.enumerated().map { index, line in
      (index == 0 ? first : blank || !line.isEmpty) ? margin + line : line
    }.joined(separator: "\n")
  }
}

/// What stands behind `is`.
enum TemplateTests {
  /// Whether a test holds for a value.
  static func holds(_ name: String, _ value: TemplateValue, _ call: TemplateFunction.Call) throws -> Bool {
    func argument() throws -> TemplateValue {
      guard let argument = call.positional.first else {
        throw call.position.failure("'is \(name)' needs a value")
      }
      return argument
    }
    func number() throws -> Int {
      guard let whole = value.wholeNumber else {
        throw call.position.failure("'is \(name)' of \(value.kind)")
      }
      return whole
    }
    switch (name, value) {
    case ("defined", _): if case .undefined = value { return false } else { return true }
    case ("undefined", _): if case .undefined = value { return true } else { return false }
    case ("none", .none), ("string", .string), ("boolean", .bool), ("integer", .integer), ("float", .number),
      ("number", .integer), ("number", .number), ("number", .bool), ("mapping", .dictionary),
      ("callable", .function),
      ("iterable", .list), ("iterable", .string), ("iterable", .dictionary), ("iterable", .undefined),
      ("sequence", .list), ("sequence", .string), ("sequence", .dictionary), ("sequence", .undefined),
      ("true", .bool(true)), ("false", .bool(false)):
      return true
    case ("none", _), ("string", _), ("boolean", _), ("integer", _), ("float", _), ("number", _),
      ("mapping", _),
      ("callable", _), ("iterable", _), ("sequence", _), ("true", _), ("false", _):
      return false
    case ("odd", _): return try number() % 2 != 0
    case ("even", _): return try number() % 2 == 0
    case ("divisibleby", _):
      guard let divisor = try argument().wholeNumber, divisor != 0, divisor != -1 || value.wholeNumber != .min
      else {
        throw call.position.failure("'is divisibleby' needs a whole number other than 0")
      }
      return try number() % divisor == 0
    case ("equalto", _), ("eq", _), ("==", _): return value.equals(try argument())
    case ("ne", _), ("!=", _): return !value.equals(try argument())
    case ("in", _): return try TemplateOperators.compare("in", value, try argument(), call.position)
    case ("lt", _), ("lessthan", _), ("<", _):
      return try TemplateOperators.compare("<", value, try argument(), call.position)
    case ("le", _), ("<=", _):
      return try TemplateOperators.compare("<=", value, try argument(), call.position)
    case ("gt", _), ("greaterthan", _), (">", _):
      return try TemplateOperators.compare(">", value, try argument(), call.position)
    case ("ge", _), (">=", _):
      return try TemplateOperators.compare(">=", value, try argument(), call.position)
    case ("lower", .string(let text)): return text.lowercased() == text && text.uppercased() != text
    case ("upper", .string(let text)): return text.uppercased() == text && text.lowercased() != text
    default: throw call.position.failure(.unsupported, "the test '\(name)' is not supported")
    }
  }
}
