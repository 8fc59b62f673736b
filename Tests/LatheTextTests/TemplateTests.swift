import LatheCore
import LatheText
import Testing

/// Conversations equal to those that jinja2 makes.
@Suite("Chat templates")
struct TemplateTests {
  @Test("Texts are equal, and what jinja2 refuses is refused")
  func fixtures() throws {
    let rows = try TextFixture.rows("templates")
    #expect(rows.count > 100)
    for row in rows {
      let source = row["template"]?.string ?? ""
      let variables = (row["variables"]?.members ?? []).map { ($0.key, TemplateValue($0.value)) }
      var all = Dictionary(variables) { $1 }
      all["strftime_now"] = nil
      func render() throws -> String {
        // The fixtures' time is the first of February 2024 at noon.
        try ChatTemplate(source).render(variables: all, seconds: 1_706_788_800)
      }
      if row["error"] != nil {
        #expect(throws: LatheError.self, "\(source)") { try render() }
      } else {
        let text = try render()
        #expect(text == row["text"]?.string, "\(row["name"]?.string ?? ""): \(source)")
      }
    }
  }

  @Test("Messages as a program has them")
  func messages() throws {
    let template = try ChatTemplate(
      "{% for m in messages %}<{{ m.role }}>{{ m['content'] }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
    )
    let talk = [ChatTemplate.Message(role: "user", content: "hi")]
    #expect(try template.render(talk) == "<user>hi<assistant>")
    #expect(try template.render(talk, addsGenerationPrompt: false) == "<user>hi")
  }

  @Test(
    "Errors say where",
    arguments: [
      ("a\nb {{ x|nofilter }}", "chat template: line 2, column 7: the filter 'nofilter' is not supported"),
      ("{% include 'a' %}", "line 1, column 1: the tag 'include' is not supported"),
      ("é{{ 1 + }}", "line 1, column 9: a value is missing before the end of the tag"),
      ("{{ y.z }}", "line 1, column 5: 'y' is undefined and has no 'z'"),
      ("{{ 'a'.zfill(3) }}", "line 1, column 13: the method 'zfill' of a text is not supported"),
      (
        "{{ raise_exception('No tools') }}",
        "line 1, column 19: the template refuses this conversation: No tools"
      ),
      ("{% if true %}\n\n", "'endif' is missing"),
      ("{{ $ }}", "line 1, column 4: the character '$' in a tag"),
      ("{{ 9223372036854775807 + 1 }}", "a number out of range"), ("{{ 1 % 0 }}", "a division by zero"),
      ("{{ 2 ** 99999 }}", "a number out of range"),
      ("{{ -9223372036854775807 - 2 }}", "a number out of range"),
    ])
  func errors(_ source: String, _ expected: String) {
    let message = TextFixture.message { _ = try ChatTemplate(source).render(variables: [:]) }
    #expect(message.contains(expected), "\(message)")
  }

  @Test("Templates that want too much")
  func bounds() {
    func message(_ source: String) -> String {
      TextFixture.message {
        var template = try ChatTemplate(source)
        template.outputLimit = 1 << 20
        _ = try template.render(variables: [:])
      }
    }
    #expect(message("{{ 'abc' * 1000000000000 }}").contains("a text of more than"))
    #expect(
      message(
        "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}"
      ).contains("a text of more"))
    #expect(
      message("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}").contains(
        "steps"))
    #expect(message("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}").contains("inside each other"))
    #expect(
      message(
        "{{ " + String(repeating: "(", count: 100_000) + "1" + String(repeating: ")", count: 100_000) + " }}"
      ).contains("inside each other"))
    #expect(message(String(repeating: "{% if 1 %}", count: 100_000)).contains("inside each other"))
    #expect(message("{{ " + String(repeating: "not ", count: 100_000) + "1 }}").contains("inside each other"))
    #expect(message("{{ " + String(repeating: "-", count: 100_000) + "1 }}").contains("inside each other"))
    #expect(
      message("{% for i in range(99999) %}{{ 'aaaaaaaaaaaaaaaaaaaa' }}{% endfor %}").contains(
        "a text of more"))
  }
}
