import LatheCore
import LatheFiles
import TableKernels

extension Table {
  /// Reads a JSON Lines file, gzipped or not: one object a line, whose keys are the columns.
  ///
  /// A column is of whole numbers, numbers, truth values or texts as its values are; of texts, as they stand in the file, where
  /// they are of several kinds or whole numbers beyond 64 bits. A key that a line lacks is missing there, as `null` is.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - types: Of columns by name, which are cast to them.
  ///   - memoryLimit: What a compressed file or a table of few values in many columns may take; as `ReadingLimits` says, and 16
  ///     times the text's size, unless given.
  /// - Throws: `LatheError` naming file, line and key: no JSON, a list or an object as a value, a key that comes twice.
  public init(jsonLines path: String, types: [String: ColumnType] = [:], memoryLimit: Int? = nil) throws {
    let source = try CSVSource(path, encoding: nil, memoryLimit: memoryLimit)
    var reader = JSONLinesColumns(source, memoryLimit: memoryLimit)
    try reader.read()
    if let unknown = types.keys.sorted().first(where: { reader.place(of: $0) == nil }) {
      throw LatheError(.invalidArgument, "\(path): a type for the column '\(unknown)', which is not there")
    }
    self.init(
      known: try reader.columns().map { try $0.cast(to: types[$0.name] ?? $0.type) },
      rowCount: reader.rowCount)
  }

  /// Writes the table as JSON Lines: the file appears whole or not at all.
  ///
  /// Missing values are `null`, times and durations texts.
  ///
  /// - Throws: `LatheError.invalidArgument` for NaN and infinite numbers, which JSON has none of.
  public func writeJSONLines(to path: String) throws {
    let keys = columns.map { Array("\(JSONText.quoted($0.name.utf8)):".utf8) }
    try AtomicFile.write(to: path) { file in
      var bytes: [UInt8] = []
      for row in 0..<rowCount {
        bytes.append(UInt8(ascii: "{"))
        for (place, column) in columns.enumerated() {
          if place > 0 { bytes.append(UInt8(ascii: ",")) }
          bytes += keys[place]
          try JSONText.append(column, row, to: &bytes)
        }
        bytes += Array("}\n".utf8)
        if bytes.count > 1 << 20 {
          try bytes.withUnsafeBytes { try file.append($0) }
          bytes.removeAll(keepingCapacity: true)
        }
      }
      try bytes.withUnsafeBytes { try file.append($0) }
    }
  }
}

/// Values of tables as JSON.
private enum JSONText {
  static func append(_ column: Column, _ row: Int, to bytes: inout [UInt8]) throws {
    guard column.isValid(row) else {
      bytes += Array("null".utf8)
      return
    }
    switch column[row] {
    case .float64(let value):
      guard value.isFinite else {
        throw LatheError(
          .invalidArgument,
          "column '\(column.name)': row \(row): JSON has no \(value); make it a missing value, or write another format"
        )
      }
      bytes += Array(column.text(row).utf8)
    case .int64, .bool: bytes += Array(column.text(row).utf8)
    default: bytes += Array(quoted(column.text(row).utf8).utf8)
    }
  }

  static func quoted(_ text: some Sequence<UInt8>) -> String {
    var bytes: [UInt8] = [0x22]
    for byte in text {
      switch byte {
      case 0x22, 0x5C: bytes += [0x5C, byte]
      case 0x0A: bytes += Array("\\n".utf8)
      case 0x0D: bytes += Array("\\r".utf8)
      case 0x09: bytes += Array("\\t".utf8)
      case 0..<0x20: bytes += Array("\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8)
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes + [0x22], as: UTF8.self)
  }
}

/// The columns of a JSON Lines file under way: where each value stands, of which the types follow at the end.
private struct JSONLinesColumns {
  private struct Cells {
    let name: String
    var rows: [Int] = []
    var values: [JSONScanner.Value] = []
  }

  private let source: CSVSource
  private var cells: [Cells] = []
  private var places: [[UInt8]: Int] = [:]
  private(set) var rowCount = 0

  private let memoryLimit: Int?

  init(_ source: CSVSource, memoryLimit: Int?) {
    self.source = source
    self.memoryLimit = memoryLimit
  }

  func place(of name: String) -> Int? { places[Array(name.utf8)] }

  mutating func read() throws {
    var place = 0
    var line = 1
    while place < source.count {
      var end = place
      while end < source.count, source.bytes[end] != 0x0A { end += 1 }
      try read(place..<end, line)
      place = end + 1
      line += 1
    }
    guard rowCount > 0 else { throw LatheError(.format, "\(source.path): no JSON in it, only empty lines") }
    try TableMemory.check(source, rows: rowCount, columns: cells.count, limit: memoryLimit)
    try source.check()
  }

  private mutating func read(_ range: Range<Int>, _ line: Int) throws {
    let bytes = source.bytes
    if range.allSatisfy({ bytes[$0] == 0x20 || bytes[$0] == 0x09 || bytes[$0] == 0x0D }) { return }
    let fault = lathe_utf8_fault(bytes + range.lowerBound, range.count)
    guard fault == range.count else {
      throw LatheError(.format, "\(source.path): line \(line): byte \(fault + 1): not UTF-8 text")
    }
    var scanner = JSONScanner(bytes, range)
    let row = rowCount
    var next = 0
    do {
      try scanner.object { key, value in
        // Most lines have the same keys in the same order.
        let own = UnsafeBufferPointer(start: bytes + key.start, count: key.count)
        let isExpected = key.kind == .string && next < cells.count && cells[next].name.utf8.elementsEqual(own)
        let place = isExpected ? next : try self.place(key, Array(own))
        next = place + 1
        if cells[place].rows.last == row {
          throw JSONScanner.Fault(
            place: key.start, what: "the key '\(cells[place].name)' comes twice; keep one")
        }
        if value.kind == .null { return }
        cells[place].rows.append(row)
        cells[place].values.append(value)
      }
    } catch let fault as JSONScanner.Fault {
      throw LatheError(
        .format, "\(source.path): line \(line): byte \(fault.place - range.lowerBound + 1): \(fault.what)")
    }
    rowCount += 1
  }

  private mutating func place(_ key: JSONScanner.Value, _ raw: [UInt8]) throws -> Int {
    let name = key.kind == .escapedString ? try JSONScanner.unescaped(source.bytes, key) : raw
    if let place = places[name] { return place }
    places[name] = cells.count
    cells.append(Cells(name: String(decoding: name, as: UTF8.self)))
    return cells.count - 1
  }

  func columns() throws -> [Column] { try cells.map(column) }

  private func column(_ cells: Cells) throws -> Column {
    let kinds = Set(cells.values.map(\.kind))
    func bytes(_ value: JSONScanner.Value) -> UnsafePointer<UInt8> { source.bytes + value.start }
    if kinds == [.bool] {
      var values = [Bool?](repeating: nil, count: rowCount)
      for (row, value) in zip(cells.rows, cells.values) { values[row] = value.count == 4 }
      return Column(cells.name, values)
    }
    if kinds == [.integer] {
      var values = [Int?](repeating: nil, count: rowCount)
      for (row, value) in zip(cells.rows, cells.values) {
        var number: Int64 = 0
        guard lathe_parse_int64(bytes(value), value.count, &number) else { return try texts(cells) }
        values[row] = Int(number)
      }
      return Column(cells.name, values)
    }
    if kinds.isSubset(of: [.integer, .number]) {
      var values = [Double?](repeating: nil, count: rowCount)
      for (row, value) in zip(cells.rows, cells.values) {
        var number = 0.0
        guard lathe_parse_float64(bytes(value), value.count, UInt8(ascii: "."), &number) else {
          return try texts(cells)
        }
        values[row] = number
      }
      return Column(cells.name, values)
    }
    return try texts(cells)
  }

  private func texts(_ cells: Cells) throws -> Column {
    var builder = TextBuilder()
    var next = 0
    for row in 0..<rowCount {
      guard next < cells.rows.count, cells.rows[next] == row else {
        builder.append(utf8: [])
        continue
      }
      let value = cells.values[next]
      next += 1
      if value.kind == .escapedString {
        do { builder.append(utf8: try JSONScanner.unescaped(source.bytes, value)) } catch let fault
          as JSONScanner.Fault
        {
          throw source.fault(fault.place, 0x0A, "key '\(cells.name)': \(fault.what)")
        }
      } else {
        builder.append(utf8: UnsafeBufferPointer(start: source.bytes + value.start, count: value.count))
      }
    }
    next = 0
    let validity = Bitmap(count: rowCount) { row in
      let isThere = next < cells.rows.count && cells.rows[next] == row
      if isThere { next += 1 }
      return isThere
    }
    return Column(cells.name, .text(builder.finish()), validity: validity)
  }
}
