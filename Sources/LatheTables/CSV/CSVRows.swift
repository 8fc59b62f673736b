import LatheCore
import TableKernels

/// A file's rows in ranges of which each begins where a row does, so that threads can take them in any order.
package struct CSVRows: Sendable {
  /// Neighbouring rows.
  struct Part: Sendable {
    let start: Int
    let end: Int
    /// The rows in it, and how many are in front of it.
    var rows: Int
    var first: Int
    let hasQuotes: Bool
    let isASCII: Bool
    /// Whether the file's end stands for a line end.
    let isUnended: Bool
  }

  var parts: [Part]
  var count: Int

  /// The bytes that a thread takes at a time.
  package static let step = 1 << 18

  /// Finds the rows, each thread in pieces of its own: a piece is looked at for both cases, that it begins inside quotes or
  /// outside, and which it was is known once those before it are.
  init(_ source: CSVSource, _ layout: CSVLayout, threads: Int?, step: Int = CSVRows.step) throws {
    let start = layout.start
    let format = layout.format
    let pieces = (source.count - start + step - 1) / step
    let surveys = ColumnValues<lathe_csv_survey>(count: pieces)
    let target = CSVShared(surveys.mutable)
    try Tasks.run(pieces, threads: threads) { piece in
      let from = start + piece * step
      lathe_csv_look(
        source.bytes, from, min(from + step, source.count), format, &target.buffer[piece])
    }
    var parts: [Part] = []
    var isInside = false
    var hasQuotes = false
    var isASCII = true
    var end = start
    var count = 0
    for (piece, survey) in surveys.enumerated() {
      if survey.has_nul { throw Self.nul(source, layout, from: start + piece * step) }
      hasQuotes = hasQuotes || survey.has_quotes
      isASCII = isASCII && survey.is_ascii
      let last = Int(isInside ? survey.last.1 : survey.last.0)
      let rows = Int(isInside ? survey.rows.1 : survey.rows.0)
      if last > end {
        parts.append(
          Part(
            start: end, end: last, rows: rows, first: count, hasQuotes: hasQuotes, isASCII: isASCII,
            isUnended: false))
        // What is behind the last row of a piece belongs to a later part.
        hasQuotes = survey.has_quotes
        isASCII = survey.is_ascii
        end = last
        count += rows
      }
      if survey.changes_state { isInside.toggle() }
    }
    if isInside {
      // Whatever is wrong before, the first place that shows it says more than the end.
      let fault = CSVFault.find(source, format, from: start, to: source.count)
      throw fault?.error(source, format)
        ?? source.fault(source.count, format.line_end, "a field in quotes has no end")
    }
    let rest = source.count - end
    if rest > 1 || (rest == 1 && source.bytes[end] != 0x0D) {
      parts.append(
        Part(
          start: end, end: source.count, rows: 1, first: count, hasQuotes: hasQuotes, isASCII: isASCII,
          isUnended: true))
      count += 1
    }
    if let long = parts.first(where: { $0.end - $0.start > Int(Int32.max) }) {
      throw source.fault(long.start, format.line_end, "a row of more than 2 GB; is a quote missing?")
    }
    self.parts = parts
    self.count = count
  }

  private static func nul(_ source: CSVSource, _ layout: CSVLayout, from piece: Int) -> LatheError {
    var place = piece
    while place < source.count && source.bytes[place] != 0 { place += 1 }
    return source.fault(
      place, layout.format.line_end,
      "byte \(place): a NUL byte, which text has none of; is this a binary file, or in another encoding (option encoding)?"
    )
  }
}

/// A pointer that several threads use, each for places of its own.
struct CSVShared<Element>: @unchecked Sendable {
  let buffer: UnsafeMutableBufferPointer<Element>
  init(_ buffer: UnsafeMutableBufferPointer<Element>) { self.buffer = buffer }
}

/// What a thread cuts rows with.
struct CSVCutter: ~Copyable {
  private let source: CSVSource
  private let layout: CSVLayout
  private let raggedRows: CSVOptions.RaggedRows
  private var ends = ColumnValues<UInt32>(count: 0)
  private var starts = ColumnValues<UInt32>(count: 0)
  private var copy = ColumnValues<UInt8>(count: 0)

  init(_ source: CSVSource, _ layout: CSVLayout, _ raggedRows: CSVOptions.RaggedRows) {
    self.source = source
    self.layout = layout
    self.raggedRows = raggedRows
  }

  /// Rows that have been cut: fields of any column can be asked for.
  struct Cut {
    let fields: lathe_csv_fields
    let part: CSVRows.Part
    var rows: Int { fields.rows }
    /// Rows that were left out: where they are in the file.
    let ragged: [(place: Int, end: Int, fields: Int)]
  }

  /// Cuts the rows of a part and calls a function with them.
  ///
  /// - Throws: `LatheError` naming the line: quotes out of place, another number of fields, not UTF-8.
  mutating func withCut<Result>(_ part: CSVRows.Part, _ body: (borrowing Cut) throws -> Result) throws
    -> Result
  {
    let length = part.end - part.start + (part.isUnended ? 1 : 0)
    guard part.isUnended || (!source.isPadded && part.end + 64 > source.count) else {
      return try withCut(part, source.bytes + part.start, length, body)
    }
    if copy.count < length + 64 { copy = ColumnValues(count: length + 64) }
    let target = copy.mutable
    _ = target.update(
      fromContentsOf: UnsafeBufferPointer(start: source.bytes + part.start, count: part.end - part.start))
    if part.isUnended { target[length - 1] = layout.format.line_end }
    target[length..<length + 64].update(repeating: 0)
    return try withCut(part, copy.pointer, length, body)
  }

  private mutating func withCut<Result>(
    _ part: CSVRows.Part, _ data: UnsafePointer<UInt8>, _ length: Int,
    _ body: (borrowing Cut) throws -> Result
  ) throws -> Result {
    var format = layout.format
    format.has_quotes = format.has_quotes && part.hasQuotes
    let width = layout.width
    // As many as there are where every row is as wide as the first.
    reserve(min(part.rows * width, length) + 160, rows: part.rows)
    var index = lathe_csv_index(data, length, format, ends.address, ends.count)
    let isRegular =
      !index.is_full && index.count == part.rows * width && index.line_ends == part.rows
      && lathe_csv_is_regular(data, ends.pointer, part.rows, width, format.line_end, starts.address)
    var rows = part.rows
    var ragged: [(place: Int, end: Int, fields: Int)] = []
    if !isRegular {
      reserve(length + 160, rows: length / width + 1)
      index = lathe_csv_index(data, length, format, ends.address, ends.count)
    }
    if index.has_misplaced_quote {
      let fault = CSVFault.find(source, format, from: part.start, to: part.end)
      throw fault?.error(source, format)
        ?? source.fault(part.start, format.line_end, "a quote out of place in this row or one that follows")
    }
    if !isRegular { rows = try sortOut(part, data, index.count, &ragged) }
    if !part.isASCII {
      let fault = lathe_utf8_fault(data, length)
      guard fault == length else { throw notUTF8(part, data, fault, rows) }
    }
    let fields = lathe_csv_fields(
      data: data, ends: ends.pointer, starts: starts.pointer, rows: rows, width: width, column: 0,
      quote: format.quote,
      has_quotes: format.has_quotes, trims_return: false, quoted_is_missing: true,
      refuses_long_integers: false, decimal: UInt8(ascii: "."),
      thousands: 0, missing: nil)
    return try body(Cut(fields: fields, part: part, ragged: ragged))
  }

  private mutating func reserve(_ fields: Int, rows: Int) {
    if ends.count < fields { ends = ColumnValues(count: fields) }
    if starts.count < rows + 1 { starts = ColumnValues(count: rows + 1) }
  }

  /// Takes out empty lines and rows of another width.
  private mutating func sortOut(
    _ part: CSVRows.Part, _ data: UnsafePointer<UInt8>, _ count: Int,
    _ ragged: inout [(place: Int, end: Int, fields: Int)]
  ) throws -> Int {
    let capacity = raggedRows == .error ? 1 : part.rows + 1
    var found = [lathe_csv_ragged](repeating: lathe_csv_ragged(), count: capacity)
    var foundCount = 0
    let rows = lathe_csv_sort_out(
      data, ends.address, count, layout.width, layout.format.line_end, starts.address, &found, capacity,
      &foundCount)
    guard foundCount > 0 else { return rows }
    if raggedRows == .error {
      let fields = found[0].fields
      throw source.fault(
        part.start + Int(found[0].start), layout.format.line_end,
        "\(counted(fields, "fields")), expected \(layout.width) as in the first row (column "
          + "\(fields < layout.width ? "'\(layout.names[fields])' is missing" : "\(layout.width + 1) has no name")); is the "
          + "delimiter another, or a quote missing? Such rows can be set aside (option raggedRows)")
    }
    ragged = found.prefix(foundCount).map {
      (part.start + Int($0.start), part.start + Int($0.end), $0.fields)
    }
    return rows
  }

  private func notUTF8(_ part: CSVRows.Part, _ data: UnsafePointer<UInt8>, _ fault: Int, _ rows: Int)
    -> LatheError
  {
    // The field that the place is in, and with it the column.
    let field = (0..<rows * layout.width).first { Int(ends[$0]) >= fault } ?? 0
    return source.notUTF8(
      part.start + fault, layout.format.line_end, "column '\(layout.names[field % layout.width])'")
  }
}

extension ColumnValues {
  /// Where the values are written.
  fileprivate var address: UnsafeMutablePointer<Element> {
    memory.bytes.assumingMemoryBound(to: Element.self)
  }
}
