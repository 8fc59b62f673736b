/// The footer of a Parquet file, as far as flat tables need it.
struct ParquetMetadata {
  /// How values are stored.
  enum Physical: Int { case boolean, int32, int64, int96, float, double, byteArray, fixed }
  /// What pages are compressed by.
  enum Codec: Int { case none, snappy, gzip, lzo, brotli, lz4, zstd, lz4Raw }
  enum Unit: Int { case milliseconds = 1, microseconds, nanoseconds }

  /// What stored values mean.
  enum Logical: Equatable {
    case none, text, date, json, uuid, float16, bson, interval, unknownNull
    case decimal(scale: Int)
    case time(Unit), timestamp(Unit, isUTC: Bool)
    case integer(isSigned: Bool)
    /// One that flat tables have no type for.
    case other(String)
  }

  /// A column or a group of columns.
  struct Element {
    var name = ""
    var physical: Physical?
    var length = 0
    /// 0 required, 1 optional, 2 repeated.
    var repetition = 0
    var childCount = 0
    var logical = Logical.none
    var converted: Int?
    var scale = 0
  }

  /// A column's pages in a group of rows.
  struct Chunk {
    var physical: Physical?
    var codec = 0
    var valueCount = -1
    var size = -1
    var dataOffset = -1
    var dictionaryOffset: Int?
    var isElsewhere = false
    var isEncrypted = false
    /// Where it is described.
    var place = 0
  }

  /// A group of rows.
  struct Group {
    var chunks: [Chunk] = []
    var rowCount = -1
    var place = 0
  }

  var elements: [Element] = []
  var groups: [Group] = []
  var rowCount = -1
  /// Texts that a program left there, such as pandas' description of the columns.
  var texts: [String: String] = [:]
  var isEncrypted = false

  init(_ reader: inout ThriftReader) throws {
    var result = Self()
    try reader.structure { reader, number, kind in
      switch (number, kind) {
      case (2, .list):
        try reader.list { reader, kind in result.elements.append(try Self.element(&reader, kind)) }
      case (3, .int64): result.rowCount = try reader.integer()
      case (4, .list): try reader.list { reader, kind in result.groups.append(try Self.group(&reader, kind)) }
      case (5, .list): try reader.list { reader, kind in try result.keepText(&reader, kind) }
      case (8, .structure):
        result.isEncrypted = true
        return false
      default: return false
      }
      return true
    }
    self = result
  }

  private init() {}

  private static func expect(_ kind: ThriftReader.Kind, _ reader: ThriftReader) throws {
    guard kind == .structure else { throw reader.fault("no metadata of Parquet") }
  }

  private mutating func keepText(_ reader: inout ThriftReader, _ kind: ThriftReader.Kind) throws {
    try Self.expect(kind, reader)
    var key = ""
    var value = ""
    try reader.structure { reader, number, kind in
      switch (number, kind) {
      case (1, .binary): key = try reader.text()
      // The description that Arrow adds is no text, and not needed.
      case (2, .binary) where key == "pandas": value = try reader.text()
      default: return false
      }
      return true
    }
    texts[key] = value
  }

  private static func element(_ reader: inout ThriftReader, _ kind: ThriftReader.Kind) throws -> Element {
    try expect(kind, reader)
    var element = Element()
    var hasName = false
    try reader.structure { reader, number, kind in
      switch (number, kind) {
      case (1, .int32):
        let physical = try reader.integer()
        guard let known = Physical(rawValue: physical) else {
          throw reader.fault("column '\(element.name)': the unknown type \(physical)")
        }
        element.physical = known
      case (2, .int32): element.length = try reader.integer()
      case (3, .int32): element.repetition = try reader.integer()
      case (4, .binary):
        element.name = try reader.text()
        hasName = true
      case (5, .int32): element.childCount = try reader.integer()
      case (6, .int32): element.converted = try reader.integer()
      case (7, .int32): element.scale = try reader.integer()
      case (10, .structure): element.logical = try logical(&reader)
      default: return false
      }
      return true
    }
    guard hasName else { throw reader.fault("a column without a name") }
    if element.logical == .none, let converted = element.converted {
      element.logical = older(converted, scale: element.scale)
    }
    return element
  }

  private static func logical(_ reader: inout ThriftReader) throws -> Logical {
    var result = Logical.none
    try reader.structure { reader, number, kind in
      guard kind == .structure else { return false }
      switch number {
      case 1, 4: result = .text
      case 2: result = .other("a map")
      case 3: result = .other("a list")
      case 5:
        var scale = 0
        try reader.structure { reader, number, kind in
          guard number == 1, kind == .int32 else { return false }
          scale = try reader.integer()
          return true
        }
        result = .decimal(scale: scale)
        return true
      case 6: result = .date
      case 7, 8:
        var isUTC = false
        var unit: Unit?
        try reader.structure { reader, number, kind in
          switch (number, kind) {
          case (1, .yes): isUTC = true
          case (2, .structure):
            try reader.structure { _, number, _ in
              unit = Unit(rawValue: number)
              return false
            }
            return true
          default: break
          }
          return false
        }
        guard let unit else { throw reader.fault("times of an unknown unit") }
        result = number == 7 ? .time(unit) : .timestamp(unit, isUTC: isUTC)
        return true
      case 10:
        var isSigned = true
        try reader.structure { _, number, kind in
          if number == 2 { isSigned = kind != .no }
          return false
        }
        result = .integer(isSigned: isSigned)
        return true
      case 11: result = .unknownNull
      case 12: result = .json
      case 13: result = .bson
      case 14: result = .uuid
      case 15: result = .float16
      default: result = .other("a type of newer files (\(number))")
      }
      return false
    }
    return result
  }

  /// What older files say of a column's meaning.
  private static func older(_ converted: Int, scale: Int) -> Logical {
    switch converted {
    case 0, 4: .text
    case 1, 2: .other("a map")
    case 3: .other("a list")
    case 5: .decimal(scale: scale)
    case 6: .date
    case 7: .time(.milliseconds)
    case 8: .time(.microseconds)
    case 9: .timestamp(.milliseconds, isUTC: true)
    case 10: .timestamp(.microseconds, isUTC: true)
    case 11...14: .integer(isSigned: false)
    case 15...18: .integer(isSigned: true)
    case 19: .json
    case 20: .bson
    case 21: .interval
    default: .other("a type of newer files")
    }
  }

  private static func group(_ reader: inout ThriftReader, _ kind: ThriftReader.Kind) throws -> Group {
    try expect(kind, reader)
    var group = Group()
    group.place = reader.place
    try reader.structure { reader, number, kind in
      switch (number, kind) {
      case (1, .list): try reader.list { reader, kind in group.chunks.append(try chunk(&reader, kind)) }
      case (3, .int64): group.rowCount = try reader.integer()
      default: return false
      }
      return true
    }
    guard group.rowCount >= 0 else { throw reader.fault("a group of rows without their number") }
    return group
  }

  private static func chunk(_ reader: inout ThriftReader, _ kind: ThriftReader.Kind) throws -> Chunk {
    try expect(kind, reader)
    var chunk = Chunk()
    chunk.place = reader.place
    try reader.structure { reader, number, kind in
      switch (number, kind) {
      case (1, .binary): chunk.isElsewhere = try !reader.binary().isEmpty
      case (3, .structure): try describe(&chunk, &reader)
      case (8, .structure):
        chunk.isEncrypted = true
        return false
      default: return false
      }
      return true
    }
    guard chunk.isEncrypted || chunk.isElsewhere || (chunk.size >= 0 && chunk.dataOffset >= 0) else {
      throw reader.fault("a column's pages without place or size")
    }
    return chunk
  }

  private static func describe(_ chunk: inout Chunk, _ reader: inout ThriftReader) throws {
    try reader.structure { reader, number, kind in
      switch (number, kind) {
      case (1, .int32): chunk.physical = Physical(rawValue: try reader.integer())
      case (4, .int32): chunk.codec = try reader.integer()
      case (5, .int64): chunk.valueCount = try reader.integer()
      case (7, .int64): chunk.size = try reader.integer()
      case (9, .int64): chunk.dataOffset = try reader.integer()
      case (11, .int64): chunk.dictionaryOffset = try reader.integer()
      default: return false
      }
      return true
    }
  }
}

/// What stands in front of a page.
struct ParquetPageHeader {
  enum Kind: Int { case data, index, dictionary, data2 }

  var kind: Int = -1
  var size = -1
  var compressedSize = -1
  var checksum: UInt32?
  var valueCount = -1
  var encoding = -1
  var levelEncoding = 3
  var definitionSize = 0
  var repetitionSize = 0
  var isCompressed = true

  init(_ reader: inout ThriftReader) throws {
    var header = Self()
    try reader.structure { reader, number, kind in
      switch (number, kind) {
      case (1, .int32): header.kind = try reader.integer()
      case (2, .int32): header.size = try reader.integer()
      case (3, .int32): header.compressedSize = try reader.integer()
      case (4, .int32): header.checksum = UInt32(truncatingIfNeeded: try reader.integer())
      case (5, .structure), (7, .structure): try header.describe(&reader)
      case (8, .structure): try header.describe2(&reader)
      default: return false
      }
      return true
    }
    guard header.size >= 0, header.size <= Int32.max, header.compressedSize >= 0 else {
      throw reader.fault("a page without a size")
    }
    self = header
  }

  private init() {}

  private mutating func describe(_ reader: inout ThriftReader) throws {
    var copy = self
    try reader.structure { reader, number, kind in
      switch (number, kind) {
      case (1, .int32): copy.valueCount = try reader.integer()
      case (2, .int32): copy.encoding = try reader.integer()
      case (3, .int32) where copy.kind != Kind.dictionary.rawValue: copy.levelEncoding = try reader.integer()
      default: return false
      }
      return true
    }
    self = copy
  }

  private mutating func describe2(_ reader: inout ThriftReader) throws {
    var copy = self
    try reader.structure { reader, number, kind in
      switch (number, kind) {
      case (1, .int32): copy.valueCount = try reader.integer()
      case (4, .int32): copy.encoding = try reader.integer()
      case (5, .int32): copy.definitionSize = try reader.integer()
      case (6, .int32): copy.repetitionSize = try reader.integer()
      case (7, .no): copy.isCompressed = false
      default: return false
      }
      return true
    }
    self = copy
  }
}
