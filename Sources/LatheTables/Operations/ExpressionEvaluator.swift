import Foundation
import LatheCore
import TableKernels

/// Computes expressions for all rows of a table, a column for each step.
struct ExpressionEvaluator {
  let table: Table

  init(_ table: Table) { self.table = table }

  private var count: Int { table.rowCount }

  func evaluate(_ expression: ColumnExpression) throws -> Column {
    switch expression {
    case .column(let name): return try table[name]
    case .literal(let value): return repeated(value)
    case .arithmetic(let operation, let a, let b):
      return try arithmetic(operation, evaluate(a), evaluate(b))
    case .comparison(let operation, let a, let b):
      let (first, second) = try alike(evaluate(a), evaluate(b))
      return try comparison(operation, first, second)
    case .and(let a, let b): return try joined(evaluate(a), evaluate(b), decisive: false)
    case .or(let a, let b): return try joined(evaluate(a), evaluate(b), decisive: true)
    case .not(let a):
      let column = try truths(evaluate(a), "!")
      return bools({ column.values[$0] ^ 1 }, validity: column.validity)
    case .isMissing(let a):
      let column = try evaluate(a)
      return bools({ column.isValid($0) ? 0 : 1 }, validity: nil)
    case .isIn(let a, let values): return try isIn(evaluate(a), values)
    case .function(let function, let a): return try apply(function, evaluate(a))
    case .text(let test, let a, let text): return try apply(test, evaluate(a), text)
    }
  }

  // --- Columns ---

  private func repeated(_ value: TableValue) -> Column {
    func made<Element>(_ value: Element) -> ColumnValues<Element> {
      ColumnValues(repeating: value, count: count)
    }
    switch value {
    case .missing:
      return Column("literal", .float64(made(.nan)), validity: Bitmap(count: count) { _ in false })
    case .float64(let value): return Column("literal", .float64(made(value)))
    case .int64(let value): return Column("literal", .int64(made(value)))
    case .bool(let value): return Column("literal", .bool(made(value ? 1 : 0)))
    case .text(let value):
      return Column("literal", .categorical(codes: made(0), categories: TextValues([value])))
    case .dateTime(let value): return Column("literal", .dateTime(made(value), zone: nil))
    case .duration(let value): return Column("literal", .duration(made(value)))
    }
  }

  private func bools(_ value: (Int) -> UInt8, validity: Bitmap?) -> Column {
    let values = ColumnValues<UInt8>(count: count)
    let target = values.mutable
    for row in 0..<count { target[row] = value(row) }
    return Column("condition", .bool(values), validity: validity)
  }

  private func numbers(_ value: (Int) -> Double, validity: Bitmap?) -> Column {
    let values = ColumnValues<Double>(count: count)
    let target = values.mutable
    for row in 0..<count { target[row] = value(row) }
    return Column("result", .float64(values), validity: validity)
  }

  private func both(_ a: Column, _ b: Column) -> Bitmap? {
    if a.validity == nil { return b.validity }
    if b.validity == nil { return a.validity }
    return Bitmap(count: count) { a.isValid($0) && b.isValid($0) }
  }

  private func refused(_ what: String, _ a: Column, _ b: Column? = nil) -> LatheError {
    let types = b.map { "\(a.type) and \($0.type)" } ?? "\(a.type)"
    return LatheError(
      .invalidArgument,
      "\(what) of \(types) ('\(a.name)'\(b.map { ", '\($0.name)'" } ?? "")) is not defined; cast them")
  }

  // --- Arithmetic ---

  private func arithmetic(_ operation: ColumnExpression.Arithmetic, _ a: Column, _ b: Column) throws -> Column
  {
    let validity = both(a, b)
    if case .int64(let x) = a.storage, case .int64(let y) = b.storage, operation != .divide {
      let values = try integers(operation, x, y, validity)
      return Column("result", .int64(values), validity: validity)
    }
    switch (a.storage, b.storage, operation) {
    case (.dateTime(let x, let zone), .dateTime(let y, let other), .subtract)
    where (zone == nil) == (other == nil):
      return Column("result", .duration(try integers(operation, x, y, validity)), validity: validity)
    case (.dateTime(let x, let zone), .duration(let y), .add),
      (.dateTime(let x, let zone), .duration(let y), .subtract):
      return Column(
        "result", .dateTime(try integers(operation, x, y, validity), zone: zone), validity: validity)
    case (.duration(let x), .duration(let y), .add), (.duration(let x), .duration(let y), .subtract):
      return Column("result", .duration(try integers(operation, x, y, validity)), validity: validity)
    default: break
    }
    guard a.type.isNumeric, b.type.isNumeric else { throw refused("'\(operation.rawValue)'", a, b) }
    let (x, y) = (try a.numbers(), try b.numbers())
    switch operation {
    case .add: return numbers({ x[$0] + y[$0] }, validity: validity)
    case .subtract: return numbers({ x[$0] - y[$0] }, validity: validity)
    case .multiply: return numbers({ x[$0] * y[$0] }, validity: validity)
    case .divide: return numbers({ x[$0] / y[$0] }, validity: validity)
    }
  }

  private func integers(
    _ operation: ColumnExpression.Arithmetic, _ x: ColumnValues<Int64>, _ y: ColumnValues<Int64>,
    _ validity: Bitmap?
  ) throws -> ColumnValues<Int64> {
    let values = ColumnValues<Int64>(count: count)
    let target = values.mutable
    for row in 0..<count {
      let (a, b) = (x.pointer[row], y.pointer[row])
      let (result, overflow) =
        switch operation {
        case .add: a.addingReportingOverflow(b)
        case .subtract: a.subtractingReportingOverflow(b)
        case .multiply, .divide: a.multipliedReportingOverflow(by: b)
        }
      guard !overflow || validity?.isSet(row) == false else {
        throw LatheError(
          .invalidArgument,
          "row \(row): \(a) \(operation.rawValue) \(b) is beyond 64 bits; cast the columns to float64 where rounding does no harm"
        )
      }
      target[row] = result
    }
    return values
  }

  private func apply(_ function: ColumnExpression.Function, _ a: Column) throws -> Column {
    if function == .abs, case .int64(let values) = a.storage {
      let result = ColumnValues<Int64>(count: count)
      let target = result.mutable
      for row in 0..<count {
        let value = values.pointer[row]
        guard value != .min || !a.isValid(row) else {
          throw LatheError(
            .invalidArgument, "row \(row): abs of \(value) is beyond 64 bits; cast the column to float64")
        }
        target[row] = value == .min ? 0 : Swift.abs(value)
      }
      return Column("result", .int64(result), validity: a.validity)
    }
    guard a.type.isNumeric else { throw refused(function.rawValue, a) }
    let x = try a.numbers()
    switch function {
    case .abs: return numbers({ Swift.abs(x[$0]) }, validity: a.validity)
    case .sqrt: return numbers({ x[$0].squareRoot() }, validity: a.validity)
    case .log: return numbers({ Foundation.log(x[$0]) }, validity: a.validity)
    case .log1p: return numbers({ Foundation.log1p(x[$0]) }, validity: a.validity)
    case .exp: return numbers({ Foundation.exp(x[$0]) }, validity: a.validity)
    case .isFinite: return bools({ x[$0].isFinite ? 1 : 0 }, validity: a.validity)
    }
  }

  // --- Comparisons ---

  /// Both as types that can be compared: a text beside a time is read as a time.
  private func alike(_ a: Column, _ b: Column) throws -> (Column, Column) {
    func isText(_ column: Column) -> Bool { column.type == .text || column.type == .categorical }
    switch (a.storage, b.storage) {
    case (.dateTime, _) where isText(b), (.duration, _) where isText(b):
      return (a, try b.cast(to: a.type.unzoned(b)))
    case (_, .dateTime) where isText(a), (_, .duration) where isText(a):
      return (try a.cast(to: b.type.unzoned(a)), b)
    default: return (a, b)
    }
  }

  private func comparison(_ operation: ColumnExpression.Comparison, _ a: Column, _ b: Column) throws -> Column
  {
    let order = try ordering(a, b, "'\(operation.rawValue)'")
    return bools(
      { row in
        // Unordered, as NaN is: unequal and neither less nor greater.
        guard let order = order(row) else { return operation == .notEqual ? 1 : 0 }
        return switch operation {
        case .equal: order == 0 ? 1 : 0
        case .notEqual: order != 0 ? 1 : 0
        case .less: order < 0 ? 1 : 0
        case .lessOrEqual: order <= 0 ? 1 : 0
        case .greater: order > 0 ? 1 : 0
        case .greaterOrEqual: order >= 0 ? 1 : 0
        }
      }, validity: both(a, b))
  }

  private func ordering(_ a: Column, _ b: Column, _ what: String) throws -> (Int) -> Int? {
    switch (a.storage, b.storage) {
    case (.int64(let x), .int64(let y)), (.dateTime(let x, _), .dateTime(let y, _)),
      (.duration(let x), .duration(let y)):
      return { x.pointer[$0] < y.pointer[$0] ? -1 : x.pointer[$0] > y.pointer[$0] ? 1 : 0 }
    case (.text, _), (.categorical, _):
      let (x, y) = try (TextAccess(a, what), TextAccess(b, what))
      return { compareBytes(x.utf8($0), y.utf8($0)) }
    default:
      guard a.type.isNumeric, b.type.isNumeric else { throw refused(what, a, b) }
      let (x, y) = (try a.numbers(), try b.numbers())
      return { x[$0] < y[$0] ? -1 : x[$0] > y[$0] ? 1 : x[$0] == y[$0] ? 0 : nil }
    }
  }

  private func isIn(_ a: Column, _ values: [TableValue]) throws -> Column {
    var found = [UInt8](repeating: 0, count: count)
    for value in values {
      guard value != .missing else {
        throw LatheError(.invalidArgument, "isIn: a missing value is equal to nothing; ask isMissing")
      }
      let (x, y) = try alike(a, repeated(value))
      let order = try ordering(x, y, "isIn")
      for row in 0..<count where a.isValid(row) && order(row) == 0 { found[row] = 1 }
    }
    return bools({ found[$0] }, validity: a.validity)
  }

  private func apply(_ test: ColumnExpression.TextTest, _ a: Column, _ text: String) throws -> Column {
    let access = try TextAccess(a, test.rawValue)
    let wanted = Array(text.utf8)
    return wanted.withUnsafeBufferPointer { wanted in
      bools(
        { row in
          guard a.isValid(row) else { return 0 }
          let own = access.utf8(row)
          guard own.count >= wanted.count else { return 0 }
          guard let bytes = own.baseAddress, let sought = wanted.baseAddress, !wanted.isEmpty else {
            return 1
          }
          switch test {
          case .contains: return lathe_contains(bytes, own.count, sought, wanted.count) ? 1 : 0
          case .hasPrefix: return memcmp(bytes, sought, wanted.count) == 0 ? 1 : 0
          case .hasSuffix: return memcmp(bytes + own.count - wanted.count, sought, wanted.count) == 0 ? 1 : 0
          }
        }, validity: a.validity)
    }
  }

  // --- Truth ---

  private struct Truths {
    let values: ColumnValues<UInt8>
    let validity: Bitmap?
  }

  private func truths(_ column: Column, _ what: String) throws -> Truths {
    guard case .bool(let values) = column.storage else { throw refused("'\(what)'", column) }
    return Truths(values: values, validity: column.validity)
  }

  /// `&&` where false decides, `||` where true does; a missing operand counts only where the other does not decide.
  private func joined(_ a: Column, _ b: Column, decisive: Bool) throws -> Column {
    let name = decisive ? "||" : "&&"
    let (x, y) = (try truths(a, name), try truths(b, name))
    let deciding: UInt8 = decisive ? 1 : 0
    func decides(_ column: Column, _ truths: Truths, _ row: Int) -> Bool {
      column.isValid(row) && truths.values.pointer[row] == deciding
    }
    let validity =
      a.validity == nil && b.validity == nil
      ? nil
      : Bitmap(count: count) { decides(a, x, $0) || decides(b, y, $0) || (a.isValid($0) && b.isValid($0)) }
    return bools({ decides(a, x, $0) || decides(b, y, $0) ? deciding : 1 - deciding }, validity: validity)
  }
}

/// The texts of a column's rows, of categories, too.
struct TextAccess {
  private let texts: TextValues
  private let codes: ColumnValues<Int32>?

  init(_ column: Column, _ what: String) throws {
    switch column.storage {
    case .text(let values):
      texts = values
      codes = nil
    case .categorical(let codes, let categories):
      texts = categories
      self.codes = codes
    default:
      throw LatheError(
        .invalidArgument,
        "\(what) of \(column.type) ('\(column.name)') and text is not defined; cast one of them")
    }
  }

  func utf8(_ row: Int) -> UnsafeBufferPointer<UInt8> {
    if let codes { return texts.count == 0 ? texts.nothing : texts.utf8(Int(codes.pointer[row])) }
    return texts.utf8(row)
  }
}

extension TextValues {
  fileprivate var nothing: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: bytes.pointer, count: 0) }
}

extension ColumnType {
  /// The type that texts are read as to be compared with times: with a zone where they name one.
  fileprivate func unzoned(_ texts: Column) -> ColumnType {
    guard case .dateTime(let zone?) = self else { return self }
    guard let row = (0..<texts.count).first(where: texts.isValid) else { return self }
    var value: Int64 = 0
    var isZoned = false
    let bytes = Array(texts.text(row).utf8)
    let isTime = lathe_parse_time(
      bytes, bytes.count, Int32(bitPattern: LATHE_YEAR_FIRST.rawValue), &value, &isZoned)
    return isTime && !isZoned ? .dateTime() : .dateTime(zone: zone)
  }
}
