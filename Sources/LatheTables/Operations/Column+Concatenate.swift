import LatheCore

extension Column {
  /// Columns one behind the other, under the name of the first.
  ///
  /// Whole numbers beside numbers become numbers, categories beside texts texts.
  ///
  /// - Throws: `LatheError.invalidArgument` where there is none, or types have nothing in common.
  public static func concatenate(_ columns: [Column]) throws -> Column {
    guard let first = columns.first else { throw LatheError(.invalidArgument, "concatenate: no columns") }
    if columns.count == 1 { return first }
    let type = try columns.dropFirst().reduce(first.type) { try common($0, $1) }
    let cast = try columns.map { try $0.cast(to: type) }
    let count = cast.reduce(0) { $0 + $1.count }
    let starts = cast.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    var validity: Bitmap?
    if cast.contains(where: { $0.validity != nil }) {
      var place = 0
      validity = Bitmap(count: count) { row in
        while row >= starts[place + 1] { place += 1 }
        return cast[place].isValid(row - starts[place])
      }
    }
    return Column(first.name, joined(cast, count), validity: validity)
  }

  private static func common(_ type: ColumnType, _ column: Column) throws -> ColumnType {
    switch (type, column.type) {
    case (let a, let b) where a == b: return a
    case (.float64, .int64), (.int64, .float64), (.float64, .float32), (.float32, .float64),
      (.int64, .float32),
      (.float32, .int64):
      return .float64
    case (.text, .categorical), (.categorical, .text): return .text
    default:
      throw LatheError(
        .invalidArgument,
        "column '\(column.name)' is of \(type) in one table and of \(column.type) in another; cast one of them"
      )
    }
  }

  /// Columns of one type.
  private static func joined(_ columns: [Column], _ count: Int) -> Storage {
    func put<Element>(_ values: (Column) -> ColumnValues<Element>?) -> ColumnValues<Element> {
      let result = ColumnValues<Element>(count: count)
      var place = 0
      for part in columns.compactMap(values) {
        part.withUnsafeBufferPointer {
          _ = UnsafeMutableBufferPointer(rebasing: result.mutable[place..<place + part.count]).update(
            fromContentsOf: $0)
        }
        place += part.count
      }
      return result
    }
    func integers(_ column: Column) -> ColumnValues<Int64>? {
      switch column.storage {
      case .int64(let values), .dateTime(let values, _), .duration(let values): values
      default: nil
      }
    }
    switch columns[0].storage {
    case .float64: return .float64(put { if case .float64(let values) = $0.storage { values } else { nil } })
    case .float32: return .float32(put { if case .float32(let values) = $0.storage { values } else { nil } })
    case .bool: return .bool(put { if case .bool(let values) = $0.storage { values } else { nil } })
    case .int64: return .int64(put(integers))
    case .dateTime(_, let zone): return .dateTime(put(integers), zone: zone)
    case .duration: return .duration(put(integers))
    case .text: return .text(joinedTexts(columns))
    case .categorical:
      // The dictionaries behind each other, each text once.
      var builder = TextBuilder()
      for case .categorical(_, let categories) in columns.map(\.storage) {
        for index in 0..<categories.count { builder.append(utf8: categories.utf8(index)) }
      }
      let all = builder.finish()
      var index = TextIndex(all, reserving: all.count)
      let numbers = (0..<all.count).map { Int32(index.index(of: $0)) }
      let codes = ColumnValues<Int32>(count: count)
      var place = 0
      var start = 0
      for case .categorical(let own, let categories) in columns.map(\.storage) {
        for code in own {
          codes.mutable[place] = categories.count == 0 ? 0 : numbers[start + Int(code)]
          place += 1
        }
        start += categories.count
      }
      return .categorical(codes: codes, categories: index.firstRows.withUnsafeBufferPointer(all.taking))
    }
  }

  private static func joinedTexts(_ columns: [Column]) -> TextValues {
    let texts = columns.compactMap { if case .text(let values) = $0.storage { values } else { nil } }
    let offsets = ColumnValues<Int64>(count: texts.reduce(1) { $0 + $1.count })
    let bytes = ColumnValues<UInt8>(count: texts.reduce(0) { $0 + Int($1.offsets.pointer[$1.count]) })
    offsets.mutable[0] = 0
    var row = 0
    var end = 0
    for part in texts {
      let length = Int(part.offsets.pointer[part.count])
      if length > 0, let target = bytes.mutable.baseAddress {
        (target + end).update(from: part.bytes.pointer, count: length)
      }
      for index in 1..<part.count + 1 {
        offsets.mutable[row + index] = Int64(end) + part.offsets.pointer[index]
      }
      row += part.count
      end += length
    }
    return TextValues(offsets: offsets, bytes: bytes)
  }
}

extension Table {
  /// Tables one below the other: columns by name, in the order of the first.
  ///
  /// - Throws: `LatheError.invalidArgument` where a table lacks a column or has one more.
  public static func concatenate(_ tables: [Table]) throws -> Table {
    guard let first = tables.first else { throw LatheError(.invalidArgument, "concatenate: no tables") }
    for table in tables {
      let missing = first.columnNames.filter { !table.contains($0) }
      let surplus = table.columnNames.filter { !first.contains($0) }
      guard missing.isEmpty, surplus.isEmpty else {
        let lacks = missing.isEmpty ? "" : " lacks \(missing.map { "'\($0)'" }.joined(separator: ", "))"
        let has = surplus.isEmpty ? "" : " has also \(surplus.map { "'\($0)'" }.joined(separator: ", "))"
        throw LatheError(
          .invalidArgument,
          "concatenate: a table\(lacks)\(lacks.isEmpty || has.isEmpty ? "" : " and")\(has); select the same columns of all"
        )
      }
    }
    return Table(
      known: try first.columnNames.map { name in try Column.concatenate(tables.map { try $0[name] }) },
      rowCount: tables.reduce(0) { $0 + $1.rowCount })
  }

  /// The table with another one's columns beside its own.
  public func concatenated(beside other: Table) throws -> Table { try Table(columns + other.columns) }
}
