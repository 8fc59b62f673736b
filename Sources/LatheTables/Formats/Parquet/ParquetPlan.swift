import Foundation
import LatheCore

/// What a column of a Parquet file is read as.
struct ParquetPlan: Sendable {
  /// How a stored value becomes one of the column's type.
  enum Conversion: Sendable, Equatable {
    case double, float, half, int64, int32, unsigned32, unsigned64, bool, text, uuid
    /// Microseconds of what is stored: times the first, divided by the second and rounded down.
    case time(times: Int64, over: Int64)
    case time32(times: Int64)
    /// Nanoseconds of a day, and the day in Julius Scaliger's count.
    case julian
    case decimal32(scale: Int), decimal64(scale: Int), decimalBytes(scale: Int)
    /// No value at all.
    case nothing
  }

  let index: Int
  let name: String
  var type: ColumnType
  let conversion: Conversion
  let physical: ParquetMetadata.Physical
  /// The bytes of a stored value; 0 where they differ, or are bits.
  let width: Int
  let isOptional: Bool
  var note: String?

  /// The bytes of a value in the column; 0 of texts.
  var stride: Int {
    switch type {
    case .bool: 1
    case .float32: 4
    case .text, .categorical: 0
    default: 8
    }
  }
}

/// Finds what columns are read as.
struct ParquetSchema {
  private typealias Element = ParquetMetadata.Element
  let plans: [ParquetPlan]

  /// - Parameter columns: The columns asked for; nil: all.
  /// - Throws: `LatheError` naming a column that no flat table can have.
  init(_ metadata: ParquetMetadata, _ path: String, columns: [String]?) throws {
    guard let root = metadata.elements.first else {
      throw LatheError(.format, "\(path): a Parquet file without a schema")
    }
    var place = 1
    var plans: [ParquetPlan] = []
    var names: [String] = []
    var leaves = 0
    let wanted = columns.map(Set.init)
    let notes = PandasColumns(metadata.texts["pandas"])
    while place < metadata.elements.count {
      let element = metadata.elements[place]
      let first = leaves
      let end = try Self.skip(metadata.elements, place, &leaves, path)
      defer { place = end }
      names.append(element.name)
      guard wanted?.contains(element.name) ?? true else { continue }
      guard end == place + 1, element.childCount == 0, element.repetition != 2, element.physical != nil else {
        throw LatheError(
          .unsupported,
          "\(path): column '\(element.name)' is nested (a list, a map or a structure), which a flat table has no type for; "
            + "read the others (option columns)")
      }
      guard var plan = Self.plan(element, first) else {
        throw LatheError(
          .unsupported,
          "\(path): column '\(element.name)' is of \(Self.words(element)), which a flat table has no type for; read the "
            + "others (option columns)")
      }
      notes.refine(&plan)
      plans.append(plan)
    }
    guard names.count == root.childCount else {
      throw LatheError(
        .format, "\(path): the schema says \(root.childCount) columns, and describes \(names.count)")
    }
    if let twice = Dictionary(grouping: names, by: { $0 }).filter({ $0.value.count > 1 }).keys.min() {
      throw LatheError(.format, "\(path): two columns are named '\(twice)'")
    }
    if let absent = columns?.first(where: { !names.contains($0) }) {
      let known = names.prefix(20).joined(separator: ", ")
      throw LatheError(.invalidArgument, "\(path): no column '\(absent)'; there are \(known)")
    }
    for (number, group) in metadata.groups.enumerated() where group.chunks.count != leaves {
      throw LatheError(
        .format,
        "\(path): offset \(group.place): group \(number) of rows has \(group.chunks.count) columns, the schema \(leaves)"
      )
    }
    self.plans = plans
  }

  /// The place behind an element and all that is below it.
  private static func skip(
    _ elements: [ParquetMetadata.Element], _ start: Int, _ leaves: inout Int, _ path: String
  )
    throws -> Int
  {
    var place = start
    var left = 1
    while left > 0 {
      guard place < elements.count else { throw LatheError(.format, "\(path): the schema ends too early") }
      let children = elements[place].childCount
      guard children >= 0, children <= elements.count else {
        throw LatheError(
          .format, "\(path): column '\(elements[place].name)' has \(children) parts in the schema")
      }
      if children == 0 { leaves += 1 }
      left += children - 1
      place += 1
    }
    return place
  }

  private static func words(_ element: ParquetMetadata.Element) -> String {
    if case .other(let what) = element.logical { return what }
    return switch element.logical {
    case .bson: "BSON documents"
    case .interval: "intervals"
    case .decimal: "decimal numbers of \(element.length) bytes"
    default: "an unknown type"
    }
  }

  private static func plan(_ element: ParquetMetadata.Element, _ index: Int) -> ParquetPlan? {
    guard let physical = element.physical, let (type, conversion) = meaning(element) else { return nil }
    let width =
      switch physical {
      case .int32, .float: 4
      case .int64, .double: 8
      case .int96: 12
      case .fixed: element.length
      case .boolean, .byteArray: 0
      }
    guard physical != .fixed || (1...1 << 20).contains(width) else { return nil }
    var plan = ParquetPlan(
      index: index, name: element.name, type: type, conversion: conversion, physical: physical, width: width,
      isOptional: element.repetition == 1)
    switch conversion {
    case .time(_, let over) where over > 1:
      plan.note = "times to the nanosecond; read to the microsecond"
    case .decimal32, .decimal64, .decimalBytes:
      plan.note = "decimal numbers; read as float64, to 15 digits"
    default: break
    }
    return plan
  }

  private static func meaning(_ element: ParquetMetadata.Element) -> (ColumnType, ParquetPlan.Conversion)? {
    switch (element.physical, element.logical) {
    case (_, .unknownNull): return (.float64, .nothing)
    case (_, .other), (_, .bson), (_, .interval): return nil
    case (.boolean, _): return (.bool, .bool)
    case (.float, _): return (.float32, .float)
    case (.double, _): return (.float64, .double)
    case (.int96, _): return (.dateTime(), .julian)
    case (.int32, .date): return (.dateTime(), .time32(times: 86_400_000_000))
    case (.int32, .time): return (.duration, .time32(times: 1000))
    case (.int32, .integer(false)): return (.int64, .unsigned32)
    case (.int32, .decimal(let scale)), (.int64, .decimal(let scale)), (.byteArray, .decimal(let scale)),
      (.fixed, .decimal(let scale)):
      guard (0...1000).contains(scale), element.physical != .fixed || element.length <= 16 else { return nil }
      return switch element.physical {
      case .int32: (.float64, .decimal32(scale: scale))
      case .int64: (.float64, .decimal64(scale: scale))
      default: (.float64, .decimalBytes(scale: scale))
      }
    case (.int32, _): return (.int64, .int32)
    case (.int64, .time(let unit)): return (.duration, conversion(unit))
    case (.int64, .timestamp(let unit, let isUTC)):
      return (.dateTime(zone: isUTC ? "UTC" : nil), conversion(unit))
    case (.int64, .integer(false)): return (.int64, .unsigned64)
    case (.int64, _): return (.int64, .int64)
    case (.byteArray, _): return (.text, .text)
    case (.fixed, .uuid): return element.length == 16 ? (.text, .uuid) : nil
    case (.fixed, .float16): return element.length == 2 ? (.float32, .half) : nil
    case (.fixed, _): return (.text, .text)
    case (nil, _): return nil
    }
  }

  private static func conversion(_ unit: ParquetMetadata.Unit) -> ParquetPlan.Conversion {
    switch unit {
    case .milliseconds: .time(times: 1000, over: 1)
    case .microseconds: .time(times: 1, over: 1)
    case .nanoseconds: .time(times: 1, over: 1000)
    }
  }
}

/// What pandas says of the columns: categories, zones and durations, which Parquet's own schema has no words for.
struct PandasColumns {
  private struct File: Decodable {
    struct Column: Decodable {
      struct Metadata: Decodable { var timezone: String? }
      var field_name: String?
      var name: String?
      var pandas_type: String?
      var numpy_type: String?
      var metadata: Metadata?
    }
    var columns: [Column]
  }

  private var columns: [String: File.Column] = [:]

  init(_ text: String?) {
    guard let text, let file = try? JSONDecoder().decode(File.self, from: Data(text.utf8)) else { return }
    for column in file.columns { if let name = column.field_name ?? column.name { columns[name] = column } }
  }

  func refine(_ plan: inout ParquetPlan) {
    guard let column = columns[plan.name] else { return }
    switch plan.type {
    case .text where column.pandas_type == "categorical": plan.type = .categorical
    case .dateTime("UTC"):
      if let zone = column.metadata?.timezone, TimeZone(identifier: zone) != nil {
        plan.type = .dateTime(zone: zone)
      }
    case .int64 where plan.conversion == .int64:
      let times: (Int64, Int64)? =
        switch column.numpy_type {
        case "timedelta64[s]": (1_000_000, 1)
        case "timedelta64[ms]": (1000, 1)
        case "timedelta64[us]": (1, 1)
        case "timedelta64[ns]": (1, 1000)
        default: nil
        }
      guard let (times, over) = times else { return }
      plan = ParquetPlan(
        index: plan.index, name: plan.name, type: .duration, conversion: .time(times: times, over: over),
        physical: plan.physical, width: plan.width, isOptional: plan.isOptional,
        note: over > 1 ? "times to the nanosecond; read to the microsecond" : nil)
    default: break
    }
  }
}
