import LatheCore
import TableKernels

extension Column {
  /// The column as another type.
  ///
  /// Texts are read as in CSV files; nothing is rounded but numbers that `float64` or `float32` cannot hold.
  ///
  /// - Throws: `LatheError.invalidArgument` naming the first row whose value the type has no place for.
  public func cast(to type: ColumnType) throws -> Column {
    if type == self.type { return self }
    switch type {
    case .text: return Column(name, .text(texts()), validity: validity)
    case .categorical: return categories()
    case .float64:
      return try made(type, .nan) {
        .float64($0)
      } reading: {
        try self.number($0)
      }
    case .float32:
      return try made(type, .nan) {
        .float32($0)
      } reading: {
        try self.narrowNumber($0)
      }
    case .int64:
      return try made(type, 0) {
        .int64($0)
      } reading: {
        try self.integer($0)
      }
    case .bool:
      return try made(type, 0) {
        .bool($0)
      } reading: {
        try self.truth($0)
      }
    case .dateTime(let zone):
      return try made(type, 0) {
        .dateTime($0, zone: zone)
      } reading: {
        try self.time($0, isZoned: zone != nil)
      }
    case .duration:
      return try made(type, 0) {
        .duration($0)
      } reading: {
        try self.duration($0)
      }
    }
  }

  /// The texts that rows are written as; empty where a value is missing.
  package func texts() -> TextValues {
    if case .text(let values) = storage { return values }
    if case .categorical(let codes, let categories) = storage {
      let rows = (0..<count).map { isValid($0) ? Int(codes.pointer[$0]) : -1 }
      return rows.withUnsafeBufferPointer(categories.taking)
    }
    var builder = TextBuilder()
    for row in 0..<count { builder.append(isValid(row) ? text(row) : "") }
    return builder.finish()
  }

  private func categories() -> Column {
    let texts = texts()
    let codes = ColumnValues<Int32>(count: count)
    let target = codes.mutable
    var dictionary = TextIndex(texts, reserving: min(count, 1024))
    for row in 0..<count { target[row] = isValid(row) ? Int32(dictionary.index(of: row)) : 0 }
    let categories = dictionary.firstRows.withUnsafeBufferPointer(texts.taking)
    return Column(name, .categorical(codes: codes, categories: categories), validity: validity)
  }

  private func made<Element: BitwiseCopyable & Sendable>(
    _ type: ColumnType, _ nothing: Element, _ storage: (ColumnValues<Element>) -> Storage,
    reading: (Int) throws -> Element?
  ) throws -> Column {
    let values = ColumnValues<Element>(count: count)
    let target = values.mutable
    for row in 0..<count {
      guard isValid(row) else {
        target[row] = nothing
        continue
      }
      guard let value = try reading(row) else {
        throw LatheError(
          .invalidArgument,
          "column '\(name)': row \(row): '\(text(row).prefix(40))' cannot be of type \(type)")
      }
      target[row] = value
    }
    return Column(name, storage(values), validity: validity)
  }

  private func parsed<Value>(_ row: Int, _ parse: (UnsafePointer<UInt8>?, Int) -> Value?) -> Value? {
    switch storage {
    case .text(let values):
      let text = values.utf8(row)
      return parse(text.baseAddress, text.count)
    case .categorical(let codes, let categories):
      let text = categories.utf8(Int(codes.pointer[row]))
      return parse(text.baseAddress, text.count)
    default: return nil
    }
  }

  private func number(_ row: Int) throws -> Double? {
    switch storage {
    case .float64(let values): return values.pointer[row]
    case .float32(let values): return Double(values.pointer[row])
    case .int64(let values): return Double(values.pointer[row])
    case .bool(let values): return Double(values.pointer[row])
    case .dateTime(let values, _), .duration(let values): return Double(values.pointer[row]) / 1e6
    case .text, .categorical:
      return parsed(row) { text, length in
        var value = 0.0
        return lathe_parse_float64(text, length, UInt8(ascii: "."), &value) ? value : nil
      }
    }
  }

  private func narrowNumber(_ row: Int) throws -> Float? {
    switch storage {
    case .float32(let values): return values.pointer[row]
    case .text, .categorical:
      return parsed(row) { text, length in
        var value: Float = 0
        return lathe_parse_float32(text, length, UInt8(ascii: "."), &value) ? value : nil
      }
    case .int64(let values): return Float(values.pointer[row])
    default: return try number(row).map { Float($0) }
    }
  }

  private func integer(_ row: Int) throws -> Int64? {
    switch storage {
    case .float64(let values): return Int64(exactly: values.pointer[row])
    case .float32(let values): return Int64(exactly: values.pointer[row])
    case .int64(let values), .dateTime(let values, _), .duration(let values): return values.pointer[row]
    case .bool(let values): return Int64(values.pointer[row])
    case .text, .categorical:
      return parsed(row) { text, length in
        var value: Int64 = 0
        return lathe_parse_int64(text, length, &value) ? value : nil
      }
    }
  }

  private func truth(_ row: Int) throws -> UInt8? {
    switch storage {
    case .bool(let values): return values.pointer[row]
    case .text, .categorical:
      switch text(row) {
      case "true", "True", "TRUE": return 1
      case "false", "False", "FALSE": return 0
      default: return nil
      }
    case .dateTime, .duration: return nil
    default:
      switch try number(row) {
      case 0: return 0
      case 1: return 1
      default: return nil
      }
    }
  }

  private func time(_ row: Int, isZoned: Bool) throws -> Int64? {
    switch storage {
    case .int64(let values): return values.pointer[row]
    // Into another zone it is the same point in time; to or from none it is the same reading of UTC's clock.
    case .dateTime(let values, _): return values.pointer[row]
    case .text, .categorical:
      return parsed(row) { text, length in
        var value: Int64 = 0
        var hasZone = false
        let isTime = lathe_parse_time(
          text, length, Int32(bitPattern: LATHE_YEAR_FIRST.rawValue), &value, &hasZone)
        return isTime && hasZone == isZoned ? value : nil
      }
    default: return nil
    }
  }

  private func duration(_ row: Int) throws -> Int64? {
    switch storage {
    case .int64(let values), .duration(let values): return values.pointer[row]
    case .text, .categorical:
      return parsed(row) { text, length in
        var value: Int64 = 0
        return lathe_parse_duration(text, length, &value) ? value : nil
      }
    default: return nil
    }
  }
}
