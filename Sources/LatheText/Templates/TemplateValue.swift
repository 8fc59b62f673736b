import LatheCore

/// A value in a template.
public indirect enum TemplateValue: Sendable {
  /// What has no value, with what was looked for.
  case undefined(String)
  case none
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case list([TemplateValue])
  /// Keys with values, in order.
  case dictionary(TemplateDictionary)
  /// An object whose attributes can be set.
  case namespace(TemplateNamespace)
  /// A function of the template or of its environment.
  case function(TemplateFunction)

  /// Whether a condition holds with it.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .integer(let value): value != 0
    case .number(let value): value != 0
    case .string(let text): !text.isEmpty
    case .list(let values): !values.isEmpty
    case .dictionary(let values): !values.keys.isEmpty
    case .namespace, .function: true
    }
  }

  /// What kind of value it is, for messages.
  var kind: String {
    switch self {
    case .undefined(let name): "the undefined '\(name)'"
    case .none: "none"
    case .bool: "a truth value"
    case .integer, .number: "a number"
    case .string: "a text"
    case .list: "a list"
    case .dictionary: "a dictionary"
    case .namespace: "a namespace"
    case .function: "a function"
    }
  }

  /// What is printed of it, as Python would.
  var text: String {
    switch self {
    case .undefined: ""
    case .string(let text): text
    default: description(depth: 0)
    }
  }

  private func description(depth: Int) -> String {
    guard depth < 100 else { return "..." }
    switch self {
    case .undefined: return "Undefined"
    case .none: return "None"
    case .bool(let value): return value ? "True" : "False"
    case .integer(let value): return String(value)
    case .number(let value): return Self.text(value)
    case .string(let text): return Self.quoted(text)
    case .list(let values):
      return "[" + values.map { $0.description(depth: depth + 1) }.joined(separator: ", ") + "]"
    case .dictionary(let values):
      return "{"
        + values.keys.indices.map {
          Self.quoted(values.keys[$0]) + ": " + values.values[$0].description(depth: depth + 1)
        }.joined(separator: ", ") + "}"
    case .namespace: return "<Namespace>"
    case .function(let function): return "<\(function.name)>"
    }
  }

  /// A number as Python writes it.
  static func text(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    if abs(value) >= 1e16 || (value != 0 && abs(value) < 1e-4) {
      var text = "\(value)".replacing("e", with: "e")
      if text.hasSuffix(".0") { text = formatted(value, "%.0e") }
      text = text.replacing(".0e", with: "e")
      guard let place = text.firstIndex(of: "e") else { return text }
      let exponent = text[text.index(after: place)...]
      let digits = exponent.drop { $0 == "-" || $0 == "+" }
      let sign = exponent.hasPrefix("-") ? "-" : "+"
      return text[..<place] + "e" + sign + (digits.count < 2 ? "0" : "") + digits
    }
    return "\(value)"
  }

  /// A text in quotes, as Python writes it in a list.
  static func quoted(_ text: String) -> String {
    let quote: Unicode.Scalar =
      text.unicodeScalars.contains("'") && !text.unicodeScalars.contains("\"") ? "\"" : "'"
    var result = String(quote)
    for scalar in text.unicodeScalars {
      switch scalar {
      case quote, "\\": result += "\\\(scalar)"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        if scalar.value < 0x20 || scalar.value == 0x7F {
          result += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + String(quote)
  }

  /// A number where the value is one; truth values are 0 and 1.
  var double: Double? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// A whole number where the value is one; truth values are 0 and 1.
  var wholeNumber: Int? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .integer(let value): value
    default: nil
    }
  }

  /// Whether two values are equal, as in Python.
  func equals(_ other: TemplateValue) -> Bool {
    switch (self, other) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.string(let a), .string(let b)): return a.utf8.elementsEqual(b.utf8)
    case (.list(let a), .list(let b)): return a.count == b.count && zip(a, b).allSatisfy { $0.equals($1) }
    case (.dictionary(let a), .dictionary(let b)):
      return a.keys.count == b.keys.count
        && a.keys.indices.allSatisfy { index in b[a.keys[index]].map { a.values[index].equals($0) } ?? false }
    case (.namespace(let a), .namespace(let b)): return a === b
    default:
      if let a = wholeNumber, let b = other.wholeNumber { return a == b }
      if let a = double, let b = other.double { return a == b }
      return false
    }
  }
}

/// Keys with values, in the order in which they were added.
public struct TemplateDictionary: Sendable {
  /// The keys.
  public private(set) var keys: [String] = []
  /// The values in the same order.
  public private(set) var values: [TemplateValue] = []
  private var places: [String: Int] = [:]

  /// A dictionary of members; a later one takes the place of an earlier one.
  public init(_ members: [(String, TemplateValue)] = []) { for (key, value) in members { self[key] = value } }

  /// The value of a key; nil where there is none.
  public subscript(key: String) -> TemplateValue? {
    get { places[key].map { values[$0] } }
    set {
      guard let newValue else { return }
      if let place = places[key] {
        values[place] = newValue
      } else {
        places[key] = keys.count
        keys.append(key)
        values.append(newValue)
      }
    }
  }
}

/// An object of a template whose attributes can be set, also from inside a loop.
public final class TemplateNamespace: @unchecked Sendable {
  // One rendering makes it, and only its thread uses it.
  var members: TemplateDictionary

  init(_ members: TemplateDictionary) { self.members = members }
}

/// Something that a template can call.
public struct TemplateFunction: Sendable {
  /// What it is called with.
  struct Call {
    var positional: [TemplateValue]
    var named: [(String, TemplateValue)]
    var position: TemplatePosition

    /// An argument by its place or its name; nil where it is not given.
    func argument(_ place: Int, _ name: String) -> TemplateValue? {
      place < positional.count ? positional[place] : named.first { $0.0 == name }?.1
    }

    /// Refuses arguments that nobody looks at.
    func check(_ function: String, most: Int, names: [String]) throws {
      guard positional.count <= most else {
        throw position.failure(
          "\(function) takes at most \(counted(most, "arguments")), not \(positional.count)")
      }
      if let unknown = named.first(where: { !names.contains($0.0) }) {
        throw position.failure(.unsupported, "the argument '\(unknown.0)' of \(function) is not supported")
      }
    }
  }

  let name: String
  let body: @Sendable (Call, TemplateRun) throws -> TemplateValue
}

extension TemplateValue {
  /// JSON as a value of templates.
  package init(_ json: JSONValue) {
    switch json {
    case .null: self = .none
    case .bool(let value): self = .bool(value)
    case .integer(let value): self = .integer(value)
    case .number(let value): self = .number(value)
    case .string(let text): self = .string(text)
    case .array(let values): self = .list(values.map { TemplateValue($0) })
    case .object(let members):
      self = .dictionary(TemplateDictionary(members.map { ($0.key, TemplateValue($0.value)) }))
    }
  }
}
