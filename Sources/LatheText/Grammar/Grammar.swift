import LatheCore

/// A grammar that a text has to follow, such as that of JSON.
///
/// It is read from the notation GBNF or from a JSON schema. `start` begins a text; with a `TokenConstraint` it says which
/// tokens can stand next.
public final class Grammar: Sendable {
  /// The state before every text.
  public let start: GrammarState

  /// Reads a grammar in the notation GBNF, which llama.cpp uses.
  ///
  /// Rules `name ::= ...` hold texts in quotes, classes of characters in square brackets, `.`, names of rules, groups,
  /// alternatives with `|`, and repetitions `*`, `+`, `?`, `{m}`, `{m,}`, `{m,n}`; a comment begins with `#`. The text has
  /// to be what the rule `root` says. A rule must not begin with itself.
  ///
  /// - Throws: `LatheError` with line and column of what is wrong, or with the name of the rule.
  public convenience init(_ text: String) throws { try self.init(rules: GrammarParser.parse(text)) }

  /// Reads a JSON schema: the texts are JSON values that it allows.
  ///
  /// - Parameters:
  ///   - schema: The schema as JSON text.
  ///   - whitespace: Where the texts may have white space, and how much.
  /// - Throws: `LatheError` that names what is wrong or not supported, with its place in the schema.
  public convenience init(schema: String, whitespace: JSONWhitespace = .upTo(32)) throws {
    let value = try JSONValue.parse(Array(schema.utf8), source: "JSON schema")
    try self.init(rules: SchemaReader.read(value, whitespace: whitespace))
  }

  /// Any JSON value, with exponents of at most two digits and white space of at most 32 characters at a time.
  public static let json: Grammar = {
    do { return try Grammar(schema: "true") } catch { fatalError("the grammar of JSON: \(error)") }
  }()

  init(rules: GrammarRules) throws {
    start = try GrammarState(GrammarCore(GrammarProgram(rules)))
  }

  /// Whether a whole text follows the grammar.
  ///
  /// - Throws: `LatheError.unsupported` where the grammar nests the text so deeply, or can read it in so many ways, that
  ///   it would take too much memory.
  public func matches(_ text: String) throws -> Bool {
    var state = start
    return try state.accept(text) && state.isComplete
  }
}
