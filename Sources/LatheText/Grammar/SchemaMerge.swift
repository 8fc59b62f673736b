import LatheCore

/// Puts two schemas into one that allows what both allow.
enum SchemaMerge {
  /// - Throws: `LatheError.unsupported` naming the keyword that cannot be put together.
  static func merged(_ a: JSONValue, _ b: JSONValue, _ path: String) throws -> JSONValue {
    guard let first = a.members, let second = b.members else {
      throw SchemaReader.unsupported(path, "only objects can be put together")
    }
    if first.isEmpty { return b }
    if second.isEmpty { return a }
    try checkClosed(a, b, path)
    try checkClosed(b, a, path)
    var result = first
    let places = Dictionary(uniqueKeysWithValues: first.enumerated().map { ($1.key, $0) })
    for member in second {
      if let place = places[member.key] {
        if result[place].value != member.value {
          result[place].value = try value(member.key, result[place].value, member.value, path)
        }
      } else {
        result.append(member)
      }
    }
    return .object(result)
  }

  /// Where one part refuses further properties, the other must not have any.
  private static func checkClosed(_ a: JSONValue, _ b: JSONValue, _ path: String) throws {
    guard let rule = a["additionalProperties"], rule != .bool(true) else { return }
    let own = Set((a["properties"]?.members ?? []).map(\.key))
    let others =
      (b["properties"]?.members ?? []).map(\.key) + (b["required"]?.array ?? []).compactMap(\.string)
    if let name = others.first(where: { !own.contains($0) }) {
      throw SchemaReader.unsupported(
        "\(path)/additionalProperties",
        "is for one part of a schema, and another one has the property '\(name)'")
    }
  }

  private static func value(_ key: String, _ a: JSONValue, _ b: JSONValue, _ path: String) throws -> JSONValue
  {
    func failure() -> LatheError {
      SchemaReader.unsupported(
        "\(path)/\(key)", "two parts of a schema have different '\(key)', which is not supported")
    }
    switch key {
    case "type": return try types(a, b, failure())
    case "properties":
      guard let first = a.members, let second = b.members else { throw failure() }
      var result = first
      let places = Dictionary(uniqueKeysWithValues: first.enumerated().map { ($1.key, $0) })
      for member in second {
        if let place = places[member.key] {
          if result[place].value != member.value {
            result[place].value = both(result[place].value, member.value)
          }
        } else {
          result.append(member)
        }
      }
      return .object(result)
    case "items", "additionalProperties":
      if case .array = a { throw failure() }
      if case .array = b { throw failure() }
      if a == .bool(false) || b == .bool(false) { return .bool(false) }
      return both(a, b)
    case "required":
      guard let first = a.array, let second = b.array else { throw failure() }
      return .array(first + second.filter { !first.contains($0) })
    case "enum":
      guard let first = a.array, let second = b.array else { throw failure() }
      return .array(first.filter(second.contains))
    case "minimum", "exclusiveMinimum", "minLength", "minItems":
      guard let first = a.double, let second = b.double else { throw failure() }
      return first > second ? a : b
    case "maximum", "exclusiveMaximum", "maxLength", "maxItems":
      guard let first = a.double, let second = b.double else { throw failure() }
      return first < second ? a : b
    default: throw failure()
    }
  }

  private static func both(_ a: JSONValue, _ b: JSONValue) -> JSONValue {
    .object([JSONValue.Member("allOf", .array([a, b]))])
  }

  private static func types(_ a: JSONValue, _ b: JSONValue, _ failure: LatheError) throws -> JSONValue {
    let first = a.array?.compactMap(\.string) ?? a.string.map { [$0] } ?? []
    let second = b.array?.compactMap(\.string) ?? b.string.map { [$0] } ?? []
    var result = first.filter { second.contains($0) || ($0 == "integer" && second.contains("number")) }
    result += second.filter { $0 == "integer" && first.contains("number") && !result.contains($0) }
    guard !result.isEmpty else { throw failure }
    return .array(result.map { .string($0) })
  }
}
