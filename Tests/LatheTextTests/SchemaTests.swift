import LatheCore
import LatheText
import Testing

/// JSON schemas as grammars.
@Suite("JSON schemas")
struct SchemaTests {
  @Test("Values are allowed where the library jsonschema allows them")
  func fixtures() throws {
    let rows = try TextFixture.rows("schemas")
    #expect(rows.count > 50)
    for row in rows {
      let schema = String(decoding: TextFixture.text(row["schema"] ?? .null), as: UTF8.self)
      let grammar = try Grammar(schema: schema, whitespace: .none)
      for text in row["valid"]?.array ?? [] {
        #expect(try grammar.matches(text.string ?? ""), "\(schema) refuses \(text.string ?? "")")
      }
      for text in row["invalid"]?.array ?? [] {
        #expect(try !grammar.matches(text.string ?? ""), "\(schema) accepts \(text.string ?? "")")
      }
    }
  }

  @Test("Times have an offset, as RFC 3339 says")
  func times() throws {
    let grammar = try Grammar(schema: "{\"type\": \"string\", \"format\": \"time\"}")
    for text in ["12:00:00Z", "23:59:59.5+02:00"] { #expect(try grammar.matches("\"\(text)\"")) }
    for text in ["24:00:00Z", "12:60:00Z", "12:00:00", "12:00Z"] {
      #expect(try !grammar.matches("\"\(text)\""))
    }
  }

  @Test("Categories of Unicode in patterns")
  func categories() throws {
    let grammar = try Grammar(schema: #"{"type": "string", "pattern": "^\\p{Lu}\\P{L}[^\\p{N}a]?$"}"#)
    for text in ["A1", "É\u{20AC}x", "\u{416} "] { #expect(try grammar.matches("\"\(text)\"")) }
    for text in ["a1", "AA", "A1a", "A12", "A1\u{664}"] { #expect(try !grammar.matches("\"\(text)\"")) }
  }

  @Test("White space")
  func whitespace() throws {
    let schema =
      "{\"properties\": {\"a\": {\"type\": \"array\", \"items\": {\"const\": 1}}}, \"required\": [\"a\"]}"
    let loose = " { \"a\" : [ 1 , 1 ] } \n"
    #expect(try Grammar(schema: schema).matches(loose))
    #expect(
      try Grammar(schema: schema, whitespace: .any).matches("{\"a\":\(String(repeating: " ", count: 99))[]}"))
    #expect(try !Grammar(schema: schema).matches("{\"a\":\(String(repeating: " ", count: 99))[]}"))
    #expect(try !Grammar(schema: schema, whitespace: .none).matches(loose))
    #expect(try Grammar(schema: schema, whitespace: .none).matches("{\"a\":[1,1]}"))
  }

  @Test(
    "What is wrong or not supported is named with its place",
    arguments: [
      ("{", "JSON schema: no key at byte 1"), ("[]", "#: is a list, expected an object"),
      ("{\"not\": {}}", "#/not: the keyword 'not' is not supported"),
      (
        "{\"properties\": {\"a\": {\"multipleOf\": 2}}}",
        "#/properties/a/multipleOf: the keyword 'multipleOf' is not supported"
      ),
      ("{\"items\": {\"type\": \"text\"}}", "#/items/type: 'text' is no type of JSON"),
      ("{\"$ref\": \"#/$defs/x\"}", "#/$ref: the reference '#/$defs/x' names nothing"),
      ("{\"$ref\": \"other.json\"}", "references to other documents are not supported ('other.json')"),
      ("{\"$ref\": \"#\"}", "the rule '#' never comes to an end"),
      ("{\"$ref\": \"#\", \"type\": \"string\"}", "the reference '#' is a part of itself"),
      ("{\"properties\": {\"a\": {\"$ref\": \"#\"}}, \"required\": [\"a\"]}", "never comes to an end"),
      ("{\"type\": \"string\", \"format\": \"email\"}", "#/format: the format 'email' is not supported"),
      (
        "{\"type\": \"string\", \"pattern\": \"(?=a)b\"}",
        "#/pattern: the regular expression \"(?=a)b\": looking ahead or behind"
      ),
      ("{\"type\": \"string\", \"pattern\": \"a^b\"}", "a place other than the beginning or the end"),
      ("{\"type\": \"string\", \"pattern\": \"a\", \"minLength\": 2}", "together are not supported"),
      ("{\"minLength\": 5, \"maxLength\": 2}", "#/minLength: is 5, more than the most that is allowed, 2"),
      ("{\"type\": \"integer\", \"minimum\": 3, \"maximum\": 2}", "#: no number is within its bounds"),
      ("{\"type\": \"number\", \"minimum\": 0.5}", "#/minimum: bounds that are not whole"),
      ("{\"enum\": []}", "#/enum: allows no value"),
      ("{\"const\": 1, \"type\": \"string\"}", "allows no value"),
      ("{\"enum\": [1], \"minimum\": 2}", "the keyword 'minimum' beside 'enum' or 'const' is not supported"),
      (
        "{\"required\": [\"a\"], \"additionalProperties\": false}",
        "'a' is required, but neither described nor allowed"
      ),
      ("{\"minItems\": 3, \"prefixItems\": [{}]}", "is 3, more than the 1 elements that are described"),
      (
        "{\"allOf\": [{\"pattern\": \"a\"}, {\"pattern\": \"b\"}]}",
        "two parts of a schema have different 'pattern'"
      ),
      (
        "{\"allOf\": [{\"properties\": {\"a\": {}}, \"additionalProperties\": false}, {\"properties\": {\"b\": {}}}]}",
        "another one has the property 'b'"
      ),
      (
        "{\"properties\": {\"a\": false}, \"required\": [\"a\"]}",
        "#/properties/a: 'false', which allows nothing"
      ),
      ("{\"anyOf\": []}", "#/anyOf: is not a list of schemas"),
      ("{\"type\": \"string\", \"maxLength\": 99999999}", "takes more than"),
    ])
  func errors(_ schema: String, _ expected: String) {
    let message = TextFixture.message { _ = try Grammar(schema: schema) }
    #expect(message.contains(expected), "\(message)")
  }

  @Test("Schemas that grow without end are refused")
  func bounds() {
    // Each definition holds the next one twice.
    let definitions = (0..<40).map { index in
      let next =
        index == 39 ? "{\"type\": \"object\"}" : "{\"$ref\": \"#/$defs/d\(index + 1)\", \"minProperties\": 0}"
      return "\"d\(index)\": {\"allOf\": [\(next), \(next)]}"
    }
    let schema = "{\"$ref\": \"#/$defs/d0\", \"$defs\": {\(definitions.joined(separator: ", "))}}"
    let message = TextFixture.message { _ = try Grammar(schema: schema) }
    #expect(message.contains("more than 50000 schemas"), "\(message)")
    let nested = String(repeating: "{\"items\":", count: 500_000)
    #expect(TextFixture.message { _ = try Grammar(schema: nested) }.contains("inside each other"))
    // Lists in lists are compiled once each, not twice in each other.
    let lists =
      String(repeating: "{\"items\":", count: 60) + "{\"type\":\"null\"}" + String(repeating: "}", count: 60)
    #expect(TextFixture.message { _ = try Grammar(schema: lists) } == "no error")
  }
}
