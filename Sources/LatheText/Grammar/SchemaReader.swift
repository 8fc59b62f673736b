import LatheCore

/// Makes a grammar of a JSON schema.
struct SchemaReader {
  /// Schemas that are read, with those that references and merging repeat.
  private static let mostVisits = 50_000
  private static let annotations: Set<String> = [
    "title", "description", "default", "examples", "example", "$schema", "$id", "id", "$comment", "$defs",
    "definitions",
    "deprecated", "readOnly", "writeOnly", "contentEncoding", "contentMediaType", "discriminator",
  ]
  private static let types = ["null", "boolean", "object", "array", "number", "integer", "string"]
  private static let keywords: [String: [String]] = [
    "object": ["properties", "required", "additionalProperties"],
    "array": ["items", "prefixItems", "additionalItems", "minItems", "maxItems"],
    "string": ["minLength", "maxLength", "pattern", "format"],
    "number": ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  ]
  private let root: JSONValue
  var json: SchemaJSON
  private var visits = 0
  /// The rules of what references name.
  private var references: [String: Int] = [:]
  /// References whose rules are not read yet.
  private var waiting: [(pointer: String, rule: Int)] = []

  private init(_ root: JSONValue, _ whitespace: JSONWhitespace) throws {
    self.root = root
    json = try SchemaJSON(whitespace)
  }

  /// The rules of a schema.
  ///
  /// - Throws: `LatheError` that names what is wrong or not supported, with its place in the schema.
  static func read(_ root: JSONValue, whitespace: JSONWhitespace) throws -> GrammarRules {
    var reader = try SchemaReader(root, whitespace)
    let body = try reader.expression(root, "#")
    while let (pointer, rule) = reader.waiting.popLast() {
      reader.json.define(rule, try reader.expression(reader.target(pointer, pointer), pointer))
    }
    return try reader.json.finished(body)
  }

  static func unsupported(_ path: String, _ what: String) -> LatheError {
    LatheError(.unsupported, "JSON schema: \(path): \(what)")
  }

  static func wrong(_ path: String, _ what: String) -> LatheError {
    LatheError(.format, "JSON schema: \(path): \(what)")
  }

  // MARK: References

  /// What a reference names.
  private func target(_ pointer: String, _ path: String) throws -> JSONValue {
    guard pointer.hasPrefix("#") else {
      throw Self.unsupported(path, "references to other documents are not supported ('\(pointer)')")
    }
    var value = root
    for part in pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      let key = String(part).replacing("~1", with: "/").replacing("~0", with: "~")
      var found = value[key]
      if let list = value.array, let index = Int(key), list.indices.contains(index) { found = list[index] }
      guard let found else { throw Self.wrong(path, "the reference '\(pointer)' names nothing") }
      value = found
    }
    guard pointer == "#" || pointer.hasPrefix("#/") else {
      throw Self.unsupported(path, "references to names are not supported ('\(pointer)')")
    }
    return value
  }

  private mutating func reference(_ pointer: String, _ path: String) throws -> GrammarExpression {
    if let known = references[pointer] { return .rule(known) }
    _ = try target(pointer, path)
    let rule = try json.add(pointer)
    references[pointer] = rule
    waiting.append((pointer, rule))
    return .rule(rule)
  }

  // MARK: Schemas

  /// The values that a schema allows.
  mutating func expression(_ schema: JSONValue, _ path: String) throws -> GrammarExpression {
    try visit(path)
    if case .bool(let allows) = schema {
      guard allows else {
        throw Self.unsupported(path, "'false', which allows nothing, is not supported here")
      }
      return json.value
    }
    guard let all = schema.members else { throw Self.wrong(path, "is \(schema.kind), expected an object") }
    let members = all.filter { !Self.annotations.contains($0.key) }
    if members.count == 1, members[0].key == "$ref" {
      return try reference(try text(members[0].value, "\(path)/$ref"), "\(path)/$ref")
    }
    let merged = try flattened(JSONValue.object(members), path, [])
    try check(merged, path)
    for keyword in ["anyOf", "oneOf"] {
      guard let list = merged[keyword] else { continue }
      guard let choices = list.array, !choices.isEmpty else {
        throw Self.wrong("\(path)/\(keyword)", "is not a list of schemas")
      }
      let rest = JSONValue.object((merged.members ?? []).filter { $0.key != keyword })
      return .anyOf(
        try choices.enumerated().map { index, choice in
          let place = "\(path)/\(keyword)/\(index)"
          guard rest.members != [] else { return try expression(choice, place) }
          return try expression(SchemaMerge.merged(try flattened(choice, place, []), rest, place), place)
        })
    }
    if merged["enum"] != nil || merged["const"] != nil { return try values(merged, path) }
    return try .anyOf(types(merged, path).map { try expression(of: $0, merged, path) })
  }

  private mutating func visit(_ path: String) throws {
    visits += 1
    guard visits <= Self.mostVisits else {
      throw Self.unsupported(path, "more than \(Self.mostVisits) schemas, with those that are repeated")
    }
  }

  /// A schema with the parts of `allOf` and of a reference beside other keywords put into one.
  private mutating func flattened(_ schema: JSONValue, _ path: String, _ outer: [String]) throws -> JSONValue
  {
    try visit(path)
    if case .bool(true) = schema { return .object([]) }
    guard let all = schema.members else {
      throw Self.unsupported(
        path, "\(schema == .bool(false) ? "'false'" : schema.kind) is not supported here")
    }
    var members = all.filter { !Self.annotations.contains($0.key) }
    var parts: [(JSONValue, String)] = []
    var names = outer
    if let member = members.first(where: { $0.key == "$ref" }) {
      let pointer = try text(member.value, "\(path)/$ref")
      guard !outer.contains(pointer) else {
        throw Self.unsupported("\(path)/$ref", "the reference '\(pointer)' is a part of itself")
      }
      names.append(pointer)
      parts.append((try target(pointer, "\(path)/$ref"), pointer))
    }
    if let member = members.first(where: { $0.key == "allOf" }) {
      guard let list = member.value.array else {
        throw Self.wrong("\(path)/allOf", "is not a list of schemas")
      }
      parts += list.enumerated().map { ($1, "\(path)/allOf/\($0)") }
    }
    members.removeAll { $0.key == "$ref" || $0.key == "allOf" }
    var result = JSONValue.object(members)
    for (part, place) in parts {
      result = try SchemaMerge.merged(result, try flattened(part, place, names), path)
    }
    return result
  }

  /// Names what is not supported.
  private func check(_ schema: JSONValue, _ path: String) throws {
    let known = Set(["type", "enum", "const", "anyOf", "oneOf"] + Self.keywords.values.joined())
    for member in schema.members ?? [] where !known.contains(member.key) {
      if member.key == "uniqueItems", member.value == .bool(false) { continue }
      throw Self.unsupported("\(path)/\(member.key)", "the keyword '\(member.key)' is not supported")
    }
  }

  /// The types that a schema allows; without `type` that of its keywords, or all.
  private func types(_ schema: JSONValue, _ path: String) throws -> [String] {
    guard let type = schema["type"] else {
      let implied = Self.keywords.filter { entry in entry.value.contains { schema[$0] != nil } }.keys.sorted()
      return implied.isEmpty ? ["any"] : implied
    }
    let names = type.array?.compactMap(\.string) ?? type.string.map { [$0] } ?? []
    guard !names.isEmpty, names.count == type.array?.count ?? 1 else {
      throw Self.wrong("\(path)/type", "is neither the name of a type nor a list of such names")
    }
    for name in names where !Self.types.contains(name) {
      throw Self.wrong("\(path)/type", "'\(name)' is no type of JSON")
    }
    return names
  }

  private mutating func expression(of type: String, _ schema: JSONValue, _ path: String) throws
    -> GrammarExpression
  {
    switch type {
    case "null": return .text("null")
    case "boolean": return .alternation([.text("true"), .text("false")])
    case "string": return try string(schema, path)
    case "number", "integer": return try number(schema, path, isWhole: type == "integer")
    case "array": return try array(schema, path)
    case "object": return try object(schema, path)
    default: return json.value
    }
  }

  // MARK: Values

  private func values(_ schema: JSONValue, _ path: String) throws -> GrammarExpression {
    for member in schema.members ?? [] where !["type", "enum", "const"].contains(member.key) {
      throw Self.unsupported(
        "\(path)/\(member.key)", "the keyword '\(member.key)' beside 'enum' or 'const' is not supported")
    }
    var list = schema["const"].map { [$0] } ?? []
    if let values = schema["enum"] {
      guard let values = values.array else { throw Self.wrong("\(path)/enum", "is not a list") }
      list = schema["const"] == nil ? values : list.filter(values.contains)
    }
    if schema["type"] != nil {
      let names = try types(schema, path)
      list = list.filter { value in names.contains { Self.is(value, $0) } }
    }
    guard !list.isEmpty else { throw Self.wrong("\(path)/enum", "allows no value") }
    return .anyOf(
      list.map { value in
        var bytes: [UInt8] = []
        value.write(to: &bytes, indentation: nil)
        return .literal(bytes)
      })
  }

  private static func `is`(_ value: JSONValue, _ type: String) -> Bool {
    switch value {
    case .null: type == "null"
    case .bool: type == "boolean"
    case .integer: type == "integer" || type == "number"
    case .number(let number): type == "number" || (type == "integer" && number == number.rounded())
    case .string: type == "string"
    case .array: type == "array"
    case .object: type == "object"
    }
  }

  func text(_ value: JSONValue, _ path: String) throws -> String {
    guard let text = value.string else { throw Self.wrong(path, "is \(value.kind), expected a text") }
    return text
  }

  /// A count; nil where there is none.
  func count(_ schema: JSONValue, _ key: String, _ path: String) throws -> Int? {
    guard let value = schema[key] else { return nil }
    let whole = value.integer ?? value.double.flatMap { Int(exactly: $0) }
    guard let whole, whole >= 0 else { throw Self.wrong("\(path)/\(key)", "is no count") }
    return whole
  }
}
