import LatheCore
import LatheFiles

/// A column's pages in a group of rows, as they stand in a file.
struct ParquetChunk: Sendable {
  /// What the metadata says of it.
  struct Layout: Sendable {
    /// The bytes of the dictionary, which stands first; 0 where there is none.
    var dictionarySize = 0
    var size = 0
    /// The size without compression.
    var plainSize = 0
  }

  private(set) var bytes: [UInt8] = []
  private(set) var layout = Layout()
  private let codec: ParquetMetadata.Codec
  private let column: Column
  private let path: String
  /// About how large a page becomes.
  private static let pageSize = 1 << 20

  /// How a column's values are stored.
  static func physical(_ column: Column) -> ParquetMetadata.Physical {
    switch column.storage {
    case .float64: .double
    case .float32: .float
    case .int64, .dateTime, .duration: .int64
    case .bool: .boolean
    case .text, .categorical: .byteArray
    }
  }

  /// - Throws: `LatheError` where a text is too long for the format, or the codec fails.
  init(_ column: Column, _ rows: Range<Int>, _ codec: ParquetMetadata.Codec, _ path: String) throws {
    self.codec = codec
    self.column = column
    self.path = path
    let dictionary = try dictionary(rows)
    var start = rows.lowerBound
    while start < rows.upperBound {
      let end = end(of: start, rows.upperBound, dictionary != nil)
      try page(start..<end, dictionary)
      start = end
    }
    layout.size = bytes.count
  }

  /// The row behind those that fill a page.
  private func end(of start: Int, _ last: Int, _ hasDictionary: Bool) -> Int {
    let most = min(last, start + Self.pageSize / 8)
    guard !hasDictionary, case .text(let texts) = column.storage else { return most }
    var end = start
    var size = 0
    while end < most, size < Self.pageSize {
      size += texts.utf8(end).count + 4
      end += 1
    }
    return end
  }

  // --- Dictionary ---

  private struct Dictionary {
    /// For each row of the group, from the first on.
    var places: [Int32]
    var first: Int
    var width: Int
  }

  private mutating func dictionary(_ rows: Range<Int>) throws -> Dictionary? {
    var places = [Int32](repeating: 0, count: rows.count)
    let values: TextValues
    switch column.storage {
    case .categorical(let codes, let categories):
      guard categories.count > 0 else { return nil }
      for row in rows { places[row - rows.lowerBound] = codes.pointer[row] }
      values = categories
    case .text(let texts):
      var index = TextIndex(texts, reserving: 1024)
      for row in rows where column.isValid(row) {
        places[row - rows.lowerBound] = Int32(index.index(of: row))
        // A dictionary of texts that hardly ever come again is only longer.
        if index.firstRows.count > max(256, (row - rows.lowerBound) / 2) { return nil }
      }
      guard !index.firstRows.isEmpty else { return nil }
      values = index.firstRows.withUnsafeBufferPointer(texts.taking)
    default: return nil
    }
    var content: [UInt8] = []
    for index in 0..<values.count { try Self.append(values.utf8(index), to: &content, path) }
    try put(content, .dictionary) {
      $0.structure(7) {
        $0.int32(1, values.count)
        $0.int32(2, 0)
      }
    }
    layout.dictionarySize = bytes.count
    let width = max(1, Int.bitWidth - (values.count - 1).leadingZeroBitCount)
    return Dictionary(places: places, first: rows.lowerBound, width: width)
  }

  private static func append(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8], _ path: String)
    throws
  {
    guard bytes.count + text.count + 4 <= Int32.max else {
      throw LatheError(
        .invalidArgument, "\(path): texts of more than 2 GB in a page, which Parquet has no room for")
    }
    withUnsafeBytes(of: UInt32(text.count).littleEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: text)
  }

  // --- Pages ---

  private mutating func page(_ rows: Range<Int>, _ dictionary: Dictionary?) throws {
    var content = levels(rows)
    if let dictionary {
      content.append(UInt8(dictionary.width))
      let places = rows.lazy.filter(column.isValid).map { UInt64(dictionary.places[$0 - dictionary.first]) }
      Self.pack(Array(places), dictionary.width, into: &content)
    } else {
      try values(rows, into: &content)
    }
    try put(content, .data) {
      $0.structure(5) {
        $0.int32(1, rows.count)
        $0.int32(2, dictionary == nil ? 0 : 8)
        $0.int32(3, 3)
        $0.int32(4, 3)
      }
    }
  }

  /// Which rows have values, with the bytes that it takes in front.
  private func levels(_ rows: Range<Int>) -> [UInt8] {
    var levels: [UInt8] = []
    if rows.allSatisfy(column.isValid) {
      Self.number(UInt64(rows.count) << 1, into: &levels)
      levels.append(1)
    } else {
      Self.pack(rows.map { column.isValid($0) ? 1 : 0 }, 1, into: &levels)
    }
    return withUnsafeBytes(of: UInt32(levels.count).littleEndian) { Array($0) } + levels
  }

  private func values(_ rows: Range<Int>, into content: inout [UInt8]) throws {
    func plain<Element: BitwiseCopyable>(_ values: ColumnValues<Element>) {
      for row in rows where column.isValid(row) {
        withUnsafeBytes(of: values.pointer[row]) { content.append(contentsOf: $0) }
      }
    }
    switch column.storage {
    case .float64(let values): plain(values)
    case .float32(let values): plain(values)
    case .int64(let values), .dateTime(let values, _), .duration(let values): plain(values)
    case .bool(let values):
      var count = 0
      for row in rows where column.isValid(row) {
        if count % 8 == 0 { content.append(0) }
        content[content.count - 1] |= values.pointer[row] << UInt8(count % 8)
        count += 1
      }
    case .text(let texts):
      for row in rows where column.isValid(row) { try Self.append(texts.utf8(row), to: &content, path) }
    // Only where no row has a category.
    case .categorical: break
    }
  }

  private static func number(_ value: UInt64, into bytes: inout [UInt8]) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }

  /// A run of numbers packed bit by bit, the last group filled with zeros.
  private static func pack(_ numbers: [UInt64], _ width: Int, into bytes: inout [UInt8]) {
    let groups = (numbers.count + 7) / 8
    if groups == 0 { return }
    number(UInt64(groups) << 1 | 1, into: &bytes)
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: groups * width))
    var bit = 0
    for number in numbers {
      var value = number << UInt64(bit & 7)
      var place = start + (bit >> 3)
      while value > 0 {
        bytes[place] |= UInt8(truncatingIfNeeded: value)
        value >>= 8
        place += 1
      }
      bit += width
    }
  }

  private mutating func put(
    _ content: [UInt8], _ kind: ParquetPageHeader.Kind, header: (inout ThriftWriter) -> Void
  ) throws {
    guard let stored = SystemCodecs.compressed(content, codec) else {
      throw LatheError(.file, "\(path): \(codec) cannot compress column '\(column.name)'")
    }
    var thrift = ThriftWriter()
    let checksum = stored.withUnsafeBytes { CRC32.checksum($0) }
    thrift.item {
      $0.int32(1, kind.rawValue)
      $0.int32(2, content.count)
      $0.int32(3, stored.count)
      $0.int32(4, Int(Int32(bitPattern: checksum)))
      header(&$0)
    }
    layout.plainSize += thrift.bytes.count + content.count
    bytes += thrift.bytes
    bytes += stored
  }
}
