import LatheCore

/// Reads grammars in the notation GBNF.
struct GrammarParser {
  /// More bytes than any grammar that a person writes has.
  private static let largestText = 1 << 22
  private static let deepestGroup = 200
  private let text: [Unicode.Scalar]
  private var place = 0
  private var depth = 0
  private var rules = GrammarRules()
  private var numbers: [String: Int] = [:]
  /// Where a rule was defined; nil where it was only named so far.
  private var definitions: [Int?] = []
  /// Where a rule was named first.
  private var uses: [Int] = []

  private init(_ source: String) { text = Array(source.unicodeScalars) }

  /// Reads a whole grammar.
  ///
  /// - Throws: `LatheError` with line and column of what is wrong.
  static func parse(_ source: String) throws -> GrammarRules {
    guard source.utf8.count <= largestText else {
      throw LatheError(
        .unsupported, "grammar: a text of \(source.utf8.count) bytes; at most \(largestText) are possible")
    }
    var parser = GrammarParser(source)
    parser.skipSpace(lines: true)
    while parser.place < parser.text.count { try parser.rule() }
    for (number, definition) in parser.definitions.enumerated() where definition == nil {
      throw parser.failure("the rule '\(parser.rules.names[number])' is not defined", at: parser.uses[number])
    }
    guard let root = parser.numbers["root"] else {
      throw LatheError(.format, "grammar: no rule named 'root'")
    }
    parser.rules.root = root
    return parser.rules
  }

  private func position(_ place: Int) -> String {
    var (line, start) = (1, 0)
    for index in 0..<min(place, text.count) where text[index] == "\n" {
      line += 1
      start = index + 1
    }
    return "line \(line), column \(place - start + 1)"
  }

  private func failure(_ what: String, at place: Int? = nil) -> LatheError {
    LatheError(.format, "grammar: \(position(place ?? self.place)): \(what)")
  }

  private var next: Unicode.Scalar? { place < text.count ? text[place] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    place += 1
    return true
  }

  /// Passes over spaces and comments, and over ends of lines where they do not matter.
  private mutating func skipSpace(lines: Bool) {
    while let scalar = next {
      switch scalar {
      case " ", "\t": place += 1
      case "\r", "\n":
        guard lines else { return }
        place += 1
      case "#": while let inside = next, inside != "\n", inside != "\r" { place += 1 }
      default: return
      }
    }
  }

  private static func isName(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "-", "_": true
    default: false
    }
  }

  private mutating func name() -> String {
    let start = place
    while let scalar = next, Self.isName(scalar) { place += 1 }
    return String(String.UnicodeScalarView(text[start..<place]))
  }

  private mutating func number(of name: String, at place: Int) throws -> Int {
    if let number = numbers[name] { return number }
    let number = try rules.add(name)
    numbers[name] = number
    definitions.append(nil)
    uses.append(place)
    return number
  }

  private mutating func rule() throws {
    let start = place
    let name = name()
    guard !name.isEmpty else { throw failure("the name of a rule is missing") }
    skipSpace(lines: false)
    guard take(":"), take(":"), take("=") else { throw failure("'::=' is missing behind '\(name)'") }
    let number = try number(of: name, at: start)
    if let other = definitions[number] {
      throw failure("the rule '\(name)' is defined already, in \(position(other))", at: start)
    }
    definitions[number] = start
    skipSpace(lines: true)
    rules.define(number, try alternation(isGroup: false))
    guard place == text.count || next == "\n" || next == "\r" else {
      throw failure(next == ")" ? "a bracket that closes nothing" : "this cannot stand here")
    }
    skipSpace(lines: true)
  }

  private mutating func alternation(isGroup: Bool) throws -> GrammarExpression {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepestGroup else {
      throw failure("more than \(Self.deepestGroup) groups inside each other")
    }
    var parts = [try sequence(isGroup: isGroup)]
    while continues() {
      skipSpace(lines: true)
      parts.append(try sequence(isGroup: isGroup))
    }
    return .anyOf(parts)
  }

  /// Whether a further alternative follows, be it on a line of its own.
  private mutating func continues() -> Bool {
    let start = place
    skipSpace(lines: true)
    if take("|") { return true }
    place = start
    return false
  }

  private mutating func sequence(isGroup: Bool) throws -> GrammarExpression {
    var parts: [GrammarExpression] = []
    let outer = depth
    while let scalar = next, scalar != "|", scalar != ")", scalar != "\n", scalar != "\r" {
      var part = try atom(scalar)
      skipSpace(lines: isGroup)
      while let bounds = try bounds() {
        part = .repetition(part, least: bounds.0, most: bounds.1)
        depth += 1
        guard depth <= Self.deepestGroup else { throw failure("too many repetitions of one another") }
        skipSpace(lines: isGroup)
      }
      depth = outer
      parts.append(part)
    }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func atom(_ scalar: Unicode.Scalar) throws -> GrammarExpression {
    let start = place
    switch scalar {
    case "\"": return try literal()
    case "[": return try scalarClass()
    case ".":
      place += 1
      return .scalars(ScalarRanges.all)
    case "(":
      place += 1
      skipSpace(lines: true)
      let body = try alternation(isGroup: true)
      guard take(")") else { throw failure("a group without an end", at: start) }
      return body
    case "*", "+", "?", "{": throw failure("a repetition of nothing")
    case "<", "!":
      throw LatheError(.unsupported, "grammar: \(position(place)): tokens in a grammar are not supported")
    default:
      let name = name()
      guard !name.isEmpty else { throw failure("the character '\(scalar)' has no meaning here") }
      return .rule(try number(of: name, at: start))
    }
  }

  private mutating func literal() throws -> GrammarExpression {
    let start = place
    place += 1
    var result = String.UnicodeScalarView()
    while let scalar = next, scalar != "\"", scalar != "\n" { result.append(try self.scalar(scalar)) }
    guard take("\"") else { throw failure("a text without an end", at: start) }
    return .text(String(result))
  }

  private mutating func scalarClass() throws -> GrammarExpression {
    let start = place
    place += 1
    let isNegated = take("^")
    var ranges: [ClosedRange<UInt32>] = []
    while let scalar = next, scalar != "]", scalar != "\n" {
      let from = place
      let low = try self.scalar(scalar).value
      var high = low
      if next == "-", place + 1 < text.count, text[place + 1] != "]", text[place + 1] != "\n" {
        place += 1
        high = try self.scalar(text[place]).value
        guard low <= high else { throw failure("a range that runs backwards", at: from) }
      }
      ranges.append(low...high)
    }
    guard take("]") else { throw failure("a class without an end", at: start) }
    let set = isNegated ? ScalarRanges.complement(ranges) : ScalarRanges.normalized(ranges)
    guard !set.isEmpty else { throw failure("a class without characters", at: start) }
    return .scalars(set)
  }

  /// A scalar of a text or a class, which may be written as an escape.
  private mutating func scalar(_ scalar: Unicode.Scalar) throws -> Unicode.Scalar {
    let start = place
    place += 1
    guard scalar == "\\" else { return scalar }
    guard let escaped = next else { throw failure("a backslash at the end", at: start) }
    place += 1
    switch escaped {
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "\\", "\"", "[", "]", "-", "^": return escaped
    case "x": return try hexadecimal(2, start)
    case "u": return try hexadecimal(4, start)
    case "U": return try hexadecimal(8, start)
    default: throw failure("the escape '\\\(escaped)' is not known", at: start)
    }
  }

  private mutating func hexadecimal(_ count: Int, _ start: Int) throws -> Unicode.Scalar {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let number = next.flatMap(Self.digit) else {
        throw failure("an escape without \(count) hexadecimal digits", at: start)
      }
      value = value << 4 | number
      place += 1
    }
    guard let scalar = Unicode.Scalar(value) else {
      throw failure("an escape that is no character", at: start)
    }
    return scalar
  }

  private static func digit(_ scalar: Unicode.Scalar) -> UInt32? {
    switch scalar {
    case "0"..."9": scalar.value - 48
    case "A"..."F": scalar.value - 55
    case "a"..."f": scalar.value - 87
    default: nil
    }
  }

  /// How often what stands before is repeated; nil where nothing says so.
  private mutating func bounds() throws -> (Int, Int?)? {
    let start = place
    if take("*") { return (0, nil) }
    if take("+") { return (1, nil) }
    if take("?") { return (0, 1) }
    guard take("{") else { return nil }
    skipSpace(lines: false)
    guard let least = try count() else { throw failure("a number is missing") }
    skipSpace(lines: false)
    var most: Int? = least
    if take(",") {
      skipSpace(lines: false)
      most = try count()
      skipSpace(lines: false)
    }
    guard take("}") else { throw failure("a repetition without its '}'", at: start) }
    if let most, most < least {
      throw failure("a repetition of at least \(least) and at most \(most)", at: start)
    }
    return (least, most)
  }

  private mutating func count() throws -> Int? {
    let start = place
    var value = 0
    while let scalar = next, let digit = Self.digit(scalar), digit < 10 {
      guard value < 1 << 32 else { throw failure("a number out of range", at: start) }
      value = value * 10 + Int(digit)
      place += 1
    }
    return place > start ? value : nil
  }
}
