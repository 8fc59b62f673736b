import LatheFiles

/// A value of a GGUF file's metadata.
public enum GGUFValue: Sendable {
  /// A whole number of any width without a sign.
  case unsigned(UInt64)
  /// A whole number of any width.
  case signed(Int64)
  /// A float32 or float64.
  case float(Double)
  /// A truth value.
  case bool(Bool)
  /// A text.
  case text(String)
  /// Values of one type, which stay in the file until they are asked for.
  case array(GGUFArray)
}

/// The type of a value in a GGUF file.
enum GGUFType: UInt32 {
  case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

  /// The bytes that a value takes; the fewest of a text or an array.
  var byteCount: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64, .string: 8
    case .array: 12
    }
  }
}

/// An array in a GGUF file's metadata.
public struct GGUFArray: Sendable {
  /// How many values it has.
  public let count: Int
  let type: GGUFType
  private let file: MappedFile
  /// The values' bytes.
  private let range: Range<Int>

  /// Passes over an array, whose type comes next, and checks it.
  init(_ scanner: inout ByteScanner, _ file: MappedFile, depth: Int) throws(HeaderFault) {
    guard depth < Self.deepest else {
      throw scanner.fault("arrays in arrays, more than \(Self.deepest) deep")
    }
    type = try scanner.ggufType()
    let count: UInt64 = try scanner.number()
    guard count <= UInt64(scanner.left / type.byteCount) else {
      throw scanner.fault("an array of \(count) values, and \(scanner.left) bytes are left")
    }
    self.count = Int(count)
    self.file = file
    let start = scanner.offset
    switch type {
    case .string: for _ in 0..<count { _ = try scanner.take(scanner.number(), "a text") }
    case .array: for _ in 0..<count { _ = try GGUFArray(&scanner, file, depth: depth + 1) }
    default: _ = try scanner.take(count * UInt64(type.byteCount), "an array")
    }
    range = start..<scanner.offset
  }

  private static let deepest = 4

  /// The values, one by one.
  ///
  /// - Throws: `LatheError` where the file has become shorter, or a text is not UTF-8.
  public func values() throws -> [GGUFValue] { try read { try $0.ggufValue(type, file, depth: 0) } }

  /// The texts; nil where it has other values.
  ///
  /// - Throws: `LatheError` where the file has become shorter, or a text is not UTF-8.
  public func texts() throws -> [String]? {
    guard type == .string else { return nil }
    return try read { try $0.text($0.number()) }
  }

  /// The bytes of the texts, which need not be UTF-8; nil where it has other values.
  ///
  /// - Throws: `LatheError` where the file has become shorter.
  public func byteTexts() throws -> [[UInt8]]? {
    guard type == .string else { return nil }
    return try read { Array($0.bytes[try $0.take($0.number(), "a text")]) }
  }

  /// The whole numbers; nil where it has other values, or one that does not fit.
  ///
  /// - Throws: `LatheError` where the file has become shorter.
  public func integers() throws -> [Int]? {
    switch type {
    case .float32, .float64, .bool, .string, .array: return nil
    default:
      let numbers = try read { try $0.ggufValue(type, file, depth: 0).integer }
      return numbers.contains(nil) ? nil : numbers.compactMap { $0 }
    }
  }

  /// The floating-point numbers; nil where it has other values.
  ///
  /// - Throws: `LatheError` where the file has become shorter.
  public func floats() throws -> [Float]? {
    switch type {
    case .float32: try read { Float(bitPattern: try $0.number()) }
    case .float64: try read { Float(Double(bitPattern: try $0.number())) }
    default: nil
    }
  }

  /// The first values, as many as there are up to a number.
  ///
  /// - Throws: `LatheError` where the file has become shorter, or a text is not UTF-8.
  package func first(_ most: Int) throws -> [GGUFValue] {
    try read(most) { try $0.ggufValue(type, file, depth: 0) }
  }

  private func read<T>(
    _ most: Int = .max, _ element: (inout ByteScanner) throws -> T
  ) throws -> [T] {
    let count = min(count, most)
    try file.checkSize()
    var scanner = ByteScanner(file.bytes, range)
    do {
      var result: [T] = []
      result.reserveCapacity(count)
      for _ in 0..<count { result.append(try element(&scanner)) }
      return result
    } catch let fault as HeaderFault {
      throw GGUFFile.damaged(file.path, fault)
    }
  }
}

extension GGUFValue {
  /// The whole number that it is, where it is one that fits.
  public var integer: Int? {
    switch self {
    case .unsigned(let value): Int(exactly: value)
    case .signed(let value): Int(value)
    default: nil
    }
  }
}

extension ByteScanner {
  /// The number of a type.
  fileprivate mutating func ggufType() throws(HeaderFault) -> GGUFType {
    let start = offset
    let number: UInt32 = try number()
    guard let type = GGUFType(rawValue: number) else {
      throw HeaderFault(message: "a value of the unknown type \(number)", offset: start)
    }
    return type
  }

  /// A value behind its type.
  mutating func ggufValue(_ file: MappedFile) throws(HeaderFault) -> GGUFValue {
    try ggufValue(ggufType(), file, depth: 0)
  }

  fileprivate mutating func ggufValue(
    _ type: GGUFType, _ file: MappedFile, depth: Int
  ) throws(HeaderFault) -> GGUFValue {
    switch type {
    case .uint8: return .unsigned(UInt64(try number(UInt8.self)))
    case .uint16: return .unsigned(UInt64(try number(UInt16.self)))
    case .uint32: return .unsigned(UInt64(try number(UInt32.self)))
    case .uint64: return .unsigned(try number(UInt64.self))
    case .int8: return .signed(Int64(try number(Int8.self)))
    case .int16: return .signed(Int64(try number(Int16.self)))
    case .int32: return .signed(Int64(try number(Int32.self)))
    case .int64: return .signed(try number(Int64.self))
    case .float32: return .float(Double(Float(bitPattern: try number())))
    case .float64: return .float(Double(bitPattern: try number()))
    case .bool:
      let start = offset
      let value: UInt8 = try number()
      guard value <= 1 else { throw HeaderFault(message: "a truth value of \(value)", offset: start) }
      return .bool(value == 1)
    case .string: return .text(try text(number()))
    case .array: return .array(try GGUFArray(&self, file, depth: depth))
    }
  }
}
