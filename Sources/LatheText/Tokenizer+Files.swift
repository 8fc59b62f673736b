import LatheCore
import LatheFiles

extension Tokenizer {
  /// A file of a tokeniser has at most these bytes.
  static let largestFile = 1 << 28

  /// Reads a tokeniser from a file or a folder.
  ///
  /// A file is a `tokenizer.json` or a `vocab.txt`. In a folder `tokenizer.json` is taken, else `vocab.json` with
  /// `merges.txt`, else `vocab.txt`.
  ///
  /// - Throws: `LatheError` that names the file, and the component that is not supported.
  public convenience init(path: String) throws {
    guard FileErrors.isFolder(path) else {
      if path.hasSuffix(".txt") { try self.init(vocabularyText: path) } else { try self.init(file: path) }
      return
    }
    if FileErrors.exists("\(path)/tokenizer.json") {
      try self.init(file: "\(path)/tokenizer.json")
    } else if FileErrors.exists("\(path)/vocab.json") {
      try self.init(vocabulary: "\(path)/vocab.json", merges: "\(path)/merges.txt")
    } else if FileErrors.exists("\(path)/vocab.txt") {
      try self.init(vocabularyText: "\(path)/vocab.txt")
    } else {
      throw LatheError(
        .file,
        "\(path): no tokeniser in this folder; it needs tokenizer.json, vocab.json with merges.txt, or vocab.txt"
      )
    }
  }

  private convenience init(file: String) throws {
    try self.init(json: FileErrors.read(file, limit: Self.largestFile), source: file)
  }

  /// Reads the content of a file `tokenizer.json`.
  ///
  /// - Parameter source: What holds it, for messages.
  /// - Throws: `LatheError` that names the component that is wrong or not supported.
  public convenience init(json: [UInt8], source: String) throws {
    let value = try JSONValue.parse(json, source: source)
    try self.init(TokenizerParts(value, source: source))
  }

  /// Reads BERT's vocabulary, one token a line, as uncased models have it.
  ///
  /// - Parameter lowercases: Whether text is written in lower case and without accents first.
  public convenience init(vocabularyText path: String, lowercases: Bool = true) throws {
    let bytes = try FileErrors.read(path, limit: Self.largestFile)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw LatheError(.format, "\(path): not UTF-8")
    }
    var lines = text.utf8.split(separator: 10, omittingEmptySubsequences: false).map { line in
      String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
    }
    if lines.last == "" { lines.removeLast() }
    var tokens: [JSONValue.Member] = []
    var known = ByteTable(capacity: lines.count)
    for (id, token) in lines.enumerated() {
      guard known.insert(token, Int32(id)) else {
        throw LatheError(
          .format,
          "\(path): line \(id + 1): the token '\(token)' stands in line \(known.value(token) + 1) already")
      }
      tokens.append(JSONValue.Member(token, .integer(id)))
    }
    let special = try ["[UNK]", "[CLS]", "[SEP]"].map { name in
      let id = known.value(name)
      guard id >= 0 else { throw LatheError(.format, "\(path): the token \(name) is missing") }
      return Int(id)
    }
    let added = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].compactMap { name -> JSONValue? in
      let id = known.value(name)
      return id < 0 ? nil : TokenizerJSON.added(AddedToken(name, isSpecial: true), Int(id))
    }
    let value = TokenizerJSON.bert(
      vocabulary: tokens, added: added, start: ("[CLS]", special[1]), end: ("[SEP]", special[2]),
      lowercases: lowercases)
    try self.init(TokenizerParts(value, source: path))
  }

  /// Reads GPT-2's files: tokens with their numbers, and merges.
  public convenience init(vocabulary path: String, merges: String, addsPrefixSpace: Bool = false) throws {
    let vocabulary = try JSONValue.parse(FileErrors.read(path, limit: Self.largestFile), source: path)
    guard vocabulary.members != nil else {
      throw LatheError(.format, "\(path): is \(vocabulary.kind), expected an object of tokens and numbers")
    }
    let bytes = try FileErrors.read(merges, limit: Self.largestFile)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw LatheError(.format, "\(merges): not UTF-8")
    }
    var list: [JSONValue] = []
    for (index, line) in text.utf8.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
      let line = String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
      if line.isEmpty || (index == 0 && line.hasPrefix("#version")) { continue }
      guard ComponentReader.pair(line) != nil else {
        throw LatheError(.format, "\(merges): line \(index + 1) is not two tokens with a space between")
      }
      list.append(.string(line))
    }
    let end = vocabulary["<|endoftext|>"]?.integer
    let added = end.map { [TokenizerJSON.added(AddedToken("<|endoftext|>", isSpecial: true), $0)] } ?? []
    let value = TokenizerJSON.bytePairs(
      vocabulary: vocabulary, merges: list, added: added,
      preTokenizer: TokenizerJSON.byteLevel(addsPrefixSpace: addsPrefixSpace, usesPattern: true))
    try self.init(TokenizerParts(value, source: "\(path) with \(merges)"))
  }

  /// Writes a file `tokenizer.json`, which other libraries read too.
  public func write(to path: String) throws {
    var bytes: [UInt8] = []
    source.write(to: &bytes, indentation: 0)
    bytes.append(10)
    try AtomicFile.write([bytes], to: path)
  }
}
