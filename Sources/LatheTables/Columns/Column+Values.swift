import LatheCore

// A column's values as arrays, and rows of a column as another column.

extension Column {
  /// The values as numbers of 64 bits, for arithmetic: truth values are 0 and 1, times and durations seconds.
  ///
  /// - Parameter missing: What stands where a value is missing.
  /// - Throws: `LatheError.invalidArgument` of texts and categories, which are no numbers.
  public func numbers(missing: Double = .nan) throws -> [Double] {
    func made<Element>(_ values: ColumnValues<Element>, _ number: (Element) -> Double) -> [Double] {
      let pointer = values.pointer
      return [Double](unsafeUninitializedCapacity: count) { buffer, made in
        for row in 0..<values.count { buffer[row] = isValid(row) ? number(pointer[row]) : missing }
        made = values.count
      }
    }
    switch storage {
    case .float64(let values): return made(values) { $0 }
    case .float32(let values): return made(values) { Double($0) }
    case .int64(let values): return made(values) { Double($0) }
    case .bool(let values): return made(values) { Double($0) }
    case .dateTime(let values, _): return made(values) { Double($0) / 1e6 }
    case .duration(let values): return made(values) { Double($0) / 1e6 }
    case .text, .categorical:
      throw LatheError(
        .invalidArgument,
        "column '\(name)' is of \(type), not of numbers; cast it (cast(to: .float64)), or take its categories"
      )
    }
  }

  /// The values as whole numbers, nil where one is missing: of int64 and bool columns, and microseconds of times.
  ///
  /// - Throws: `LatheError.invalidArgument` of other types.
  public func integers() throws -> [Int?] {
    switch storage {
    case .int64(let values), .dateTime(let values, _), .duration(let values):
      return (0..<count).map { isValid($0) ? Int(values.pointer[$0]) : nil }
    case .bool(let values): return (0..<count).map { isValid($0) ? Int(values.pointer[$0]) : nil }
    default: throw LatheError(.invalidArgument, "column '\(name)' is of \(type), not of whole numbers")
    }
  }

  /// The values as texts, nil where one is missing; numbers as the shortest text that is read as the same number.
  public func strings() -> [String?] { (0..<count).map { isValid($0) ? text($0) : nil } }

  /// A value as it is written to files.
  package func text(_ row: Int) -> String {
    switch storage {
    case .float64(let values): return Self.text(values.pointer[row])
    case .float32(let values): return Self.text(values.pointer[row])
    case .int64(let values): return String(values.pointer[row])
    case .bool(let values): return values.pointer[row] != 0 ? "true" : "false"
    case .categorical(let codes, let categories): return categories[Int(codes.pointer[row])]
    case .text(let values): return values[row]
    case .dateTime(let values, let zone): return TimeText.dateTime(values.pointer[row], zone: zone)
    case .duration(let values): return TimeText.duration(values.pointer[row])
    }
  }

  private static func text<Number: BinaryFloatingPoint & LosslessStringConvertible>(_ value: Number) -> String
  {
    value.isNaN ? "NaN" : value.description
  }

  /// The rows at places, in their order.
  ///
  /// - Parameter rows: A negative place gives a missing value.
  package func taking(_ rows: UnsafeBufferPointer<Int>) -> Column {
    let hasGaps = rows.contains { $0 < 0 }
    let taken: Bitmap? =
      validity == nil && !hasGaps
      ? nil : Bitmap(count: rows.count) { rows[$0] >= 0 && isValid(rows[$0]) }
    func gathered<Element>(_ values: ColumnValues<Element>, _ nothing: Element) -> ColumnValues<Element> {
      let result = ColumnValues<Element>(count: rows.count)
      let source = values.pointer
      let target = result.mutable
      if hasGaps {
        for (place, row) in rows.enumerated() { target[place] = row < 0 ? nothing : source[row] }
      } else {
        for (place, row) in rows.enumerated() { target[place] = source[row] }
      }
      return result
    }
    let storage: Storage
    switch self.storage {
    case .float64(let values): storage = .float64(gathered(values, .nan))
    case .float32(let values): storage = .float32(gathered(values, .nan))
    case .int64(let values): storage = .int64(gathered(values, 0))
    case .bool(let values): storage = .bool(gathered(values, 0))
    case .categorical(let codes, let categories):
      storage = .categorical(codes: gathered(codes, 0), categories: categories)
    case .text(let values): storage = .text(values.taking(rows))
    case .dateTime(let values, let zone): storage = .dateTime(gathered(values, 0), zone: zone)
    case .duration(let values): storage = .duration(gathered(values, 0))
    }
    return Column(name, storage, validity: taken)
  }

  package func taking(_ rows: [Int]) -> Column { rows.withUnsafeBufferPointer(taking) }
}

extension TextValues {
  /// The texts at places; empty where a place is negative.
  package func taking(_ rows: UnsafeBufferPointer<Int>) -> TextValues {
    let offsets = ColumnValues<Int64>(count: rows.count + 1)
    let places = offsets.mutable
    var end = 0
    places[0] = 0
    for (place, row) in rows.enumerated() {
      if row >= 0 { end += utf8(row).count }
      places[place + 1] = Int64(end)
    }
    let bytes = ColumnValues<UInt8>(count: end)
    let target = bytes.mutable
    for (place, row) in rows.enumerated() where row >= 0 {
      let text = utf8(row)
      guard text.count > 0, let source = text.baseAddress, let start = target.baseAddress else { continue }
      (start + Int(places[place])).update(from: source, count: text.count)
    }
    return TextValues(offsets: offsets, bytes: bytes)
  }
}
