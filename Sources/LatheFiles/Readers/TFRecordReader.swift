import LatheCore

/// Records of a TFRecord file, gzipped or not, read one after the other, their checksums checked.
///
/// A record is its length (8 bytes, the least first), the masked CRC32C of these, its bytes and their masked CRC32C.
public final class TFRecordReader: RecordReader {
  private let bytes: BufferedBytes
  private let limit: Int
  private var number = 0
  private let isEmptyAllowed: Bool

  /// Opens a file.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - limit: A record of more bytes than this is an error.
  ///   - allowsEmpty: Whether a file without a record, such as an empty part of a divided data set, is no error.
  /// - Throws: `LatheError.file`.
  public init(path: String, limit: Int = 1 << 28, allowsEmpty: Bool = false) throws {
    bytes = try BufferedBytes(path)
    self.limit = limit
    isEmptyAllowed = allowsEmpty
  }

  /// The next record; nil behind the last.
  ///
  /// - Throws: `LatheError` naming file and offset: cut off, or a checksum that does not fit.
  public func next() throws -> [UInt8]? {
    let start = bytes.offset
    let header = try bytes.read(12)
    if header.isEmpty {
      guard number > 0 || isEmptyAllowed else {
        throw LatheError(.format, "\(bytes.path): an empty file: no records")
      }
      return nil
    }
    func damaged(_ what: String) -> LatheError {
      LatheError(.format, "\(bytes.path): record \(number), offset \(start): \(what); fetch the file again")
    }
    guard header.count == 12 else { throw damaged("truncated: \(header.count) bytes of a header of 12") }
    guard CRC32C.masked(Array(header[..<8])) == Self.little(header[8...]) else {
      throw damaged("the length's checksum does not fit: damaged, or not a TFRecord file")
    }
    let high = Self.little(header[4..<8])
    let length = Int(Self.little(header[..<4]))
    guard high == 0, length <= limit else {
      throw damaged(
        "a record of \(UInt64(high) << 32 | UInt64(length)) bytes, more than the \(limit) allowed")
    }
    let content = try bytes.read(length)
    guard content.count == length else { throw damaged("truncated: \(content.count) bytes of \(length)") }
    let checksum = try bytes.read(4)
    guard checksum.count == 4 else { throw damaged("truncated behind the record's bytes") }
    guard CRC32C.masked(content) == Self.little(checksum[...]) else {
      throw damaged("the checksum of the record's \(length) bytes does not fit")
    }
    number += 1
    return content
  }

  private static func little(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }
}

/// A `tf.train.Example`: lists of bytes, floats or whole numbers by name.
public struct TFExample: Sendable, Hashable {
  /// A list.
  public enum Feature: Sendable, Hashable {
    /// Texts, images and other bytes.
    case bytes([[UInt8]])
    /// Numbers.
    case floats([Float])
    /// Whole numbers.
    case integers([Int64])
    /// A list of no type.
    case empty
  }

  /// The lists by name.
  public private(set) var features: [String: Feature] = [:]

  /// Reads an example from a record.
  ///
  /// - Throws: `LatheError.format` naming the offset in the record.
  public init(_ record: [UInt8]) throws {
    do {
      try Self.messages(record[...], field: 1) { features throws(ProtobufFields.Fault) in
        try Self.messages(features, field: 1) { entry throws(ProtobufFields.Fault) in
          var name: String?
          var feature = Feature.empty
          try Self.eachMessage(entry) { field, content throws(ProtobufFields.Fault) in
            switch field {
            case 1:
              guard let text = String(validating: content, as: UTF8.self) else {
                throw ProtobufFields.Fault(message: "a name that is not UTF-8", offset: content.startIndex)
              }
              name = text
            case 2: feature = try Self.feature(content, after: feature)
            default: break
            }
          }
          // As for every map: the last entry of a name counts, and an entry without a name has the empty one.
          self.features[name ?? ""] = feature
        }
      }
    } catch {
      throw LatheError(.format, "not a tf.train.Example: offset \(error.offset): \(error.message)")
    }
  }

  /// A list of numbers, of either kind.
  ///
  /// - Parameters:
  ///   - name: The feature.
  ///   - count: How many there must be.
  /// - Throws: `LatheError.format` where there is no such list, or it is of bytes or another length.
  public func floats(_ name: String, count: Int? = nil) throws -> [Float] {
    switch features[name] {
    case .floats(let values): try counted(values, name, count)
    case .integers(let values): try counted(values.map(Float.init), name, count)
    default: throw wrong(name, "numbers")
    }
  }

  /// A list of whole numbers.
  public func integers(_ name: String, count: Int? = nil) throws -> [Int64] {
    guard case .integers(let values) = features[name] else { throw wrong(name, "whole numbers") }
    return try counted(values, name, count)
  }

  /// A list of bytes.
  public func bytes(_ name: String, count: Int? = nil) throws -> [[UInt8]] {
    guard case .bytes(let values) = features[name] else { throw wrong(name, "bytes") }
    return try counted(values, name, count)
  }

  private func counted<Value>(_ values: [Value], _ name: String, _ count: Int?) throws -> [Value] {
    guard count == nil || values.count == count else {
      throw LatheError(
        .format, "tf.train.Example: '\(name)' has \(values.count) values, expected \(count ?? 0)")
    }
    return values
  }

  private func wrong(_ name: String, _ expected: String) -> LatheError {
    let there = features.map { name, feature in
      let kind =
        switch feature {
        case .bytes: "bytes"
        case .floats: "floats"
        case .integers: "integers"
        case .empty: "empty"
        }
      return "'\(name)' (\(kind))"
    }.sorted().joined(separator: ", ")
    return LatheError(
      .format,
      "tf.train.Example: no '\(name)' of \(expected); there \(there.isEmpty ? "is nothing" : "are \(there)")")
  }

  /// A list; one that comes in several parts is joined, as for every message, and of several kinds the last counts.
  private static func feature(_ bytes: ArraySlice<UInt8>, after start: Feature) throws(ProtobufFields.Fault)
    -> Feature
  {
    var result = start
    try eachMessage(bytes) { field, list throws(ProtobufFields.Fault) in
      switch field {
      case 1:
        var values: [[UInt8]] = []
        if case .bytes(let before) = result { values = before }
        try messages(list, field: 1) { values.append(Array($0)) }
        result = .bytes(values)
      case 2:
        let values = try floatList(list)
        if case .floats(let before) = result {
          result = .floats(before + values)
        } else {
          result = .floats(values)
        }
      case 3:
        let values = try integerList(list)
        if case .integers(let before) = result {
          result = .integers(before + values)
        } else {
          result = .integers(values)
        }
      default: break
      }
    }
    return result
  }

  // Lists of numbers may be packed or not, whatever the schema says.
  private static func floatList(_ bytes: ArraySlice<UInt8>) throws(ProtobufFields.Fault) -> [Float] {
    var values: [Float] = []
    var fields = ProtobufFields(bytes)
    while let (field, value) = try fields.next() {
      switch value {
      case .fixed32(let bits) where field == 1: values.append(Float(bitPattern: bits))
      case .bytes(let packed) where field == 1:
        var numbers = ProtobufFields(packed)
        while !numbers.isAtEnd { values.append(Float(bitPattern: try numbers.fixed(UInt32.self))) }
      default: break
      }
    }
    return values
  }

  private static func integerList(_ bytes: ArraySlice<UInt8>) throws(ProtobufFields.Fault) -> [Int64] {
    var values: [Int64] = []
    var fields = ProtobufFields(bytes)
    while let (field, value) = try fields.next() {
      switch value {
      case .varint(let bits) where field == 1: values.append(Int64(bitPattern: bits))
      case .bytes(let packed) where field == 1:
        var numbers = ProtobufFields(packed)
        while !numbers.isAtEnd { values.append(Int64(bitPattern: try numbers.varint())) }
      default: break
      }
    }
    return values
  }

  private static func messages(
    _ bytes: ArraySlice<UInt8>, field wanted: Int,
    _ body: (ArraySlice<UInt8>) throws(ProtobufFields.Fault) -> Void
  ) throws(ProtobufFields.Fault) {
    try eachMessage(bytes) { field, content throws(ProtobufFields.Fault) in
      if field == wanted { try body(content) }
    }
  }

  private static func eachMessage(
    _ bytes: ArraySlice<UInt8>, _ body: (Int, ArraySlice<UInt8>) throws(ProtobufFields.Fault) -> Void
  ) throws(ProtobufFields.Fault) {
    var fields = ProtobufFields(bytes)
    while let (field, value) = try fields.next() {
      if case .bytes(let content) = value { try body(field, content) }
    }
  }
}
