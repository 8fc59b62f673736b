import LatheCore
import LatheFiles
import TableKernels

extension Table {
  /// Reads an ARFF file, as Weka and OpenML have them, gzipped or not.
  ///
  /// Numeric attributes are columns of numbers (`integer` ones of whole numbers), nominal ones of categories in the order of
  /// their declaration, strings texts, and dates points in time. `?` is a missing value.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - memoryLimit: What a compressed file or a table of sparse rows may take; as `ReadingLimits` says, and 16 times the text's
  ///     size, unless given.
  /// - Throws: `LatheError` naming file, line and attribute of what is wrong.
  public init(arff path: String, memoryLimit: Int? = nil) throws {
    let source = try CSVSource(path, encoding: nil, memoryLimit: memoryLimit)
    let fault = lathe_utf8_fault(source.bytes, source.count)
    guard fault == source.count else { throw source.fault(fault, 0x0A, "not UTF-8 text; convert the file") }
    var reader = ARFFReader(source, memoryLimit: memoryLimit)
    self = try reader.read()
  }

  /// Writes the table as ARFF: the file appears whole or not at all.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - relation: The data's name.
  /// - Throws: `LatheError.file` where the file cannot be written.
  public func writeARFF(to path: String, relation: String) throws {
    var head = "@relation \(ARFFText.quoted(relation))\n\n"
    for column in columns {
      let type =
        switch column.storage {
        case .float64, .float32: "real"
        case .int64: "integer"
        case .bool: "{false,true}"
        case .categorical(_, let categories): "{\(categories.map(ARFFText.quoted).joined(separator: ","))}"
        case .text, .duration: "string"
        case .dateTime: "date \"yyyy-MM-dd HH:mm:ss\""
        }
      head += "@attribute \(ARFFText.quoted(column.name)) \(type)\n"
    }
    try AtomicFile.write(to: path) { file in
      var text = head + "\n@data\n"
      for row in 0..<rowCount {
        text +=
          columns.map { column in
            guard column.isValid(row) else { return "?" }
            return column.type.isNumeric ? column.text(row) : ARFFText.quoted(column.text(row))
          }.joined(separator: ",") + "\n"
        if text.utf8.count > 1 << 20 {
          try Array(text.utf8).withUnsafeBytes { try file.append($0) }
          text = ""
        }
      }
      try Array(text.utf8).withUnsafeBytes { try file.append($0) }
    }
  }
}

private enum ARFFText {
  /// A text as it stands in a file: in quotes where it needs them.
  static func quoted(_ text: String) -> String {
    let isPlain =
      !text.isEmpty && text != "?"
      && text.utf8.allSatisfy { $0 >= 0x80 || ($0 > 0x20 && !"\"'%,\\{}".utf8.contains($0) && $0 != 0x7F) }
    if isPlain { return text }
    var result = "'"
    for scalar in text.unicodeScalars {
      switch scalar {
      case "'", "\\": result += "\\\(scalar)"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "'"
  }
}

/// Reads a file line by line.
private struct ARFFReader {
  private enum Kind { case real, integer, text, nominal([[UInt8]: Int32]), date }

  private struct Attribute {
    let name: String
    let kind: Kind
    let categories: [String]
    var numbers: [Double?] = []
    var integers: [Int64?] = []
    var texts: [String?] = []
    var codes: [Int32?] = []
  }

  private let source: CSVSource
  private var attributes: [Attribute] = []
  private var line = 0
  private var place = 0
  private var rowCount = 0

  private let memoryLimit: Int?

  init(_ source: CSVSource, memoryLimit: Int?) {
    self.source = source
    self.memoryLimit = memoryLimit
  }

  private func fault(_ what: String) -> LatheError {
    LatheError(.format, "\(source.path): line \(line): \(what)")
  }

  private mutating func nextLine() -> ArraySlice<UInt8>? {
    while place < source.count {
      var end = place
      while end < source.count, source.bytes[end] != 0x0A { end += 1 }
      var text = Array(UnsafeBufferPointer(start: source.bytes + place, count: end - place))[...]
      place = end + 1
      line += 1
      while let first = text.first, first == 0x20 || first == 0x09 { text.removeFirst() }
      while let last = text.last, last == 0x20 || last == 0x09 || last == 0x0D { text.removeLast() }
      if !text.isEmpty && text.first != UInt8(ascii: "%") { return text }
    }
    return nil
  }

  mutating func read() throws -> Table {
    var hasData = false
    while !hasData, let text = nextLine() {
      var words = ARFFWords(text)
      let keyword = String(decoding: try word(&words) ?? [], as: UTF8.self).lowercased()
      switch keyword {
      case "@relation": break
      case "@attribute": try declare(&words)
      case "@data": hasData = true
      default:
        throw fault(
          "'\(keyword.prefix(20))' where @relation, @attribute or @data is expected; is this an ARFF file?")
      }
    }
    guard hasData else { throw fault("the file ends without @data") }
    guard !attributes.isEmpty else { throw fault("no @attribute before @data") }
    while let text = nextLine() {
      if text.first == UInt8(ascii: "{") { try sparseRow(text) } else { try row(text) }
      rowCount += 1
    }
    try source.check()
    return try Table(attributes.map(column))
  }

  private func word(_ words: inout ARFFWords) throws -> [UInt8]? {
    do { return try words.next(separators: [0x20, 0x09])?.text } catch let error as ARFFWords.Fault {
      throw fault(error.what)
    }
  }

  private mutating func declare(_ words: inout ARFFWords) throws {
    guard let name = try word(&words).map({ String(decoding: $0, as: UTF8.self) }) else {
      throw fault("an attribute without a name")
    }
    guard !attributes.contains(where: { $0.name == name }) else {
      throw fault("two attributes are named '\(name)'")
    }
    if words.peek == UInt8(ascii: "{") {
      guard var list = words.braces else {
        throw fault("attribute '\(name)': a list of values without its closing brace")
      }
      var codes: [[UInt8]: Int32] = [:]
      var categories: [String] = []
      do {
        while let value = try list.next(separators: [UInt8(ascii: ",")]) {
          guard codes.updateValue(Int32(categories.count), forKey: value.text) == nil else {
            throw fault(
              "attribute '\(name)': the value '\(String(decoding: value.text, as: UTF8.self))' comes twice")
          }
          categories.append(String(decoding: value.text, as: UTF8.self))
        }
      } catch let error as ARFFWords.Fault { throw fault("attribute '\(name)': \(error.what)") }
      attributes.append(Attribute(name: name, kind: .nominal(codes), categories: categories))
      return
    }
    let type = String(decoding: try word(&words) ?? [], as: UTF8.self).lowercased()
    let kind: Kind
    switch type {
    case "numeric", "real": kind = .real
    case "integer": kind = .integer
    case "string": kind = .text
    case "date": kind = .date
    default:
      throw fault(
        "attribute '\(name)': the type '\(type)'; there are numeric, real, integer, string, date and lists in braces"
      )
    }
    attributes.append(Attribute(name: name, kind: kind, categories: []))
  }

  private mutating func row(_ text: ArraySlice<UInt8>) throws {
    var words = ARFFWords(text)
    var count = 0
    do {
      while let value = try words.next(separators: [UInt8(ascii: ",")]) {
        guard count < attributes.count else { throw fault("more than \(attributes.count) values") }
        try add(value, to: count)
        count += 1
      }
    } catch let error as ARFFWords.Fault { throw fault(error.what) }
    guard count == attributes.count else {
      throw fault("\(counted(count, "values")), expected \(attributes.count)")
    }
  }

  /// `{1 x, 4 0.5}`: what is not named is 0, or the first value of a list.
  private mutating func sparseRow(_ text: ArraySlice<UInt8>) throws {
    guard text.last == UInt8(ascii: "}") else { throw fault("a row in braces without its closing one") }
    try TableMemory.check(source, rows: rowCount + 1, columns: attributes.count, limit: memoryLimit)
    var values: [Int: ARFFWords.Word] = [:]
    var words = ARFFWords(text.dropFirst().dropLast())
    do {
      while let place = try words.next(separators: [0x20, 0x09]) {
        guard let index = Int(String(decoding: place.text, as: UTF8.self)), attributes.indices.contains(index)
        else {
          throw fault("'\(String(decoding: place.text, as: UTF8.self))' is no number of an attribute")
        }
        guard let value = try words.next(separators: [UInt8(ascii: ",")]) else {
          throw fault("attribute \(index) without a value")
        }
        values[index] = value
      }
    } catch let error as ARFFWords.Fault { throw fault(error.what) }
    for index in attributes.indices {
      let usual = Array((attributes[index].categories.first ?? "0").utf8)
      try add(values[index] ?? ARFFWords.Word(text: usual, isQuoted: true), to: index)
    }
  }

  private mutating func add(_ word: ARFFWords.Word, to index: Int) throws {
    let isMissing = !word.isQuoted && word.text == [UInt8(ascii: "?")]
    func wrong(_ what: String) -> LatheError {
      fault(
        "attribute '\(attributes[index].name)': '\(String(decoding: word.text.prefix(40), as: UTF8.self))' is \(what)"
      )
    }
    let (bytes, count) = (word.text, word.text.count)
    switch attributes[index].kind {
    case .real:
      var value = 0.0
      guard isMissing || lathe_parse_float64(bytes, count, UInt8(ascii: "."), &value) else {
        throw wrong("no number")
      }
      attributes[index].numbers.append(isMissing ? nil : value)
    case .integer:
      var value = 0.0
      guard isMissing || lathe_parse_float64(bytes, count, UInt8(ascii: "."), &value) else {
        throw wrong("no number")
      }
      var whole: Int64 = 0
      // Some files write whole numbers with a point.
      if !isMissing && !lathe_parse_int64(bytes, count, &whole) {
        guard let exact = Int64(exactly: value) else { throw wrong("no whole number of 64 bits") }
        whole = exact
      }
      attributes[index].integers.append(isMissing ? nil : whole)
    case .text: attributes[index].texts.append(isMissing ? nil : String(decoding: word.text, as: UTF8.self))
    case .nominal(let codes):
      guard isMissing || codes[word.text] != nil else { throw wrong("none of its declared values") }
      attributes[index].codes.append(isMissing ? nil : codes[word.text])
    case .date:
      var value: Int64 = 0
      var isZoned = false
      let isTime = lathe_parse_time(
        bytes, count, Int32(bitPattern: LATHE_YEAR_FIRST.rawValue), &value, &isZoned)
      guard isMissing || isTime else { throw wrong("no date of the form 2024-01-31 12:30:00") }
      attributes[index].integers.append(isMissing ? nil : value)
    }
  }

  private func column(_ attribute: Attribute) -> Column {
    switch attribute.kind {
    case .real: return Column(attribute.name, attribute.numbers)
    case .integer: return Column(attribute.name, attribute.integers.map { $0.map { Int($0) } })
    case .text: return Column(attribute.name, attribute.texts)
    case .date: return Column(attribute.name, microseconds: attribute.integers)
    case .nominal:
      let codes = attribute.codes
      return Column(
        attribute.name,
        .categorical(
          codes: ColumnValues(codes.map { $0 ?? 0 }), categories: TextValues(attribute.categories)),
        validity: Bitmap(count: codes.count) { codes[$0] != nil })
    }
  }
}

/// Words of a line, in quotes or not.
private struct ARFFWords {
  struct Word {
    let text: [UInt8]
    let isQuoted: Bool
  }

  struct Fault: Error {
    let what: String
  }

  private var rest: ArraySlice<UInt8>
  /// Whether a separator promises a further word.
  private var isExpected = false

  init(_ text: ArraySlice<UInt8>) { rest = text }

  private mutating func skipSpaces() {
    while let first = rest.first, first == 0x20 || first == 0x09 { rest.removeFirst() }
  }

  /// The byte that comes next, spaces left out.
  var peek: UInt8? { rest.first { $0 != 0x20 && $0 != 0x09 } }

  /// What stands in braces.
  var braces: ARFFWords? {
    guard let start = rest.firstIndex(of: UInt8(ascii: "{")), let end = rest.lastIndex(of: UInt8(ascii: "}")),
      start < end
    else { return nil }
    return ARFFWords(rest[(start + 1)..<end])
  }

  /// The next word, and the separator behind it; nil at the end.
  mutating func next(separators: Set<UInt8>) throws -> Word? {
    skipSpaces()
    guard let first = rest.first else {
      if isExpected { throw Fault(what: "a value is missing behind the last comma") }
      return nil
    }
    var text: [UInt8] = []
    let isQuoted = first == 0x22 || first == 0x27
    if isQuoted {
      rest.removeFirst()
      while true {
        guard let byte = rest.popFirst() else { throw Fault(what: "a text in quotes has no end") }
        if byte == first { break }
        guard byte == 0x5C else {
          text.append(byte)
          continue
        }
        guard let escaped = rest.popFirst() else { throw Fault(what: "a text in quotes has no end") }
        switch escaped {
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        default: text.append(escaped)
        }
      }
      skipSpaces()
    } else {
      while let byte = rest.first, !separators.contains(byte) {
        text.append(byte)
        rest.removeFirst()
      }
      while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
      if text.isEmpty { throw Fault(what: "a value is missing; write ? for it") }
    }
    isExpected = false
    if let separator = rest.first {
      if separators.contains(separator) {
        rest.removeFirst()
        isExpected = separator == UInt8(ascii: ",")
      } else if !separators.contains(0x20) {
        throw Fault(what: "text behind the quote that ends a value")
      }
    }
    return Word(text: text, isQuoted: isQuoted)
  }
}
