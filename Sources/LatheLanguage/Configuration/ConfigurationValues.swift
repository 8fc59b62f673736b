import LatheCore
import LatheFiles
import LatheText

/// What a model's `config.json` says, asked for by name and type, so that every mistake in it names the file and the key.
public struct ConfigurationValues: Sendable {
  /// What holds the values, for messages.
  public let source: String
  /// The keys on the way to an inner object, for messages.
  private let path: String
  let value: JSONValue

  /// A configuration has at most these bytes.
  private static let largestFile = 1 << 24

  init(_ value: JSONValue, source: String, path: String = "") throws {
    guard value.members != nil else {
      throw LatheError(
        .format, "\(source): \(path.isEmpty ? "" : "'\(path)' ")is \(value.kind), expected an object")
    }
    self.source = source
    self.path = path
    self.value = value
  }

  /// Reads a file such as `config.json`.
  ///
  /// - Throws: `LatheError` where it cannot be read or is no JSON object.
  public init(path: String) throws {
    let text = try FileErrors.read(path, limit: Self.largestFile)
    try self.init(JSONValue.parse(text, source: path), source: path)
  }

  /// The names of the values.
  public var keys: [String] { value.members?.map(\.key) ?? [] }

  /// A value that is there and not null.
  private func find(_ key: String) -> JSONValue? {
    guard let found = value[key], !found.isNull else { return nil }
    return found
  }

  private func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  private func wrong(_ key: String, _ found: JSONValue, _ expected: String) -> LatheError {
    LatheError(.format, "\(source): '\(name(key))' is \(found.kind), expected \(expected)")
  }

  /// The error of a value that is not there.
  private func missing(_ keys: [String]) -> LatheError {
    LatheError(.format, "\(source): there is no '\(keys.map(name).joined(separator: "' and no '"))'")
  }

  /// The error of a value that cannot be used.
  package func failure(_ key: String, _ what: String) -> LatheError {
    LatheError(.format, "\(source): '\(name(key))': \(what)")
  }

  /// A whole number; nil where there is none of that name.
  public func optionalInteger(_ keys: String...) throws -> Int? {
    for key in keys {
      guard let found = find(key) else { continue }
      guard let number = found.integer else { throw wrong(key, found, "a whole number") }
      return number
    }
    return nil
  }

  /// A whole number by the first of some names that is there.
  ///
  /// - Parameter keys: The names that a value has in different families' files.
  /// - Parameter range: What it has to be in.
  public func integer(_ keys: String..., in range: ClosedRange<Int> = 1...(1 << 31)) throws -> Int {
    for key in keys {
      guard let found = find(key) else { continue }
      guard let number = found.integer else { throw wrong(key, found, "a whole number") }
      guard range.contains(number) else {
        throw failure(key, "\(number) is not within \(range.lowerBound) and \(range.upperBound)")
      }
      return number
    }
    throw missing(keys)
  }

  /// A number; nil where there is none of that name.
  public func optionalNumber(_ keys: String...) throws -> Double? {
    for key in keys {
      guard let found = find(key) else { continue }
      guard let number = found.double else { throw wrong(key, found, "a number") }
      return number
    }
    return nil
  }

  /// A truth value; nil where there is none of that name.
  public func flag(_ key: String) throws -> Bool? {
    guard let found = find(key) else { return nil }
    guard let flag = found.bool else { throw wrong(key, found, "a truth value") }
    return flag
  }

  /// A text; nil where there is none of that name.
  public func text(_ key: String) throws -> String? {
    guard let found = find(key) else { return nil }
    guard let text = found.string else { throw wrong(key, found, "a text") }
    return text
  }

  /// Texts; nil where there are none of that name.
  public func texts(_ key: String) throws -> [String]? {
    guard let found = find(key) else { return nil }
    guard let texts = found.array?.map(\.string), !texts.contains(nil) else {
      throw wrong(key, found, "a list of texts")
    }
    return texts.compactMap { $0 }
  }

  /// Whole numbers, of which a file may give one alone; nil where there are none of that name.
  public func integers(_ key: String) throws -> [Int]? {
    guard let found = find(key) else { return nil }
    if let one = found.integer { return [one] }
    guard let numbers = found.array?.map(\.integer), !numbers.contains(nil) else {
      throw wrong(key, found, "a list of whole numbers")
    }
    return numbers.compactMap { $0 }
  }

  /// Numbers; nil where there are none of that name.
  public func numbers(_ key: String) throws -> [Double]? {
    guard let found = find(key) else { return nil }
    guard let numbers = found.array?.map(\.double), !numbers.contains(nil) else {
      throw wrong(key, found, "a list of numbers")
    }
    return numbers.compactMap { $0 }
  }

  /// An object inside; nil where there is none of that name.
  public func object(_ key: String) throws -> ConfigurationValues? {
    try find(key).map { try ConfigurationValues($0, source: source, path: name(key)) }
  }

  /// Texts by names, such as those of labels; nil where there are none of that name.
  public func names(_ key: String) throws -> [(key: String, text: String)]? {
    try object(key)?.value.members?.map { member in
      guard let text = member.value.string else { throw failure("\(key).\(member.key)", "is no text") }
      return (member.key, text)
    }
  }

  /// Whether a value is a text, where a key may have one or something else.
  package func holdsText(_ key: String) -> Bool { value[key]?.string != nil }

  /// Whole numbers by names; none where there is no object of that name.
  package func wholeNumbers(_ key: String) throws -> [String: Int] {
    try byName(key, "a whole number") { $0.integer }
  }

  /// Numbers by names; none where there is no object of that name.
  package func numbersByName(_ key: String) throws -> [String: Double] {
    try byName(key, "a number") { $0.double }
  }

  private func byName<Value>(
    _ key: String, _ expected: String, _ read: (JSONValue) -> Value?
  ) throws -> [String: Value] {
    var found: [String: Value] = [:]
    for member in try object(key)?.value.members ?? [] {
      guard let number = read(member.value) else {
        throw wrong("\(key).\(member.key)", member.value, expected)
      }
      found[member.key] = number
    }
    return found
  }

  /// Says that some keys ask for what is not supported, unless they are absent, null, false or empty.
  ///
  /// - Throws: `LatheError` naming the first that does.
  package func refuse(_ keys: [String]) throws {
    for key in keys {
      guard let value = find(key), value != .bool(false), value != .array([]), value != .object([]) else {
        continue
      }
      throw failure(key, "is not supported")
    }
  }
}
