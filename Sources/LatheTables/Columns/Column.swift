import Foundation
import LatheCore

/// A named column of a table: values of one type, of which some may be missing.
///
/// A column never changes; what looks like a change makes another, which shares the memory that stayed as it was.
public struct Column: Sendable {
  /// Its name, which is its alone in a table.
  public let name: String
  package let storage: Storage
  /// Clear where a value is missing; nil where none is.
  package let validity: Bitmap?
  /// How many values are missing.
  public let missingCount: Int

  package enum Storage: Sendable {
    case float64(ColumnValues<Double>)
    case float32(ColumnValues<Float>)
    case int64(ColumnValues<Int64>)
    /// A byte each, 0 or 1.
    case bool(ColumnValues<UInt8>)
    case categorical(codes: ColumnValues<Int32>, categories: TextValues)
    case text(TextValues)
    case dateTime(ColumnValues<Int64>, zone: String?)
    case duration(ColumnValues<Int64>)
  }

  package init(_ name: String, _ storage: Storage, validity: Bitmap? = nil) {
    self.name = name
    self.storage = storage
    let missing = validity?.clearCount ?? 0
    self.validity = missing == 0 ? nil : validity
    missingCount = missing
  }

  /// What the values are.
  public var type: ColumnType {
    switch storage {
    case .float64: .float64
    case .float32: .float32
    case .int64: .int64
    case .bool: .bool
    case .categorical: .categorical
    case .text: .text
    case .dateTime(_, let zone): .dateTime(zone: zone)
    case .duration: .duration
    }
  }

  /// The number of rows.
  public var count: Int {
    switch storage {
    case .float64(let values): values.count
    case .float32(let values): values.count
    case .int64(let values): values.count
    case .bool(let values): values.count
    case .categorical(let codes, _): codes.count
    case .text(let values): values.count
    case .dateTime(let values, _): values.count
    case .duration(let values): values.count
    }
  }

  /// Whether a row has no value.
  public func isMissing(_ row: Int) -> Bool { validity.map { !$0[row] } ?? false }

  @inline(__always) package func isValid(_ row: Int) -> Bool { validity?.isSet(row) ?? true }

  /// A row's value.
  public subscript(_ row: Int) -> TableValue {
    precondition(row >= 0 && row < count, "no row \(row) among \(count)")
    guard isValid(row) else { return .missing }
    switch storage {
    case .float64(let values): return .float64(values[row])
    case .float32(let values): return .float64(Double(values[row]))
    case .int64(let values): return .int64(values[row])
    case .bool(let values): return .bool(values[row] != 0)
    case .categorical(let codes, let categories): return .text(categories[Int(codes[row])])
    case .text(let values): return .text(values[row])
    case .dateTime(let values, _): return .dateTime(values[row])
    case .duration(let values): return .duration(values[row])
    }
  }

  /// The column under another name.
  public func renamed(_ name: String) -> Column { Column(name, storage, validity: validity) }
}

extension Column {
  /// A column of numbers.
  public init(_ name: String, _ values: [Double?]) {
    self.init(
      name, .float64(ColumnValues(values.lazy.map { $0 ?? .nan })),
      validity: Bitmap(count: values.count) { values[$0] != nil })
  }

  /// A column of numbers of 32 bits.
  public init(_ name: String, _ values: [Float?]) {
    self.init(
      name, .float32(ColumnValues(values.lazy.map { $0 ?? .nan })),
      validity: Bitmap(count: values.count) { values[$0] != nil })
  }

  /// A column of whole numbers.
  public init(_ name: String, _ values: [Int?]) {
    self.init(
      name, .int64(ColumnValues(values.lazy.map { Int64($0 ?? 0) })),
      validity: Bitmap(count: values.count) { values[$0] != nil })
  }

  /// A column of truth values.
  public init(_ name: String, _ values: [Bool?]) {
    self.init(
      name, .bool(ColumnValues(values.lazy.map { $0 == true ? 1 : 0 })),
      validity: Bitmap(count: values.count) { values[$0] != nil })
  }

  /// A column of texts.
  public init(_ name: String, _ values: [String?]) {
    self.init(
      name, .text(TextValues(values.lazy.map { $0 ?? "" })),
      validity: Bitmap(count: values.count) { values[$0] != nil })
  }

  /// A column of points in time.
  ///
  /// - Parameters:
  ///   - microseconds: Since 1970, of UTC where there is a zone, else of a clock on the wall.
  ///   - zone: The zone whose clocks show them, such as `UTC` or `Europe/Berlin`.
  public init(_ name: String, microseconds: [Int64?], zone: String? = nil) {
    self.init(
      name, .dateTime(ColumnValues(microseconds.lazy.map { $0 ?? 0 }), zone: zone),
      validity: Bitmap(count: microseconds.count) { microseconds[$0] != nil })
  }

  /// A column of points in time.
  public init(_ name: String, dates: [Date?], zone: String = "UTC") {
    self.init(
      name, microseconds: dates.map { $0.map { Int64(($0.timeIntervalSince1970 * 1e6).rounded()) } },
      zone: zone)
  }

  /// A column of lengths of time.
  public init(_ name: String, durationMicroseconds: [Int64?]) {
    self.init(
      name, .duration(ColumnValues(durationMicroseconds.lazy.map { $0 ?? 0 })),
      validity: Bitmap(count: durationMicroseconds.count) { durationMicroseconds[$0] != nil })
  }
}
