import LatheCore

extension SchemaReader {
  // MARK: Texts and numbers

  func string(_ schema: JSONValue, _ path: String) throws -> GrammarExpression {
    let least = try count(schema, "minLength", path)
    let most = try count(schema, "maxLength", path)
    let given =
      ["pattern", "format"].filter { schema[$0] != nil } + (least != nil || most != nil ? ["minLength"] : [])
    guard given.count <= 1 else {
      throw Self.unsupported(path, "'pattern', 'format' and bounds of the length together are not supported")
    }
    if let value = schema["pattern"] {
      return SchemaJSON.quoted(try pattern(text(value, "\(path)/pattern"), "\(path)/pattern"))
    }
    if let value = schema["format"] {
      let name = try text(value, "\(path)/format")
      guard let source = SchemaStrings.format(name) else {
        throw Self.unsupported("\(path)/format", "the format '\(name)' is not supported")
      }
      return SchemaJSON.quoted(try pattern(source, "\(path)/format"))
    }
    guard least != nil || most != nil else { return json.string }
    try checkBounds(least, most, "minLength", path)
    return SchemaJSON.quoted(.repetition(json.character, least: least ?? 0, most: most))
  }

  private func pattern(_ source: String, _ path: String) throws -> GrammarExpression {
    do { return try SchemaStrings.pattern(source, json.character) } catch let error as LatheError {
      throw LatheError(error.kind, "JSON schema: \(path): \(error.message)")
    }
  }

  private func checkBounds(_ least: Int?, _ most: Int?, _ key: String, _ path: String) throws {
    if let least, let most, least > most {
      throw Self.wrong("\(path)/\(key)", "is \(least), more than the most that is allowed, \(most)")
    }
  }

  func number(_ schema: JSONValue, _ path: String, isWhole: Bool) throws -> GrammarExpression {
    let low = try bound(schema, "minimum", "exclusiveMinimum", path, isWhole: isWhole, isLow: true)
    let high = try bound(schema, "maximum", "exclusiveMaximum", path, isWhole: isWhole, isLow: false)
    let expression: GrammarExpression?
    if isWhole {
      expression = SchemaNumbers.integers(
        low.map { $0.isExclusive ? $0.value + 1 : $0.value },
        high.map { $0.isExclusive ? $0.value - 1 : $0.value })
    } else {
      expression = low == nil && high == nil ? json.number : SchemaNumbers.numbers(low, high)
    }
    guard let expression else { throw Self.wrong(path, "no number is within its bounds") }
    return expression
  }

  /// The stricter of two bounds.
  private func bound(
    _ schema: JSONValue, _ key: String, _ exclusiveKey: String, _ path: String, isWhole: Bool, isLow: Bool
  ) throws -> SchemaNumbers.Bound? {
    let bounds = try [(key, false), (exclusiveKey, true)].compactMap {
      key, isExclusive -> SchemaNumbers.Bound? in
      guard let value = schema[key] else { return nil }
      guard let number = value.double else {
        throw Self.wrong("\(path)/\(key)", "is \(value.kind), expected a number")
      }
      if let whole = value.integer ?? Int(exactly: number), whole.magnitude < 1 << 62 {
        return SchemaNumbers.Bound(value: whole, isExclusive: isExclusive)
      }
      let rounded = number.rounded(isLow ? .up : .down)
      guard isWhole, let whole = Int(exactly: rounded), whole.magnitude < 1 << 62 else {
        throw Self.unsupported(
          "\(path)/\(key)", "bounds that are not whole, or beyond 2^62, are not supported")
      }
      return SchemaNumbers.Bound(value: whole)
    }
    func weight(_ bound: SchemaNumbers.Bound) -> (Int, Int) {
      (isLow ? bound.value : -bound.value, bound.isExclusive ? 1 : 0)
    }
    return bounds.max { weight($0) < weight($1) }
  }

  // MARK: Lists and objects

  /// An expression that stands in several places, which is compiled once.
  private mutating func shared(_ expression: GrammarExpression, _ path: String) throws -> GrammarExpression {
    switch expression {
    case .rule, .literal: return expression
    default:
      let rule = try json.add(path)
      json.define(rule, expression)
      return .rule(rule)
    }
  }

  mutating func array(_ schema: JSONValue, _ path: String) throws -> GrammarExpression {
    let least = try count(schema, "minItems", path) ?? 0
    let most = try count(schema, "maxItems", path)
    try checkBounds(least, most, "minItems", path)
    // Older schemas have the first elements in `items`, and those behind them in `additionalItems`.
    let isOld = schema["items"]?.array != nil
    let prefixKey = isOld ? "items" : "prefixItems"
    let restKey = isOld ? "additionalItems" : "items"
    if !isOld, schema["additionalItems"] != nil {
      throw Self.unsupported(
        "\(path)/additionalItems", "'additionalItems' without a list 'items' is not supported")
    }
    var prefix: [GrammarExpression] = []
    if let value = schema[prefixKey] {
      guard let list = value.array else {
        throw Self.wrong("\(path)/\(prefixKey)", "is not a list of schemas")
      }
      prefix = try list.enumerated().map { try expression($1, "\(path)/\(prefixKey)/\($0)") }
    }
    let space = json.space
    var rest: GrammarExpression?
    switch schema[restKey] {
    case .bool(false): break
    case let value?: rest = try shared(expression(value, "\(path)/\(restKey)"), "\(path)/\(restKey)")
    case nil: rest = prefix.isEmpty ? json.value : nil
    }
    let longest = min(most ?? .max, rest == nil ? prefix.count : .max)
    guard longest >= least else {
      throw Self.wrong(
        "\(path)/minItems", "is \(least), more than the \(longest) elements that are described")
    }
    if prefix.isEmpty, let rest { return SchemaJSON.list("[", "]", rest, least: least, most: most, space) }
    prefix = Array(prefix.prefix(longest))
    // Each element with all that may follow it.
    var tail = GrammarExpression.empty
    let comma = GrammarExpression.sequence([space, .text(","), space])
    if let rest, prefix.count < longest {
      tail = .repetition(
        .sequence([comma, rest]), least: max(least - prefix.count, 0), most: most.map { $0 - prefix.count })
    }
    for (index, element) in prefix.enumerated().reversed() {
      let part = GrammarExpression.sequence([index > 0 ? comma : space, element, tail])
      tail = index < least ? part : .optional(part)
    }
    return .sequence([.text("["), tail, space, .text("]")])
  }

  /// Characters of a name that further properties must not have; they are told apart letter by letter.
  private static let longestName = 200

  /// A member of an object, and whether it must be there.
  private struct Member {
    var expression: GrammarExpression
    var isRequired: Bool
  }

  mutating func object(_ schema: JSONValue, _ path: String) throws -> GrammarExpression {
    var required: [String] = []
    if let value = schema["required"] {
      guard let list = value.array, list.allSatisfy({ $0.string != nil }) else {
        throw Self.wrong("\(path)/required", "is not a list of names")
      }
      required = list.compactMap(\.string)
    }
    guard let properties = (schema["properties"] ?? .object([])).members else {
      throw Self.wrong("\(path)/properties", "is not an object of schemas")
    }
    let additional = schema["additionalProperties"]
    let isOpen = additional.map { $0 != .bool(false) } ?? (properties.isEmpty && required.isEmpty)
    if properties.isEmpty && required.isEmpty && isOpen && (additional ?? .bool(true)) == .bool(true) {
      return json.object
    }
    let known = Set(properties.map(\.key))
    let mandatory = Set(required)
    var members: [Member] = []
    for property in properties {
      let place = "\(path)/properties/\(property.key)"
      if property.value == .bool(false), !mandatory.contains(property.key) { continue }
      let value = try shared(expression(property.value, place), place)
      members.append(member(property.key, value, isRequired: mandatory.contains(property.key)))
    }
    let otherPath = "\(path)/additionalProperties"
    let other = isOpen ? try shared(expression(additional ?? .bool(true), otherPath), otherPath) : nil
    var seen = known
    for name in required where seen.insert(name).inserted {
      guard additional != .bool(false) else {
        throw Self.wrong("\(path)/required", "'\(name)' is required, but neither described nor allowed")
      }
      members.append(member(name, other ?? json.value, isRequired: true))
    }
    var extra: GrammarExpression?
    if let other {
      if let name = seen.first(where: { $0.unicodeScalars.count > Self.longestName }) {
        throw Self.unsupported(
          otherPath,
          "is not supported beside a name of more than \(Self.longestName) characters ('\(name.prefix(20))...')"
        )
      }
      let key = SchemaJSON.quoted(SchemaStrings.texts(besides: seen.sorted()))
      extra = try shared(
        .sequence([key, json.space, .text(":"), json.space, other]), "\(otherPath), with names")
    }
    return try object(members, extra, path)
  }

  private func member(_ name: String, _ value: GrammarExpression, isRequired: Bool) -> Member {
    var key: [UInt8] = []
    JSONValue.string(name).write(to: &key, indentation: nil)
    return Member(
      expression: .sequence([.literal(key), json.space, .text(":"), json.space, value]),
      isRequired: isRequired)
  }

  /// Members in their order, with commas between those that are there.
  private mutating func object(_ members: [Member], _ extra: GrammarExpression?, _ path: String) throws
    -> GrammarExpression
  {
    let space = json.space
    let comma = GrammarExpression.sequence([space, .text(","), space])
    // What follows a member is a rule, since it is the same whichever member stood before.
    var tail =
      extra.map { GrammarExpression.repetition(.sequence([comma, $0]), least: 0, most: nil) } ?? .empty
    var beginnings: [GrammarExpression] = []
    if let extra { beginnings.append(.sequence([extra, tail])) }
    var canBeEmpty = true
    for (index, member) in members.enumerated().reversed() {
      let rule = try json.add("\(path)/properties, those behind number \(index + 1)")
      json.define(rule, tail)
      if member.isRequired {
        beginnings = []
        canBeEmpty = false
      }
      beginnings.insert(.sequence([member.expression, .rule(rule)]), at: 0)
      let part = GrammarExpression.sequence([comma, member.expression])
      tail = .sequence([member.isRequired ? part : .optional(part), .rule(rule)])
    }
    guard !beginnings.isEmpty else { return .sequence([.text("{"), space, .text("}")]) }
    let body = GrammarExpression.sequence([.anyOf(beginnings), space])
    return .sequence([.text("{"), space, canBeEmpty ? .optional(body) : body, .text("}")])
  }
}
