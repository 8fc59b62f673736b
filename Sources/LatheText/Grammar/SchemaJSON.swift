import LatheCore

/// Where the JSON texts of a grammar may have white space, and how much at a time.
public enum JSONWhitespace: Sendable, Equatable {
  /// Nowhere.
  case none
  /// Around every sign, at most so many characters.
  case upTo(Int)
  /// Around every sign, as much as JSON allows.
  case any
}

/// The rules of JSON that schemas are made of.
struct SchemaJSON {
  private(set) var rules = GrammarRules()
  /// White space.
  let space: GrammarExpression
  /// A character of a text, in every spelling.
  let character: GrammarExpression
  let string: GrammarExpression
  let number: GrammarExpression
  let value: GrammarExpression
  let object: GrammarExpression
  let array: GrammarExpression

  static let digit = GrammarExpression.scalars([0x30...0x39])
  static let digits = GrammarExpression.repetition(digit, least: 1, most: nil)
  /// What a text may hold without a backslash.
  static let plain = ScalarRanges.complement([0...0x1F, 0x22...0x22, 0x5C...0x5C])
  /// Characters with a short escape, and the letter of it.
  private static let escapes: [(UInt32, String)] = [
    (0x22, "\""), (0x5C, "\\"), (8, "b"), (9, "t"), (10, "n"), (12, "f"), (13, "r"),
  ]

  init(_ whitespace: JSONWhitespace) throws {
    var rules = GrammarRules()
    func rule(_ name: String, _ body: GrammarExpression = .empty) throws -> GrammarExpression {
      .rule(try rules.add(name, body))
    }
    let blank = GrammarExpression.scalars([9...10, 13...13, 0x20...0x20])
    switch whitespace {
    case .none: space = .empty
    case .upTo(let most): space = try rule("space", .repetition(blank, least: 0, most: max(most, 0)))
    case .any: space = try rule("space", .repetition(blank, least: 0, most: nil))
    }
    character = try rule("character", Self.characterBody)
    string = try rule("string", Self.quoted(.repetition(character, least: 0, most: nil)))
    let sign = GrammarExpression.optional(.text("-"))
    let exponent = GrammarExpression.sequence([
      .scalars([0x45...0x45, 0x65...0x65]), .optional(.scalars([0x2B...0x2B, 0x2D...0x2D])),
      .repetition(Self.digit, least: 1, most: 2),
    ])
    number = try rule(
      "number",
      .sequence([sign, SchemaNumbers.whole, .optional(SchemaNumbers.fraction), .optional(exponent)]))
    let valueRule = try rules.add("value")
    value = .rule(valueRule)
    let member = GrammarExpression.sequence([string, space, .text(":"), space, value])
    object = try rule("object", Self.list("{", "}", member, least: 0, most: nil, space))
    array = try rule("array", Self.list("[", "]", value, least: 0, most: nil, space))
    let words = ["true", "false", "null"].map { GrammarExpression.text($0) }
    rules.define(valueRule, .alternation([object, array, string, number] + words))
    self.rules = rules
  }

  mutating func add(_ name: String) throws -> Int { try rules.add(name) }

  mutating func define(_ rule: Int, _ body: GrammarExpression) { rules.define(rule, body) }

  /// The rules, of which the whole text is one expression with white space around it.
  func finished(_ root: GrammarExpression) throws -> GrammarRules {
    var rules = rules
    rules.root = try rules.add("root", .sequence([space, root, space]))
    return rules
  }

  /// What stands between quotes.
  static func quoted(_ content: GrammarExpression) -> GrammarExpression {
    .sequence([.text("\""), content, .text("\"")])
  }

  /// Elements with commas between brackets.
  static func list(
    _ open: String, _ close: String, _ element: GrammarExpression, least: Int, most: Int?,
    _ space: GrammarExpression
  ) -> GrammarExpression {
    if most == 0 { return .sequence([.text(open), space, .text(close)]) }
    let further = GrammarExpression.repetition(
      .sequence([space, .text(","), space, element]), least: max(least - 1, 0), most: most.map { $0 - 1 })
    let all = GrammarExpression.sequence([element, further, space])
    return .sequence([.text(open), space, least == 0 ? .optional(all) : all, .text(close)])
  }

  private static var characterBody: GrammarExpression {
    func hexadecimal(_ ranges: ClosedRange<UInt32>...) -> GrammarExpression {
      .scalars(ScalarRanges.normalized(ranges))
    }
    let any = hexadecimal(0x30...0x39, 0x41...0x46, 0x61...0x66)
    let surrogate = hexadecimal(0x44...0x44, 0x64...0x64)
    let other = hexadecimal(0x30...0x39, 0x41...0x43, 0x45...0x46, 0x61...0x63, 0x65...0x66)
    let four = GrammarExpression.alternation([
      .sequence([other, any, any, any]), .sequence([surrogate, hexadecimal(0x30...0x37), any, any]),
      // Of two surrogates the first has 8 to b, the second c to f.
      .sequence([
        surrogate, hexadecimal(0x38...0x39, 0x41...0x42, 0x61...0x62), any, any, .text("\\u"), surrogate,
        hexadecimal(0x43...0x46, 0x63...0x66), any, any,
      ]),
    ])
    let short = hexadecimal(
      0x22...0x22, 0x2F...0x2F, 0x5C...0x5C, 0x62...0x62, 0x66...0x66, 0x6E...0x6E, 0x72...0x72, 0x74...0x74)
    return .alternation([
      .scalars(plain), .sequence([.text("\\"), .alternation([short, .sequence([.text("u"), four])])]),
    ])
  }

  /// One character of a set as a text of JSON spells it: as it is where that is possible, else with its usual escape.
  static func character(of set: [ClosedRange<UInt32>]) -> GrammarExpression? {
    var spellings: [GrammarExpression] = []
    let direct = ScalarRanges.intersection(set, plain)
    if !direct.isEmpty { spellings.append(.scalars(direct)) }
    for scalar in Array(0...0x1F as ClosedRange<UInt32>) + [0x22, 0x5C]
    where set.contains(where: { $0.contains(scalar) }) {
      if let short = escapes.first(where: { $0.0 == scalar }) {
        spellings.append(.text("\\" + short.1))
      } else {
        spellings.append(.text("\\u00" + (scalar < 16 ? "0" : "") + String(scalar, radix: 16)))
      }
    }
    return spellings.isEmpty ? nil : .anyOf(spellings)
  }
}
