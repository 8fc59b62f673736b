import LatheCore

/// Reads the parts of a template.
struct TemplateParser {
  private let tokens: [TemplateToken]
  private var place = 0
  private var depth = 0
  private var loops = 0

  private init(_ tokens: [TemplateToken]) { self.tokens = tokens }

  /// Reads a whole template.
  ///
  /// - Throws: `LatheError` with line and column of what is wrong or outside the subset.
  static func parse(_ source: String) throws -> [TemplateStatement] {
    var parser = TemplateParser(try TemplateLexer.tokens(source))
    let (statements, end) = try parser.statements(until: [])
    if let end { throw parser.current.position.failure("'\(end)' that ends nothing") }
    return statements
  }

  private var current: TemplateToken { tokens[min(place, tokens.count - 1)] }

  private mutating func enter() throws {
    depth += 1
    if depth > 100 { throw current.position.failure("more than 100 parts inside each other") }
  }

  private mutating func take(_ symbol: String) -> Bool {
    guard current.kind == .symbol(symbol) else { return false }
    place += 1
    return true
  }

  private mutating func take(word: String) -> Bool {
    guard current.kind == .name(word) else { return false }
    place += 1
    return true
  }

  private mutating func expect(_ symbol: String) throws {
    guard take(symbol) else {
      throw current.position.failure("'\(symbol)' is missing before \(described(current))")
    }
  }

  private mutating func name() throws -> String {
    guard case .name(let name) = current.kind else {
      throw current.position.failure("a name is missing before \(described(current))")
    }
    place += 1
    return name
  }

  private func described(_ token: TemplateToken) -> String {
    switch token.kind {
    case .text: "text"
    case .beginPrint, .beginBlock: "the beginning of a tag"
    case .endPrint, .endBlock: "the end of the tag"
    case .name(let name): "'\(name)'"
    case .string: "a text"
    case .integer, .number: "a number"
    case .symbol(let symbol): "'\(symbol)'"
    case .end: "the end of the template"
    }
  }

  private mutating func endBlock() throws {
    guard current.kind == .endBlock else {
      throw current.position.failure("the end of the tag is missing before \(described(current))")
    }
    place += 1
  }

  /// Parts up to a tag that begins with one of some words, which is taken; its end is not.
  private mutating func statements(until words: Set<String>) throws -> ([TemplateStatement], String?) {
    try enter()
    defer { depth -= 1 }
    var result: [TemplateStatement] = []
    while true {
      let token = current
      switch token.kind {
      case .end:
        if let word = words.sorted().first(where: { $0.hasPrefix("end") }) {
          throw token.position.failure("'\(word)' is missing")
        }
        return (result, nil)
      case .text(let text):
        place += 1
        result.append(TemplateStatement(node: .text(text), position: token.position))
      case .beginPrint:
        place += 1
        let expression = try tuple()
        guard current.kind == .endPrint else {
          throw current.position.failure("the end of the tag is missing before \(described(current))")
        }
        place += 1
        result.append(TemplateStatement(node: .print(expression), position: token.position))
      case .beginBlock:
        place += 1
        let word = try name()
        if words.contains(word) { return (result, word) }
        if word.hasPrefix("end") || word == "else" || word == "elif" {
          throw token.position.failure("'\(word)' that ends nothing")
        }
        result += try block(word, token.position)
      default: throw token.position.failure("\(described(token)) outside of a tag")
      }
    }
  }

  private mutating func block(_ word: String, _ position: TemplatePosition) throws -> [TemplateStatement] {
    let node: TemplateStatement.Node
    switch word {
    case "if": node = try branch()
    case "for": node = try loop()
    case "set": node = try set()
    case "macro": node = try macro()
    case "break", "continue":
      guard loops > 0 else { throw position.failure("'\(word)' outside of a loop") }
      try endBlock()
      node = word == "break" ? .leave : .skip
    case "generation":
      try endBlock()
      let (body, _) = try statements(until: ["endgeneration"])
      try endBlock()
      return body
    default: throw position.failure(.unsupported, "the tag '\(word)' is not supported")
    }
    return [TemplateStatement(node: node, position: position)]
  }

  private mutating func branch() throws -> TemplateStatement.Node {
    var branches: [(TemplateExpression, [TemplateStatement])] = []
    while true {
      let condition = try tuple()
      try endBlock()
      let (body, word) = try statements(until: ["elif", "else", "endif"])
      branches.append((condition, body))
      if word == "elif" { continue }
      var otherwise: [TemplateStatement] = []
      if word == "else" {
        try endBlock()
        otherwise = try statements(until: ["endif"]).0
      }
      try endBlock()
      return .branch(branches, otherwise)
    }
  }

  private mutating func target() throws -> TemplateStatement.Target {
    let first = try name()
    if take(".") { return .attribute(first, try name()) }
    guard current.kind == .symbol(",") else { return .name(first) }
    var names = [first]
    while take(",") { names.append(try name()) }
    return .names(names)
  }

  private mutating func loop() throws -> TemplateStatement.Node {
    let position = current.position
    let isBracketed = take("(")
    let target = try target()
    if isBracketed { try expect(")") }
    if case .attribute = target { throw position.failure("an attribute as a loop's variable") }
    guard take(word: "in") else {
      throw current.position.failure("'in' is missing before \(described(current))")
    }
    let items = try expression(allowsChoice: false)
    let condition = take(word: "if") ? try expression() : nil
    if case .name("recursive") = current.kind {
      throw current.position.failure(.unsupported, "'recursive' is not supported")
    }
    try endBlock()
    loops += 1
    let (body, word) = try statements(until: ["else", "endfor"])
    loops -= 1
    var otherwise: [TemplateStatement] = []
    if word == "else" {
      try endBlock()
      otherwise = try statements(until: ["endfor"]).0
    }
    try endBlock()
    return .loop(target, items, condition, body, otherwise: otherwise)
  }

  private mutating func set() throws -> TemplateStatement.Node {
    let position = current.position
    let target = try target()
    if take("=") {
      let value = try tuple()
      try endBlock()
      return .set(target, value)
    }
    guard case .name(let name) = target else { throw position.failure("a block is stored in one name") }
    try endBlock()
    let (body, _) = try statements(until: ["endset"])
    try endBlock()
    return .capture(name, body)
  }

  private mutating func macro() throws -> TemplateStatement.Node {
    let name = try name()
    try expect("(")
    var parameters: [(String, TemplateExpression?)] = []
    while !take(")") {
      if !parameters.isEmpty { try expect(",") }
      let parameter = try self.name()
      parameters.append((parameter, take("=") ? try expression() : nil))
    }
    try endBlock()
    let outer = loops
    loops = 0
    let (body, _) = try statements(until: ["endmacro"])
    loops = outer
    try endBlock()
    return .macro(TemplateStatement.Macro(name: name, parameters: parameters, body: body))
  }

  // MARK: Expressions, the loosest first

  /// An expression, or several with commas between, which are a list.
  private mutating func tuple() throws -> TemplateExpression {
    let first = try expression()
    guard current.kind == .symbol(",") else { return first }
    var parts = [first]
    while take(",") { parts.append(try expression()) }
    return TemplateExpression(node: .list(parts), position: first.position)
  }

  private mutating func expression(allowsChoice: Bool = true) throws -> TemplateExpression {
    try enter()
    defer { depth -= 1 }
    var value = try disjunction()
    while allowsChoice, current.kind == .name("if") {
      let position = current.position
      place += 1
      let condition = try disjunction()
      let otherwise = take(word: "else") ? try expression() : nil
      value = TemplateExpression(node: .choice(condition, value, otherwise), position: position)
    }
    return value
  }

  private mutating func disjunction() throws -> TemplateExpression {
    var left = try conjunction()
    while case .name("or") = current.kind {
      let position = current.position
      place += 1
      left = TemplateExpression(node: .binary("or", left, try conjunction()), position: position)
    }
    return left
  }

  private mutating func conjunction() throws -> TemplateExpression {
    var left = try negation()
    while case .name("and") = current.kind {
      let position = current.position
      place += 1
      left = TemplateExpression(node: .binary("and", left, try negation()), position: position)
    }
    return left
  }

  private mutating func negation() throws -> TemplateExpression {
    guard current.kind == .name("not") else { return try comparison() }
    try enter()
    defer { depth -= 1 }
    let position = current.position
    place += 1
    return TemplateExpression(node: .unary("not", try negation()), position: position)
  }

  private mutating func comparison() throws -> TemplateExpression {
    let first = try binary(0)
    var rest: [(String, TemplateExpression)] = []
    while let comparison = comparisonWord() { rest.append((comparison, try binary(0))) }
    return rest.isEmpty ? first : TemplateExpression(node: .comparison(first, rest), position: first.position)
  }

  private mutating func comparisonWord() -> String? {
    for symbol in ["==", "!=", "<", ">", "<=", ">="] where take(symbol) { return symbol }
    if take(word: "in") { return "in" }
    if current.kind == .name("not"), place + 1 < tokens.count, tokens[place + 1].kind == .name("in") {
      place += 2
      return "not in"
    }
    return nil
  }

  private static let levels = [["+", "-"], ["~"], ["*", "/", "//", "%"], ["**"]]

  private mutating func binary(_ level: Int) throws -> TemplateExpression {
    guard level < Self.levels.count else { return try unary() }
    var left = try binary(level + 1)
    while case .symbol(let symbol) = current.kind, Self.levels[level].contains(symbol) {
      let position = current.position
      place += 1
      left = TemplateExpression(node: .binary(symbol, left, try binary(level + 1)), position: position)
    }
    return left
  }

  private mutating func unary(filters: Bool = true) throws -> TemplateExpression {
    try enter()
    defer { depth -= 1 }
    let position = current.position
    var value: TemplateExpression
    if take("-") {
      value = TemplateExpression(node: .unary("-", try unary(filters: false)), position: position)
    } else if take("+") {
      value = TemplateExpression(node: .unary("+", try unary(filters: false)), position: position)
    } else {
      value = try primary()
    }
    value = try postfix(value)
    return filters ? try filtered(value) : value
  }

  private mutating func primary() throws -> TemplateExpression {
    let token = current
    func made(_ node: TemplateExpression.Node) -> TemplateExpression {
      TemplateExpression(node: node, position: token.position)
    }
    place += 1
    switch token.kind {
    case .integer(let value): return made(.value(.integer(value)))
    case .number(let value): return made(.value(.number(value)))
    case .string(var text):
      // Texts that follow each other are one.
      while case .string(let more) = current.kind {
        text += more
        place += 1
      }
      return made(.value(.string(text)))
    case .name("true"), .name("True"): return made(.value(.bool(true)))
    case .name("false"), .name("False"): return made(.value(.bool(false)))
    case .name("none"), .name("None"): return made(.value(.none))
    case .name(let name): return made(.name(name))
    case .symbol("("):
      if take(")") { return made(.list([])) }
      var parts = [try expression()]
      var isTuple = false
      while take(",") {
        isTuple = true
        if current.kind == .symbol(")") { break }
        parts.append(try expression())
      }
      try expect(")")
      return isTuple ? made(.list(parts)) : parts[0]
    case .symbol("["):
      var parts: [TemplateExpression] = []
      while !take("]") {
        if !parts.isEmpty { try expect(",") }
        if take("]") { break }
        parts.append(try expression())
      }
      return made(.list(parts))
    case .symbol("{"):
      var parts: [(TemplateExpression, TemplateExpression)] = []
      while !take("}") {
        if !parts.isEmpty { try expect(",") }
        if take("}") { break }
        let key = try expression()
        try expect(":")
        parts.append((key, try expression()))
      }
      return made(.dictionary(parts))
    default:
      place -= 1
      throw token.position.failure("a value is missing before \(described(token))")
    }
  }

  private mutating func postfix(_ start: TemplateExpression) throws -> TemplateExpression {
    var value = start
    while true {
      let position = current.position
      if take(".") {
        if case .integer(let index) = current.kind {
          place += 1
          let key = TemplateExpression(node: .value(.integer(index)), position: position)
          value = TemplateExpression(node: .item(value, key), position: position)
        } else {
          value = TemplateExpression(node: .attribute(value, try name()), position: position)
        }
      } else if take("[") {
        value = try subscripted(value, position)
      } else if take("(") {
        value = TemplateExpression(node: .call(value, try arguments()), position: position)
      } else {
        return value
      }
    }
  }

  private mutating func subscripted(
    _ value: TemplateExpression, _ position: TemplatePosition
  ) throws -> TemplateExpression {
    func isBound() -> Bool { current.kind != .symbol(":") && current.kind != .symbol("]") }
    let first = isBound() ? try expression() : nil
    guard take(":") else {
      try expect("]")
      guard let first else { throw position.failure("an index is missing") }
      return TemplateExpression(node: .item(value, first), position: position)
    }
    let second = isBound() ? try expression() : nil
    let third = take(":") && isBound() ? try expression() : nil
    try expect("]")
    return TemplateExpression(node: .slice(value, first, second, third), position: position)
  }

  /// Arguments behind a bracket up to its end.
  private mutating func arguments() throws -> TemplateArguments {
    var result = TemplateArguments()
    var isFirst = true
    while !take(")") {
      if !isFirst { try expect(",") }
      if take(")") { break }
      isFirst = false
      if case .name(let name) = current.kind, place + 1 < tokens.count, tokens[place + 1].kind == .symbol("=")
      {
        place += 2
        result.named.append((name, try expression()))
      } else if !result.named.isEmpty {
        throw current.position.failure("an argument without a name behind one with a name")
      } else {
        result.positional.append(try expression())
      }
    }
    return result
  }

  private mutating func filtered(_ start: TemplateExpression) throws -> TemplateExpression {
    var value = start
    while true {
      let position = current.position
      if take("|") {
        let name = try name()
        let arguments = take("(") ? try arguments() : TemplateArguments()
        value = TemplateExpression(node: .filter(value, name, arguments), position: position)
      } else if take(word: "is") {
        let isNegated = take(word: "not")
        let name = try name()
        var arguments = TemplateArguments()
        if take("(") {
          arguments = try self.arguments()
        } else if beginsTestArgument {
          arguments.positional = [try postfix(try primary())]
        }
        value = TemplateExpression(
          node: .test(value, name, arguments, isNegated: isNegated), position: position)
      } else {
        return value
      }
    }
  }

  private var beginsTestArgument: Bool {
    switch current.kind {
    case .name(let name): !["else", "or", "and", "is", "if", "in", "not"].contains(name)
    case .string, .integer, .number, .symbol("["), .symbol("{"): true
    default: false
    }
  }
}
