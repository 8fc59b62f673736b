import LatheCore

extension ColumnExpression {
  /// An expression as text: `age < 18 && city in ("Oslo", "Rome")`.
  ///
  /// Columns are words, or stand in backquotes; texts stand in quotes. There are `+ - * /`, comparisons, `in (...)`, `&&`, `||`
  /// and `!` (also `and`, `or`, `not`), parentheses, `true` and `false`, `missing(x)`, `abs`, `sqrt`, `log`, `log1p`, `exp` and
  /// `isFinite` of numbers, and `contains`, `hasPrefix` and `hasSuffix` of a column and a text.
  ///
  /// - Throws: `LatheError.invalidArgument` naming the place in the text where it cannot go on.
  public init(parsing text: String) throws {
    var parser = ExpressionParser(text: text, characters: Array(text))
    self = try parser.either()
    try parser.end()
  }
}

/// Reads expressions by recursive descent.
private struct ExpressionParser {
  let text: String
  let characters: [Character]
  var place = 0
  /// How many parentheses and signs are open, so that no text ends the stack.
  var depth = 0

  private func failure(_ message: String) -> LatheError {
    LatheError(
      .invalidArgument, "expression '\(printable(text))': character \(place + 1): \(message)")
  }

  private mutating func space() {
    while place < characters.count, characters[place].isWhitespace { place += 1 }
  }

  /// Takes a sign where it is next.
  private mutating func take(_ sign: String) -> Bool {
    space()
    let wanted = Array(sign)
    guard place + wanted.count <= characters.count,
      Array(characters[place..<place + wanted.count]) == wanted
    else { return false }
    // A word ends where no letter follows.
    if wanted[0].isLetter, place + wanted.count < characters.count,
      Self.isOfWord(characters[place + wanted.count])
    {
      return false
    }
    place += wanted.count
    return true
  }

  private static func isOfWord(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_" || character == "."
  }

  mutating func end() throws {
    space()
    if place < characters.count { throw failure("'\(printable(String(characters[place])))' is one too many") }
  }

  mutating func either() throws -> ColumnExpression {
    var left = try both()
    while take("||") || take("or") { left = .or(left, try both()) }
    return left
  }

  private mutating func both() throws -> ColumnExpression {
    var left = try negated()
    while take("&&") || take("and") { left = .and(left, try negated()) }
    return left
  }

  private mutating func deeper<T>(_ body: (inout Self) throws -> T) throws -> T {
    depth += 1
    defer { depth -= 1 }
    if depth > 200 { throw failure("more than 200 parentheses and signs in each other") }
    return try body(&self)
  }

  private mutating func negated() throws -> ColumnExpression {
    space()
    let isUnequal = place + 1 < characters.count && characters[place] == "!" && characters[place + 1] == "="
    if !isUnequal, take("!") || take("not") { return .not(try deeper { try $0.negated() }) }
    return try compared()
  }

  private mutating func compared() throws -> ColumnExpression {
    let left = try sum()
    // The longer signs first.
    let signs: [ColumnExpression.Comparison] = [
      .lessOrEqual, .greaterOrEqual, .equal, .notEqual, .less, .greater,
    ]
    for sign in signs where take(sign.rawValue) { return .comparison(sign, left, try sum()) }
    if take("in") {
      guard take("(") else { throw failure("values in parentheses must follow 'in'") }
      var values: [TableValue] = []
      repeat {
        guard case .literal(let value) = try sum() else { throw failure("'in' takes numbers and texts") }
        values.append(value)
      } while take(",")
      guard take(")") else { throw failure("a parenthesis is not closed") }
      return .isIn(left, values)
    }
    return left
  }

  private mutating func sum() throws -> ColumnExpression {
    var left = try product()
    while true {
      if take("+") {
        left = .arithmetic(.add, left, try product())
      } else if take("-") {
        left = .arithmetic(.subtract, left, try product())
      } else {
        return left
      }
    }
  }

  private mutating func product() throws -> ColumnExpression {
    var left = try single()
    while true {
      if take("*") {
        left = .arithmetic(.multiply, left, try single())
      } else if take("/") {
        left = .arithmetic(.divide, left, try single())
      } else {
        return left
      }
    }
  }

  private mutating func single() throws -> ColumnExpression {
    space()
    guard place < characters.count else { throw failure("a column, number or text is missing") }
    let first = characters[place]
    if take("(") {
      let inner = try deeper { try $0.either() }
      guard take(")") else { throw failure("a parenthesis is not closed") }
      return inner
    }
    if take("-") {
      switch try deeper({ try $0.single() }) {
      case .literal(.int64(let value)): return .literal(.int64(-value))
      case .literal(.float64(let value)): return .literal(.float64(-value))
      case let other: return .arithmetic(.subtract, .literal(.int64(0)), other)
      }
    }
    if first == "\"" || first == "'" { return .literal(.text(try quoted(first))) }
    if first == "`" { return .column(try quoted(first)) }
    if first.isNumber || first == "." { return try number() }
    guard first.isLetter || first == "_" else {
      throw failure("'\(printable(String(first)))' is no column, number or text")
    }
    return try word()
  }

  private mutating func quoted(_ quote: Character) throws -> String {
    let start = place
    place += 1
    var result = ""
    while place < characters.count, characters[place] != quote {
      if characters[place] == "\\", place + 1 < characters.count { place += 1 }
      result.append(characters[place])
      place += 1
    }
    guard place < characters.count else {
      place = start
      throw failure("the quote is not closed")
    }
    place += 1
    return result
  }

  private mutating func number() throws -> ColumnExpression {
    let start = place
    while place < characters.count,
      characters[place].isNumber || characters[place] == "." || characters[place].lowercased() == "e"
        || ("+-".contains(characters[place]) && characters[place - 1].lowercased() == "e")
    {
      place += 1
    }
    let digits = String(characters[start..<place])
    if let whole = Int64(digits) { return .literal(.int64(whole)) }
    guard let value = Double(digits), value.isFinite else {
      place = start
      throw failure("'\(printable(digits))' is no number")
    }
    return .literal(.float64(value))
  }

  private mutating func word() throws -> ColumnExpression {
    let start = place
    while place < characters.count, Self.isOfWord(characters[place]) { place += 1 }
    let name = String(characters[start..<place])
    if name == "true" || name == "false" { return .literal(.bool(name == "true")) }
    let afterName = place
    guard take("(") else {
      place = afterName
      return .column(name)
    }
    let inner = try deeper { try $0.either() }
    var result: ColumnExpression
    if name == "missing" {
      result = .isMissing(inner)
    } else if let function = ColumnExpression.Function(rawValue: name) {
      result = .function(function, inner)
    } else if let test = Self.tests[name] {
      guard take(","), case .literal(.text(let wanted)) = try single() else {
        throw failure("\(name) takes a column and a text")
      }
      result = .text(test, inner, wanted)
    } else {
      place = start
      throw failure("there is no function '\(printable(name))'")
    }
    guard take(")") else { throw failure("a parenthesis is not closed") }
    return result
  }

  private static let tests: [String: ColumnExpression.TextTest] = [
    "contains": .contains, "hasPrefix": .hasPrefix, "hasSuffix": .hasSuffix,
  ]
}

extension ColumnExpression {
  /// The names of all columns that it looks at.
  public var columnNames: Set<String> {
    switch self {
    case .column(let name): [name]
    case .literal: []
    case .arithmetic(_, let a, let b), .comparison(_, let a, let b), .and(let a, let b), .or(let a, let b):
      a.columnNames.union(b.columnNames)
    case .not(let a), .isMissing(let a), .isIn(let a, _), .function(_, let a), .text(_, let a, _):
      a.columnNames
    }
  }
}
