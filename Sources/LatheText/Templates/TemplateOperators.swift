import Foundation
import LatheCore

/// What signs between values mean.
enum TemplateOperators {
  /// A sign in front of a value.
  static func unary(_ symbol: String, _ value: TemplateValue, _ position: TemplatePosition) throws
    -> TemplateValue
  {
    if symbol == "not" { return .bool(!value.isTrue) }
    if let whole = value.wholeNumber {
      let (result, isTooLarge) = symbol == "-" ? Int(0).subtractingReportingOverflow(whole) : (whole, false)
      guard !isTooLarge else { throw position.failure("a number out of range") }
      return .integer(result)
    }
    guard let number = value.double else { throw position.failure("'\(symbol)' in front of \(value.kind)") }
    return .number(symbol == "-" ? -number : number)
  }

  /// A sign between two values.
  static func binary(
    _ symbol: String, _ left: TemplateValue, _ right: TemplateValue, _ position: TemplatePosition,
    _ run: TemplateRun
  ) throws -> TemplateValue {
    switch (symbol, left, right) {
    case ("~", _, _): return try joined(left.text, right.text, position, run)
    case ("+", .string(let a), .string(let b)): return try joined(a, b, position, run)
    case ("+", .list(let a), .list(let b)):
      try run.check(length: 16 * (a.count + b.count), position)
      return .list(a + b)
    case ("*", .string(let text), .integer(let count)), ("*", .integer(let count), .string(let text)):
      let (length, isTooLarge) = text.utf8.count.multipliedReportingOverflow(by: max(0, count))
      try run.check(length: isTooLarge ? .max : length, position)
      return .string(String(repeating: text, count: max(0, count)))
    default: break
    }
    if let a = left.wholeNumber, let b = right.wholeNumber, let result = try whole(symbol, a, b, position) {
      return .integer(result)
    }
    guard let a = left.double, let b = right.double else {
      throw position.failure("'\(symbol)' between \(left.kind) and \(right.kind)")
    }
    if b == 0 && "//%".contains(symbol) { throw position.failure("a division by zero") }
    switch symbol {
    case "+": return .number(a + b)
    case "-": return .number(a - b)
    case "*": return .number(a * b)
    case "/": return .number(a / b)
    case "//": return .number((a / b).rounded(.down))
    case "%": return .number(a - b * (a / b).rounded(.down))
    case "**": return .number(pow(a, b))
    default: throw position.failure(.unsupported, "'\(symbol)' is not supported")
    }
  }

  private static func joined(
    _ a: String, _ b: String, _ position: TemplatePosition, _ run: TemplateRun
  ) throws -> TemplateValue {
    try run.check(length: a.utf8.count + b.utf8.count, position)
    return .string(a + b)
  }

  /// The result for whole numbers; nil where it is none.
  private static func whole(_ symbol: String, _ a: Int, _ b: Int, _ position: TemplatePosition) throws -> Int?
  {
    let (result, isTooLarge): (Int, Bool)
    switch symbol {
    case "+": (result, isTooLarge) = a.addingReportingOverflow(b)
    case "-": (result, isTooLarge) = a.subtractingReportingOverflow(b)
    case "*": (result, isTooLarge) = a.multipliedReportingOverflow(by: b)
    case "//", "%":
      guard b != 0 else { throw position.failure("a division by zero") }
      let (quotient, overflow) = a.dividedReportingOverflow(by: b)
      let rest = overflow ? 0 : a % b
      let isBelow = rest != 0 && (rest < 0) != (b < 0)
      (result, isTooLarge) =
        symbol == "%" ? (isBelow ? rest + b : rest, false) : (isBelow ? quotient - 1 : quotient, overflow)
    case "**":
      guard b >= 0 else { return nil }
      var (power, overflow) = (1, false)
      // 0, 1 and -1 stay within bounds forever.
      if a.magnitude <= 1 {
        power = a == 0 ? (b == 0 ? 1 : 0) : a == 1 || b % 2 == 0 ? 1 : -1
      } else {
        for _ in 0..<b where !overflow { (power, overflow) = power.multipliedReportingOverflow(by: a) }
      }
      (result, isTooLarge) = (power, overflow)
    default: return nil
    }
    if isTooLarge { throw position.failure("a number out of range") }
    return result
  }

  /// Whether a comparison holds.
  static func compare(
    _ symbol: String, _ left: TemplateValue, _ right: TemplateValue, _ position: TemplatePosition
  ) throws -> Bool {
    switch symbol {
    case "==": return left.equals(right)
    case "!=": return !left.equals(right)
    case "in": return try contains(right, left, position)
    case "not in": return try !contains(right, left, position)
    default: break
    }
    let order = try compare(left, right, position)
    switch symbol {
    case "<": return order < 0
    case "<=": return order <= 0
    case ">": return order > 0
    default: return order >= 0
    }
  }

  /// Below, at or above 0 as the first value is less than, equal to or greater than the second.
  static func compare(_ left: TemplateValue, _ right: TemplateValue, _ position: TemplatePosition) throws
    -> Int
  {
    if case .string(let a) = left, case .string(let b) = right {
      if a.utf8.elementsEqual(b.utf8) { return 0 }
      // UTF-8 sorts as scalars do.
      return a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
    }
    if case .list(let a) = left, case .list(let b) = right {
      for (first, second) in zip(a, b) {
        let order = try compare(first, second, position)
        if order != 0 { return order }
      }
      return a.count - b.count
    }
    guard let a = left.double, let b = right.double else {
      throw position.failure("\(left.kind) cannot be compared with \(right.kind)")
    }
    return a < b ? -1 : a > b ? 1 : 0
  }

  private static func contains(
    _ container: TemplateValue, _ value: TemplateValue, _ position: TemplatePosition
  ) throws -> Bool {
    switch container {
    case .list(let values): return values.contains { $0.equals(value) }
    case .dictionary(let values):
      if case .string(let key) = value { return values[key] != nil } else { return false }
    case .string(let text):
      guard case .string(let part) = value else {
        throw position.failure("\(value.kind) cannot be looked for in a text")
      }
      return TemplateStrings.find(part, in: text) != nil
    case .undefined: return false
    default: throw position.failure("nothing can be looked for in \(container.kind)")
    }
  }
}
