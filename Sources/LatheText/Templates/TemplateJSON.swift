import LatheCore

/// Values as JSON text, as Python's `json.dumps` writes it without escapes for what is not ASCII.
enum TemplateJSON {
  /// The text of a value.
  ///
  /// - Parameter indent: Blanks for each level; nil writes all on one line.
  static func text(_ value: TemplateValue, indent: Int?, _ position: TemplatePosition) throws -> String {
    if let indent, !(0...32).contains(indent) { throw position.failure("an indentation of \(indent)") }
    var result = ""
    try write(value, indent, 0, position, &result)
    return result
  }

  private static func write(
    _ value: TemplateValue, _ indent: Int?, _ level: Int, _ position: TemplatePosition, _ result: inout String
  ) throws {
    guard level < 100 else {
      throw position.failure("more than 100 lists and dictionaries inside each other")
    }
    switch value {
    case .none: result += "null"
    case .bool(let value): result += value ? "true" : "false"
    case .integer(let value): result += String(value)
    case .number(let value):
      result +=
        value.isNaN
        ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : TemplateValue.text(value)
    case .string(let text): write(text, &result)
    case .list(let values):
      try enclose("[", "]", values.count, indent, level, &result) {
        try write(values[$0], indent, level + 1, position, &$1)
      }
    case .dictionary(let values):
      try enclose("{", "}", values.keys.count, indent, level, &result) { index, result in
        write(values.keys[index], &result)
        result += ": "
        try write(values.values[index], indent, level + 1, position, &result)
      }
    default: throw position.failure("\(value.kind) cannot be written as JSON")
    }
  }

  private static func enclose(
    _ first: String, _ last: String, _ count: Int, _ indent: Int?, _ level: Int, _ result: inout String,
    _ body: (Int, inout String) throws -> Void
  ) rethrows {
    result += first
    for index in 0..<count {
      if let indent {
        result += (index > 0 ? ",\n" : "\n") + String(repeating: " ", count: indent * (level + 1))
      } else if index > 0 {
        result += ", "
      }
      try body(index, &result)
    }
    if let indent, count > 0 { result += "\n" + String(repeating: " ", count: indent * level) }
    result += last
  }

  private static func write(_ text: String, _ result: inout String) {
    result += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{8}": result += "\\b"
      case "\u{C}": result += "\\f"
      default:
        if scalar.value < 0x20 {
          result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    result += "\""
  }
}
