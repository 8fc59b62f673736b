import LatheCore
import LatheText
import Testing

/// The regular expressions of tokenisers.
@Suite("Patterns")
struct PatternTests {
  private func matches(_ expression: String, _ text: String) throws -> [String] {
    let bytes = Array(text.utf8)
    return try Pattern(expression: expression).ranges(in: bytes).map {
      String(decoding: bytes[$0], as: UTF8.self)
    }
  }

  @Test(
    "What they match",
    arguments: [
      ("a+?b|c{2,3}", "aab cccc", ["aab", "ccc"]), ("(?:ab)+", "ababa", ["abab"]), ("a(?=b)", "abac", ["a"]),
      ("(?<!a)b", "ab bb", ["b", "b"]), ("[^a-c\\s]+", "abxyz c_", ["xyz", "_"]),
      ("(?i:é|K)", "ÉkK\u{212A}", ["É", "k", "K", "\u{212A}"]),
      ("\\p{Lu}\\p{Ll}*", "ÄbcDe", ["Äbc", "De"]), ("^a|b$", "a\nab\nb", ["a", "a", "b", "b"]),
      ("\\x{4e00}|\\u4E8C", "一二", ["一", "二"]), ("(?>a+)b", "aaab", ["aaab"]), ("a++a", "aaa", []),
      ("x*", "ab", ["", "", ""]), ("[\\]\\-]+", "]-a", ["]-"]), ("(a|ab)(c|bcd)", "abcd", ["abcd"]),
      ("[\\p{L}\\p{M}]+", "e\u{301}1", ["e\u{301}"]),
    ])
  func found(_ expression: String, _ text: String, _ expected: [String]) throws {
    #expect(try matches(expression, text) == expected)
  }

  @Test(
    "What is outside is named with its position",
    arguments: [
      ("ab(?<name>c)", "this kind of group at position 3"),
      ("[[:alpha:]]", "a class in a class at position 2"),
      ("\\p{Han}", "the class \\p{Han} at position 1"), ("a(b", "a group without an end at position 2"),
      ("*a", "a repetition of nothing at position 1"),
      ("(a*)*", "the repetition of what can match nothing at position 5"),
      ("(?<=ab)c", "looking behind at more than one scalar at position 1"),
      ("a\\1", "the escape \\1 at position 2"),
      ("a{5000}", "the repetition {5000} at position 2"),
      ("[z-a]", "a range that runs backwards at position 2"),
      ("a)", "a bracket that closes nothing at position 2"), ("\\", "a backslash at the end at position 1"),
    ])
  func outside(_ expression: String, _ expected: String) {
    let message = TextFixture.message { _ = try Pattern(expression: expression) }
    #expect(message.contains(expected), "\(message)")
  }

  @Test("Expressions that take exponential time or space are stopped")
  func explosive() {
    let slow = TextFixture.message { _ = try matches("(?:a|aa)+b", String(repeating: "a", count: 5000)) }
    #expect(slow.contains("takes too many steps"))
    let large = TextFixture.message { _ = try Pattern(expression: "(?:(?:(?:(?:a|b){99}){99}){99}){99}") }
    #expect(large.contains("too many repetitions"))
    let deep = TextFixture.message { _ = try Pattern(expression: String(repeating: "(", count: 100_000)) }
    #expect(deep.contains("a nesting of more than 64 groups"))
  }
}
