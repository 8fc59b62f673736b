/// What is wrong with a Parquet file, and where.
struct ParquetFault: Error {
  let place: Int
  let what: String
}

/// Reads Thrift's compact protocol, in which Parquet has its metadata; nothing is read beyond the end.
struct ThriftReader {
  /// What a field is.
  enum Kind: UInt8 {
    case yes = 1, no, byte, int16, int32, int64, double, binary, list, set, map, structure, uuid
  }

  private let bytes: UnsafeRawBufferPointer
  /// Where the next byte is, counted from the beginning of the file.
  private(set) var place: Int
  private let end: Int
  private var depth = 0

  init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
    self.bytes = bytes
    place = range.lowerBound
    end = range.upperBound
  }

  func fault(_ what: String) -> ParquetFault { ParquetFault(place: place, what: what) }

  private mutating func byte() throws -> UInt8 {
    guard place < end else { throw fault("the metadata ends too early") }
    place += 1
    return bytes[place - 1]
  }

  private mutating func unsigned() throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      let byte = try byte()
      guard shift < 63 || byte <= 1 else { break }
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    throw fault("a number of more than 64 bits in the metadata")
  }

  /// A whole number.
  mutating func integer() throws -> Int {
    let value = try unsigned()
    return Int(truncatingIfNeeded: Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1))
  }

  /// A text or other bytes.
  mutating func binary() throws -> UnsafeRawBufferPointer {
    let count = try unsigned()
    guard count <= UInt64(end - place) else {
      throw fault("a text of \(count) bytes in the metadata, which ends before")
    }
    place += Int(count)
    return UnsafeRawBufferPointer(rebasing: bytes[place - Int(count)..<place])
  }

  /// A text.
  mutating func text() throws -> String { String(decoding: try binary(), as: UTF8.self) }

  /// Hands out the fields of a structure by number and kind; what `take` returns false for is passed over.
  mutating func structure(_ take: (inout ThriftReader, Int, Kind) throws -> Bool) throws {
    try deeper { reader in
      var number = 0
      while true {
        let head = try reader.byte()
        if head == 0 { return }
        guard let kind = Kind(rawValue: head & 0x0F) else { throw reader.fault("no metadata of Parquet") }
        number = head >> 4 > 0 ? number + Int(head >> 4) : try reader.integer()
        guard number >= Int(Int16.min), number <= Int(Int16.max) else {
          throw reader.fault("no metadata of Parquet")
        }
        if try !take(&reader, number, kind) { try reader.skip(kind) }
      }
    }
  }

  /// Hands out the items of a list.
  mutating func list(_ take: (inout ThriftReader, Kind) throws -> Void) throws {
    let head = try byte()
    guard let kind = Kind(rawValue: head & 0x0F) else { throw fault("no metadata of Parquet") }
    let count = head >> 4 == 15 ? try unsigned() : UInt64(head >> 4)
    // Every item takes a byte at least.
    guard count <= UInt64(end - place) else {
      throw fault("a list of \(count) items in the metadata, which ends before")
    }
    for _ in 0..<count { try take(&self, kind) }
  }

  private mutating func deeper(_ body: (inout ThriftReader) throws -> Void) throws {
    guard depth < 32 else { throw fault("metadata in more than 32 levels") }
    depth += 1
    try body(&self)
    depth -= 1
  }

  /// Passes over a value; truth values of fields are in their kinds.
  mutating func skip(_ kind: Kind, isItem: Bool = false) throws {
    switch kind {
    case .yes, .no: if isItem { _ = try byte() }
    case .byte: _ = try byte()
    case .int16, .int32, .int64: _ = try unsigned()
    case .double: for _ in 0..<8 { _ = try byte() }
    case .uuid: for _ in 0..<16 { _ = try byte() }
    case .binary: _ = try binary()
    case .structure: try structure { _, _, _ in false }
    case .list, .set: try deeper { try $0.list { try $0.skip($1, isItem: true) } }
    case .map:
      let count = try unsigned()
      if count == 0 { return }
      let kinds = try byte()
      guard let key = Kind(rawValue: kinds >> 4), let value = Kind(rawValue: kinds & 0x0F) else {
        throw fault("no metadata of Parquet")
      }
      guard count <= UInt64(end - place) else {
        throw fault("a map of \(count) items in the metadata, which ends before")
      }
      try deeper {
        for _ in 0..<count {
          try $0.skip(key, isItem: true)
          try $0.skip(value, isItem: true)
        }
      }
    }
  }
}
