import LatheCore

/// What a tokeniser is made of.
struct TokenizerParts {
  var normalizer: Normalizer?
  var preTokenizer: PreTokenizer?
  var model: TokenModel
  var postProcessor: PostProcessor?
  var decoder: Decoder?
  var addedTokens: [(AddedToken, Int32)] = []
  var truncation: Truncation?
  var padding: Padding?
  /// The content of the file `tokenizer.json` that says all this.
  var source: JSONValue
}

extension TokenizerParts {
  /// Reads the content of a file `tokenizer.json`.
  ///
  /// - Throws: `LatheError` naming the member that is wrong or not supported.
  init(_ json: JSONValue, source name: String) throws {
    let reader = ComponentReader(json, name)
    guard json.members != nil else { throw reader.wrong("is \(json.kind), expected an object") }
    if let version = json["version"]?.string, version != "1.0" {
      throw reader.unsupported("version '\(version)'")
    }
    source = json
    normalizer = try reader.optional("normalizer")?.normalizer()
    preTokenizer = try reader.optional("pre_tokenizer")?.preTokenizer()
    postProcessor = try reader.optional("post_processor")?.postProcessor()
    decoder = try reader.optional("decoder")?.decoder()
    truncation = try reader.optional("truncation")?.truncation()
    padding = try reader.optional("padding")?.padding()
    guard let modelReader = try reader.optional("model") else { throw reader.wrong("has no 'model'") }
    let bytes = preTokenizer?.endsWithBytes ?? false
    model = try modelReader.model(bytes: bytes)
    for item in try reader.optional("added_tokens")?.items() ?? [] {
      let (token, id) = try item.addedToken()
      try add(token, id: id) { item.wrong($0) }
    }
  }

  /// Adds a token with the number that the model has for it, or the next one.
  mutating func add(_ token: AddedToken, id: Int, _ wrong: (String) -> LatheError) throws {
    if token.content.isEmpty { return }
    let vocabulary = model.vocabulary
    let known = addedTokens.first { $0.0.content == token.content }?.1 ?? vocabulary.id(token.content)
    let largest = addedTokens.map(\.1).max() ?? -1
    let next = largest >= Int32(vocabulary.count) ? largest + 1 : Int32(vocabulary.count)
    let expected = known ?? next
    guard Int(expected) == id else {
      let reason =
        known == nil ? "the next free number is \(expected)" : "the vocabulary has it as \(expected)"
      throw wrong("the added token '\(token.content)' has the number \(id), but \(reason)")
    }
    addedTokens.removeAll { $0.0.content == token.content }
    addedTokens.append((token, expected))
  }
}

/// A part of `tokenizer.json` with its place there, for messages.
struct ComponentReader {
  let json: JSONValue
  let place: String

  init(_ json: JSONValue, _ place: String) {
    self.json = json
    self.place = place
  }

  func wrong(_ what: String) -> LatheError { LatheError(.format, "\(place): \(what)") }

  func unsupported(_ what: String) -> LatheError {
    LatheError(.unsupported, "\(place): \(what) is not supported")
  }

  /// A message of a part below with the place in front.
  func placed<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as LatheError {
      throw LatheError(error.kind, "\(place): \(error.message)")
    }
  }

  /// A member; nil where it is missing or null.
  func optional(_ key: String) throws -> ComponentReader? {
    guard let value = json[key], !value.isNull else { return nil }
    return ComponentReader(value, "\(place): \(key)")
  }

  /// A member.
  func required(_ key: String) throws -> ComponentReader {
    guard let value = json[key] else { throw wrong("'\(key)' is missing") }
    return ComponentReader(value, "\(place): \(key)")
  }

  /// The elements of a list.
  func items() throws -> [ComponentReader] {
    guard let values = json.array else { throw wrong("is \(json.kind), expected a list") }
    return values.enumerated().map { ComponentReader($1, "\(place)[\($0)]") }
  }

  func string() throws -> String {
    guard let text = json.string else { throw wrong("is \(json.kind), expected a text") }
    return text
  }

  func integer(_ range: ClosedRange<Int> = 0...Int(Int32.max)) throws -> Int {
    guard let value = json.integer, range.contains(value) else {
      throw wrong("is not a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  func bool() throws -> Bool {
    guard let value = json.bool else { throw wrong("is \(json.kind), expected true or false") }
    return value
  }

  /// A text of one scalar.
  func scalar() throws -> Unicode.Scalar {
    let scalars = try string().unicodeScalars
    guard scalars.count == 1, let scalar = scalars.first else { throw wrong("is not one character") }
    return scalar
  }

  func string(_ key: String) throws -> String { try required(key).string() }
  func bool(_ key: String, default value: Bool) throws -> Bool { try optional(key)?.bool() ?? value }

  /// A value of a few that have names.
  func choice<Value: RawRepresentable>(_ key: String, default value: Value?) throws -> Value
  where Value.RawValue == String {
    guard let member = try optional(key) else {
      if let value { return value }
      throw wrong("'\(key)' is missing")
    }
    let name = try member.string()
    guard let found = Value(rawValue: name) else { throw member.unsupported("'\(name)'") }
    return found
  }

  /// What kind of component it is.
  func type() throws -> String { try string("type") }

  /// The next steps of a sequence.
  func steps<Step>(_ key: String, _ read: (ComponentReader) throws -> Step) throws -> [Step] {
    try required(key).items().map(read)
  }

  /// A text or a regular expression.
  func pattern(_ key: String) throws -> Pattern {
    let member = try required(key)
    return try member.placed {
      if let text = member.json["String"]?.string { return try Pattern(text: text) }
      if let text = member.json["Regex"]?.string { return try Pattern(expression: text) }
      throw LatheError(.format, "neither 'String' nor 'Regex' with a text")
    }
  }

  /// A token with its number, as older files write them: a list of both.
  func special(_ key: String) throws -> PostProcessor.Special {
    let parts = try required(key).items()
    guard parts.count == 2 else { throw wrong("'\(key)' is not a token with its number") }
    return PostProcessor.Special(token: try parts[0].string(), id: Int32(try parts[1].integer()))
  }

  func addedToken() throws -> (AddedToken, Int) {
    var token = AddedToken(try string("content"))
    token.stripsLeft = try bool("lstrip", default: false)
    token.stripsRight = try bool("rstrip", default: false)
    token.isSingleWord = try bool("single_word", default: false)
    token.isSpecial = try bool("special", default: false)
    token.isNormalized = try bool("normalized", default: !token.isSpecial)
    return (token, try required("id").integer())
  }
}
