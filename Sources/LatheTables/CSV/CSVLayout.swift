import LatheCore
import TableKernels

/// What the rows of a file look like: what ends fields and lines, the columns' names, where the rows begin.
struct CSVLayout {
  let format: lathe_csv_format
  let names: [String]
  /// Where the first row behind the header begins.
  let start: Int

  var width: Int { names.count }

  /// Looks at the beginning of a file.
  ///
  /// - Throws: `LatheError` where there is no row, a column is named twice, or an option cannot be.
  init(_ source: CSVSource, _ options: CSVOptions) throws {
    let quote = try options.quote.map { try Self.byte($0, "quote", source.path) }
    let lineEnd = Self.lineEnd(source, quote)
    let delimiter =
      try options.delimiter.map { try Self.byte($0, "delimiter", source.path) }
      ?? Self.delimiter(source, quote, lineEnd)
    for (mark, what) in [(options.decimal, "decimal"), (options.thousands, "thousands")] {
      guard let mark else { continue }
      let byte = try Self.byte(mark, what, source.path)
      guard !(0x30...0x39).contains(byte), byte != UInt8(ascii: "-"), byte != UInt8(ascii: "+") else {
        throw LatheError(.invalidArgument, "\(source.path): '\(mark)' cannot be the mark \(what)")
      }
    }
    if delimiter == quote {
      throw LatheError(
        .invalidArgument, "\(source.path): delimiter and quote are both '\(Self.text([delimiter]))'")
    }
    if let thousands = options.thousands, thousands == options.decimal ?? "." {
      throw LatheError(.invalidArgument, "\(source.path): decimal mark and thousands are both '\(thousands)'")
    }
    let format = lathe_csv_format(
      delimiter: delimiter, quote: quote ?? delimiter, line_end: lineEnd, has_quotes: quote != nil)
    guard let first = CSVRecord(source, format, from: 0) else {
      throw LatheError(.format, "\(source.path): only empty lines; there must be a row at least")
    }
    try first.check(source, format)
    let fields = first.fields(source, format)
    self.format = format
    start = options.hasHeader ? first.end : first.start
    let found =
      options.hasHeader
      ? try fields.enumerated().map { try Self.name($1, place: $0, source, first) }
      : (1...fields.count).map { "column\($0)" }
    if let names = options.names, names.count != found.count {
      throw LatheError(
        .invalidArgument,
        "\(source.path): \(counted(names.count, "names")) for \(counted(found.count, "columns"))")
    }
    names = options.names ?? found
    var seen = Set<String>()
    if let twice = names.first(where: { !seen.insert($0).inserted }) {
      throw LatheError(
        .format,
        "\(source.path): line \(source.line(of: first.start, lineEnd: lineEnd)): two columns are named '\(twice)'; "
          + "give each a name of its own, in the file or by the option names")
    }
  }

  private static func byte(_ character: Character, _ what: String, _ path: String) throws -> UInt8 {
    guard let byte = character.asciiValue, byte != 0, character != "\n", character != "\r",
      character != "\r\n"
    else {
      throw LatheError(
        .invalidArgument, "\(path): \(what) '\(character)': use one ASCII character, no line end")
    }
    return byte
  }

  private static func text(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: Array(bytes), as: UTF8.self)
  }

  private static func name(_ field: [UInt8], place: Int, _ source: CSVSource, _ first: CSVRecord) throws
    -> String
  {
    guard let name = String(validating: field, as: UTF8.self) else {
      throw source.notUTF8(first.start, UInt8(ascii: "\n"), "the name of column \(place + 1)")
    }
    return name.isEmpty ? "column\(place + 1)" : name
  }

  /// LF, which CR LF ends with, too; CR where the first line ends with it alone.
  private static func lineEnd(_ source: CSVSource, _ quote: UInt8?) -> UInt8 {
    var isQuoted = false
    for place in 0..<source.count {
      let byte = source.bytes[place]
      if byte == quote { isQuoted.toggle() }
      if isQuoted { continue }
      if byte == 0x0A { return 0x0A }
      if byte == 0x0D { return place + 1 < source.count && source.bytes[place + 1] == 0x0A ? 0x0A : 0x0D }
    }
    return 0x0A
  }

  /// The candidate that cuts most of the first rows into as many fields as the first, two at least.
  private static func delimiter(_ source: CSVSource, _ quote: UInt8?, _ lineEnd: UInt8) -> UInt8 {
    let candidates = ",;\t|".utf8
    var best: (byte: UInt8, score: Double, width: Int) = (UInt8(ascii: ","), 0, 1)
    for byte in candidates {
      let format = lathe_csv_format(
        delimiter: byte, quote: quote ?? byte, line_end: lineEnd, has_quotes: quote != nil)
      var place = 0
      var widths: [Int] = []
      while widths.count < 100, place < min(source.count, 1 << 20),
        let record = CSVRecord(source, format, from: place)
      {
        widths.append(record.ends.count)
        place = record.end
      }
      guard let width = widths.first, width > 1 else { continue }
      let score = Double(widths.count { $0 == width }) / Double(widths.count)
      // Of those that fit alike the one that makes more fields, as commas may stand in numbers and texts.
      if score > best.score || (score == best.score && width > best.width) { best = (byte, score, width) }
    }
    return best.byte
  }
}

/// One row, cut byte by byte: for the beginning of a file and for messages.
struct CSVRecord {
  let start: Int
  /// Where each field ends.
  let ends: [Int]
  /// Where the next row begins.
  let end: Int

  /// The first row from a place on that is no empty line; nil where there is none.
  init?(_ source: CSVSource, _ format: lathe_csv_format, from place: Int) {
    let bytes = source.bytes
    var place = place
    while place < source.count {
      if bytes[place] == format.line_end {
        place += 1
      } else if bytes[place] == 0x0D && place + 1 < source.count && bytes[place + 1] == format.line_end {
        place += 2
      } else {
        break
      }
    }
    guard place < source.count else { return nil }
    start = place
    var ends: [Int] = []
    var isQuoted = false
    while place < source.count {
      let byte = bytes[place]
      if format.has_quotes && byte == format.quote { isQuoted.toggle() }
      if !isQuoted && (byte == format.delimiter || byte == format.line_end) { ends.append(place) }
      place += 1
      if !isQuoted && byte == format.line_end {
        self.ends = ends
        end = place
        return
      }
    }
    self.ends = ends + [source.count]
    end = source.count
  }

  /// The fields without quotes.
  func fields(_ source: CSVSource, _ format: lathe_csv_format) -> [[UInt8]] {
    ends.indices.map { index in
      var field = UnsafeBufferPointer(start: source.bytes, count: source.count)[
        (index == 0 ? start : ends[index - 1] + 1)..<ends[index]]
      if index == ends.count - 1 && field.last == 0x0D { field.removeLast() }
      guard format.has_quotes, field.count >= 2, field.first == format.quote, field.last == format.quote
      else {
        return Array(field)
      }
      var result: [UInt8] = []
      var isSecond = false
      for byte in field.dropFirst().dropLast() {
        if byte == format.quote && !isSecond {
          isSecond = true
          continue
        }
        isSecond = false
        result.append(byte)
      }
      return result
    }
  }

  /// Makes sure that quotes stand where they may.
  func check(_ source: CSVSource, _ format: lathe_csv_format) throws {
    if let fault = CSVFault.find(source, format, from: start, to: end) { throw fault.error(source, format) }
  }
}
