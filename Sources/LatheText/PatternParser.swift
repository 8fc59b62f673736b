import LatheCore

/// What a regular expression says, before it is compiled.
indirect enum PatternNode: Sendable {
  /// What a group does besides grouping.
  enum Look: Sendable { case ahead, notAhead, behind, notBehind }
  /// How much a repetition takes.
  enum Greed: Sendable { case greedy, lazy, possessive }
  /// A place in the text.
  enum Place: Sendable { case lineStart, lineEnd, textStart, textEnd, lastLineEnd }

  case set(ScalarSet)
  case sequence([PatternNode])
  case alternation([PatternNode])
  case repetition(PatternNode, least: Int, most: Int?, Greed)
  case look(PatternNode, Look)
  case atomic(PatternNode)
  case place(Place)

  /// Whether it can match without a scalar.
  var canBeEmpty: Bool {
    switch self {
    case .set: false
    case .sequence(let parts): parts.allSatisfy(\.canBeEmpty)
    case .alternation(let parts): parts.contains(where: \.canBeEmpty)
    case .repetition(let part, let least, _, _): least == 0 || part.canBeEmpty
    case .look, .place: true
    case .atomic(let part): part.canBeEmpty
    }
  }
}

/// Reads the regular expressions that tokenisers are written with.
struct PatternParser {
  private let text: [UInt32]
  private let source: String
  private var place = 0
  private var depth = 0
  private var ignoresCase = false
  /// Whether `\d`, `\w` and `\s` are what they are in JavaScript, and so in JSON schemas: the first two know ASCII only.
  private let isECMA: Bool

  private init(_ source: String, isECMA: Bool) {
    self.source = source
    self.isECMA = isECMA
    text = source.unicodeScalars.map(\.value)
  }

  /// Reads a whole expression.
  ///
  /// - Throws: `LatheError.unsupported` with the position of what is outside the subset.
  static func parse(_ source: String, isECMA: Bool = false) throws -> PatternNode {
    var parser = PatternParser(source, isECMA: isECMA)
    let node = try parser.alternation()
    if parser.place < parser.text.count { throw parser.failure("a bracket that closes nothing") }
    return node
  }

  private func failure(_ what: String, at position: Int? = nil) -> LatheError {
    .unsupported(
      "the regular expression \"\(source)\": \(what) at position \((position ?? place) + 1) is not supported")
  }

  private var next: Unicode.Scalar? { place < text.count ? Unicode.Scalar(text[place]) : nil }

  private mutating func take(_ expected: String) -> Bool {
    let scalars = expected.unicodeScalars.map(\.value)
    guard text[place...].starts(with: scalars) else { return false }
    place += scalars.count
    return true
  }

  private mutating func alternation() throws -> PatternNode {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 64 else { throw failure("a nesting of more than 64 groups") }
    let outer = ignoresCase
    defer { ignoresCase = outer }
    var parts = [try sequence()]
    while take("|") { parts.append(try sequence()) }
    return parts.count == 1 ? parts[0] : .alternation(parts)
  }

  private mutating func sequence() throws -> PatternNode {
    var parts: [PatternNode] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      if let part = try atom() { parts.append(try repeated(part)) }
    }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func repeated(_ part: PatternNode) throws -> PatternNode {
    var node = part
    while let scalar = next {
      let start = place
      var least = 0
      var most: Int?
      switch scalar {
      case "*": place += 1
      case "+":
        place += 1
        least = 1
      case "?":
        place += 1
        most = 1
      case "{":
        guard let bounds = try bounds() else { return node }
        (least, most) = bounds
      default: return node
      }
      var greed = PatternNode.Greed.greedy
      if take("?") { greed = .lazy } else if text[start] != 0x7B, take("+") { greed = .possessive }
      if node.canBeEmpty { throw failure("the repetition of what can match nothing", at: start) }
      node = .repetition(node, least: least, most: most, greed)
    }
    return node
  }

  /// `{n}`, `{n,}`, `{,m}` or `{n,m}`; nil where the brace is a letter like others.
  private mutating func bounds() throws -> (Int, Int?)? {
    guard let end = text[place...].firstIndex(of: 0x7D), end - place < 16 else { return nil }
    let inside = String(String.UnicodeScalarView(text[place + 1..<end].compactMap(Unicode.Scalar.init)))
    let parts = inside.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count == 1 || parts.count == 2, !parts.allSatisfy(\.isEmpty),
      parts.allSatisfy({ $0.utf8.allSatisfy { $0 >= 48 && $0 <= 57 } })
    else { return nil }
    let least = Int(parts[0]) ?? 0
    let most = parts.count == 1 ? least : parts[1].isEmpty ? nil : Int(parts[1]) ?? .max
    if least > 1000 || most ?? 0 > 1000 || most ?? least < least {
      throw failure("the repetition {\(inside)}")
    }
    place = end + 1
    return (least, most)
  }

  /// One element; nil for a setting, which matches nothing by itself.
  private mutating func atom() throws -> PatternNode? {
    guard let scalar = next else { return nil }
    let start = place
    place += 1
    switch scalar {
    case "(": return try group(start)
    case "[": return .set(try scalarClass(start))
    case ".": return .set(.anything)
    case "^": return .place(.lineStart)
    case "$": return .place(.lineEnd)
    case "*", "+", "?": throw failure("a repetition of nothing", at: start)
    case "\\": return try escape(start)
    default: return .set(literal(scalar.value))
    }
  }

  private func literal(_ scalar: UInt32) -> ScalarSet {
    ignoresCase ? ScalarSet(scalar).ignoringCase() : ScalarSet(scalar)
  }

  private mutating func group(_ start: Int) throws -> PatternNode? {
    var look: PatternNode.Look?
    var isAtomic = false
    let outer = ignoresCase
    if take("?") {
      if take("=") {
        look = .ahead
      } else if take("!") {
        look = .notAhead
      } else if take("<=") {
        look = .behind
      } else if take("<!") {
        look = .notBehind
      } else if take(">") {
        isAtomic = true
      } else if take("i:") {
        ignoresCase = true
      } else if take("-i:") {
        ignoresCase = false
      } else if take("i)") {
        ignoresCase = true
        return nil
      } else if !take(":") {
        throw failure("this kind of group", at: start)
      }
    }
    let body = try alternation()
    guard take(")") else { throw failure("a group without an end", at: start) }
    ignoresCase = outer
    guard let look else { return isAtomic ? .atomic(body) : body }
    if look == .behind || look == .notBehind {
      guard case .set = body else { throw failure("looking behind at more than one scalar", at: start) }
    }
    return .look(body, look)
  }

  private mutating func escape(_ start: Int) throws -> PatternNode {
    guard let scalar = next else { throw failure("a backslash at the end", at: start) }
    let places: [Unicode.Scalar: PatternNode.Place] = [
      "A": .textStart, "z": .textEnd, "Z": .lastLineEnd,
    ]
    if let found = places[scalar] {
      place += 1
      return .place(found)
    }
    if let item = try classEscape(start) { return .set(ScalarSet([item])) }
    return .set(literal(try scalarEscape(start)))
  }

  /// An escape that stands for several scalars; nil where it is another.
  private mutating func classEscape(_ start: Int) throws -> ScalarSet.Item? {
    guard let scalar = next else { return nil }
    var item = ScalarSet.Item()
    switch scalar {
    case "s", "S": if isECMA { item.ranges = ScalarSet.whitespaceECMA } else { item.hasWhitespace = true }
    case "w", "W":
      item.hasWords = !isECMA
      item.ranges = isECMA ? [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A] : ScalarSet.wordNumbers
    case "d", "D": if isECMA { item.ranges = [0x30...0x39] } else { item.categories = 1 << 8 }
    case "p", "P":
      place += 1
      guard take("{"), let end = text[place...].firstIndex(of: 0x7D) else {
        throw failure("a class without braces", at: start)
      }
      var name = String(String.UnicodeScalarView(text[place..<end].compactMap(Unicode.Scalar.init)))
      let isNegated = name.hasPrefix("^")
      if isNegated { name.removeFirst() }
      guard var found = ScalarSet.named(name) else { throw failure("the class \\p{\(name)}", at: start) }
      found.isNegated = (scalar == "P") != isNegated
      place = end + 1
      return found
    default: return nil
    }
    place += 1
    item.isNegated = "SWD".unicodeScalars.contains(scalar)
    return item
  }

  private mutating func scalarEscape(_ start: Int) throws -> UInt32 {
    guard let scalar = next else { throw failure("a backslash at the end", at: start) }
    place += 1
    switch scalar {
    case "n": return 10
    case "r": return 13
    case "t": return 9
    case "f": return 12
    case "v": return 11
    case "e": return 27
    case "0": return 0
    case "x": return try take("{") ? hexadecimal(until: true, start) : hexadecimal(2, start)
    case "u": return try hexadecimal(4, start)
    default:
      let isLetter = scalar.isASCII && scalar.properties.isAlphabetic
      if isLetter || ("1"..."9").contains(scalar) { throw failure("the escape \\\(scalar)", at: start) }
      return scalar.value
    }
  }

  private mutating func hexadecimal(_ most: Int = 8, until isBraced: Bool = false, _ start: Int) throws
    -> UInt32
  {
    var value: UInt32 = 0
    var count = 0
    while count < most, let digit = hexDigit(next) {
      value = value &<< 4 | digit
      count += 1
      place += 1
    }
    guard count > 0, isBraced || count == most, !isBraced || take("}"), Unicode.Scalar(value) != nil else {
      throw failure("this number of a scalar", at: start)
    }
    return value
  }

  private func hexDigit(_ scalar: Unicode.Scalar?) -> UInt32? {
    guard let value = scalar?.value else { return nil }
    switch value {
    case 48...57: return value - 48
    case 65...70: return value - 55
    case 97...102: return value - 87
    default: return nil
    }
  }

  /// What stands between square brackets.
  private mutating func scalarClass(_ start: Int) throws -> ScalarSet {
    let isNegated = take("^")
    var items: [ScalarSet.Item] = []
    var plain = ScalarSet.Item()
    var isFirst = true
    while true {
      guard let scalar = next else { throw failure("a class without an end", at: start) }
      let here = place
      if scalar == "]" && !isFirst {
        place += 1
        break
      }
      isFirst = false
      if scalar == "[" || take("&&") { throw failure("a class in a class", at: here) }
      place += 1
      var low = scalar.value
      if scalar == "\\" {
        if let item = try classEscape(here) {
          items.append(item)
          continue
        }
        low = take("b") ? 8 : try scalarEscape(here)
      }
      var high = low
      if next == "-", place + 1 < text.count, text[place + 1] != 0x5D {
        place += 1
        let end = place
        place += 1
        high = text[end]
        if high == 0x5C {
          if try classEscape(end) != nil { throw failure("a class as the end of a range", at: end) }
          high = try scalarEscape(end)
        }
        if high < low { throw failure("a range that runs backwards", at: here) }
      }
      plain.ranges.append(low...high)
    }
    if !plain.ranges.isEmpty { items.append(plain) }
    let set = ScalarSet(items, isNegated: isNegated)
    return ignoresCase ? set.ignoringCase() : set
  }
}
