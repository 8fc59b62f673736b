import LatheCore
import LatheText
import Testing

/// Texts that grammars accept and refuse.
@Suite("Grammars")
struct GrammarTests {
  private func message(_ text: String) -> String { TextFixture.message { _ = try Grammar(text) } }

  @Test(
    "Texts that follow a grammar, and others",
    arguments: [
      ("root ::= \"a\" \"b\"", ["ab"], ["", "a", "abc", "b"]),
      ("root ::= [a-c]+ # letters\n", ["a", "cab"], ["", "d", "ad"]),
      ("root ::= [^a-c\\n]* \"\\n\"", ["\n", "xyz\n", "é好👍\n"], ["a\n", "x", "x\n\n"]),
      ("root ::= .{2}", ["ab", "é好", "\n\t"], ["a", "abc"]),
      (
        "root ::= x{2,3} y?\nx ::= \"x\"\ny ::= \"y\" | \"\"", ["xx", "xxx", "xxy", "xxxy"],
        ["x", "xxxx", "xyy"]
      ),
      ("root ::= (\"a\" | \"b\" \"c\"){2,}", ["aa", "abc", "bcbca"], ["a", "ab"]),
      (
        "root ::= list\nlist ::= \"(\" (list (\",\" list)*)? \")\"", ["()", "(())", "((),(()))"],
        ["", "(", "(,)", "())"]
      ),
      ("root ::=\n  \"a\"\n  | \"b\"\n\n# the end", ["a", "b"], ["ab"]),
      ("root ::= ( \"x\"\n | \"y\" )\r\n", ["x", "y"], ["xy"]),
      ("root ::= \"\\x41\\u00e9\\U0001F44D\\\"\\\\\"", ["Aé👍\"\\"], ["A"]),
      ("root ::= [\\]\\-a-] [-x]", ["]-", "--", "ax"], ["b-", "a]"]),
      ("root ::= a a\na ::= \"x\"?", ["", "x", "xx"], ["xxx"]),
      (
        "root ::= a | b\na ::= \"x\" a \"y\" | \"xy\"\nb ::= \"x\"* \"z\"", ["xy", "xxyy", "xxz", "z"],
        ["xxy", "xyy"]
      ),
      // Words in quotes share their beginnings.
      (
        "root ::= (\"in\" | \"int\" | \"interest\" | \"\") \"!\"", ["in!", "int!", "interest!", "!"],
        ["inte!", "i!"]
      ),
      // A letter of many ranges, which becomes a rule of its own.
      ("root ::= [a-zà-ëð-ñА-яא-תぁ-んァ-ン一-丁가-나𐀀-𐀃😀-😎ก-ฮ०-९]+", ["aж", "가ぁ😀", "०"], ["A", "", "丂"]),
    ])
  func texts(_ source: String, _ accepted: [String], _ refused: [String]) throws {
    let grammar = try Grammar(source)
    for text in accepted { #expect(try grammar.matches(text), "\(text)") }
    for text in refused { #expect(try !grammar.matches(text), "\(text)") }
  }

  @Test(
    "Errors say where",
    arguments: [
      ("root ::= \"a", "grammar: line 1, column 10: a text without an end"),
      ("root ::= a\n", "line 1, column 10: the rule 'a' is not defined"),
      ("x ::= \"a\"", "no rule named 'root'"),
      (
        "root ::= \"a\"\nroot ::= \"b\"",
        "line 2, column 1: the rule 'root' is defined already, in line 1, column 1"
      ),
      ("root = \"a\"", "line 1, column 6: '::=' is missing behind 'root'"),
      ("é", "line 1, column 1: the name of a rule is missing"),
      ("root ::= \"é\" $", "line 1, column 14: the character '$' has no meaning here"),
      ("root ::= \"\\q\"", "line 1, column 11: the escape '\\q' is not known"),
      ("root ::= \"\\u12\"", "line 1, column 11: an escape without 4 hexadecimal digits"),
      ("root ::= \"\\ud800\"", "line 1, column 11: an escape that is no character"),
      ("root ::= [z-a]", "line 1, column 11: a range that runs backwards"),
      ("root ::= []", "line 1, column 10: a class without characters"),
      ("root ::= [a", "line 1, column 10: a class without an end"),
      ("root ::= (\"a\"", "line 1, column 10: a group without an end"),
      ("root ::= \"a\")", "line 1, column 13: a bracket that closes nothing"),
      ("root ::= *", "line 1, column 10: a repetition of nothing"),
      ("root ::= \"a\"{3,2}", "line 1, column 13: a repetition of at least 3 and at most 2"),
      ("root ::= \"a\"{", "line 1, column 14: a number is missing"),
      ("root ::= \"a\"{99999999999999999999}", "line 1, column 14: a number out of range"),
      ("root ::= <think>", "line 1, column 10: tokens in a grammar are not supported"),
      ("root ::= root \"a\" | \"b\"", "the rule 'root' begins with itself"),
      ("root ::= a\na ::= x? b \"c\" | \"d\"\nb ::= a\nx ::= \"x\"", "begins with itself"),
      ("root ::= \"a\" | b\nb ::= \"b\" b", "the rule 'b' never comes to an end"),
    ])
  func errors(_ source: String, _ expected: String) {
    #expect(message(source).contains(expected), "\(message(source))")
  }

  @Test("Grammars that want too much")
  func bounds() {
    #expect(message("root ::= \"a\"{1000000} \"b\"{1000000}").contains("takes more than 1048576 places"))
    #expect(message("root ::= (((\"a\"{1000}){1000}){1000}){1000}").contains("takes more than"))
    #expect(message("root ::= (((\"\"{1000}){1000}){1000}){1000}").contains("takes more than"))
    let groups = String(repeating: "(", count: 1_000_000)
    #expect(message("root ::= \(groups)").contains("more than 200 groups inside each other"))
    #expect(
      message("root ::= \"a\"" + String(repeating: "*", count: 100_000)).contains(
        "repetitions of one another"))
    let rules = (0..<70_000).map { "r\($0) ::= \"a\"\n" }.joined()
    #expect(message(rules).contains("more than 65536 rules"))
    #expect(message(String(repeating: "#", count: 5_000_000)).contains("a text of 5000000 bytes"))
  }

  @Test("A chain of rules that all begin with the next is no nesting")
  func chain() throws {
    let count = 20_000
    let rules = (0..<count).map { "r\($0) ::= r\($0 + 1) | \"-\"\n" }.joined()
    let grammar = try Grammar("root ::= r0\n\(rules)r\(count) ::= \"x\"")
    #expect(try grammar.matches("x") && grammar.matches("-") && !grammar.matches("xx"))
  }

  @Test("Ambiguous and deep texts take memory in proportion")
  func ambiguous() throws {
    // Each bracket can be read in three ways, and so all of them in as many as 3 to the power of their count.
    let grammar = try Grammar("root ::= a\na ::= \"(\" a | \"(\" a \"x\" | \"(\" a \"y\" | \"\"")
    #expect(try grammar.matches(String(repeating: "(", count: 400) + String(repeating: "x", count: 300)))
    #expect(try !grammar.matches("((xxx"))
    let deep = try Grammar.json.matches(
      String(repeating: "[", count: 50_000) + String(repeating: "]", count: 50_000))
    #expect(deep)
  }

  @Test("A text so deep that it does not fit in memory is refused with an error")
  func tooDeep() throws {
    var state = Grammar.json.start
    let message = TextFixture.message {
      for _ in 0..<200 { try state.accept(String(repeating: "[{\"a\":", count: 20_000)) }
    }
    #expect(message.contains("nests it so deeply"), "\(message)")
  }

  @Test("States are values and take parts of characters")
  func states() throws {
    let grammar = try Grammar("root ::= [é好]+ \"!\"")
    var state = grammar.start
    #expect(!state.isComplete && state.canContinue)
    let bytes = Array("é好!".utf8)
    for byte in bytes.dropLast(2) { #expect(try state.accept([byte])) }
    let copy = state
    #expect(try !state.accept("!"), "inside of a character")
    #expect(try state.accept(bytes.suffix(2)) && state.isComplete && !state.canContinue)
    #expect(!copy.isComplete && copy.canContinue)
    #expect(try !state.accept("!") && state.isComplete, "a refused text changes nothing")
  }

  @Test("JSON")
  func json() throws {
    let accepted = [
      "null", " true ", "-0.5e-3", "12", "\"\\u00e9\\ud83d\\ude00\\n é\"", "[]", "{}",
      "[1, [2, {\"a\" : [] }]]\n",
      "{\"a\":{\"b\":null},\"c\":\"\"}",
    ]
    let refused = [
      "", "nul", "01", "+1", "1.", ".5", "\"\n\"", "\"\\x\"", "\"\\ud83d\"", "[1,]", "{a:1}", "{\"a\":}",
      "[1 2]", "'a'",
      "1 2",
    ]
    for text in accepted { #expect(try Grammar.json.matches(text), "\(text)") }
    for text in refused { #expect(try !Grammar.json.matches(text), "\(text)") }
    #expect(throws: LatheError.self) { try JSONValue.parse(Array("\"\\ud83d\"".utf8), source: "j") }
  }
}
