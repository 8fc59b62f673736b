import LatheCore
import Synchronization
import TableKernels

/// A column under way: threads write the rows of their parts.
final class CSVColumnBuilder: Sendable {
  let plan: CSVColumnPlan
  private let memory: ColumnMemory
  private let validity: Bitmap?
  private let parts: Mutex<Parts>
  private let hasFailed = Atomic(false)
  private let rowCount: Int

  private struct Parts {
    var missing: [Int]
    /// Texts of each part, which are put together once all are there.
    var texts: [(memory: ColumnMemory?, count: Int)]
  }

  /// - Parameters:
  ///   - rowCount: The rows of all parts.
  ///   - partCount: The parts.
  init(_ plan: CSVColumnPlan, rowCount: Int, partCount: Int) {
    self.plan = plan
    self.rowCount = rowCount
    let stride =
      switch plan.type {
      case .bool: 1
      case .float32: 4
      default: 8
      }
    memory = ColumnMemory(byteCount: (rowCount + 1) * stride)
    validity = Bitmap(count: rowCount)
    parts = Mutex(
      Parts(
        missing: Array(repeating: 0, count: partCount),
        texts: Array(repeating: (nil, 0), count: plan.isText ? partCount : 0)))
  }

  /// Whether a value was met that is not of the type, so that the column must be read as another.
  var isRefused: Bool { hasFailed.load(ordering: .relaxed) }

  /// Reads the column in rows that have been cut.
  ///
  /// - Parameters:
  ///   - first: The row of the table that the part's first one becomes.
  ///   - part: The part's number.
  /// - Returns: A row whose value is not of the type, counted in the part.
  func read(_ cut: borrowing CSVParser.Cut, _ options: CSVFieldOptions, first: Int, part: Int) -> Int? {
    if isRefused { return nil }
    return options.words.withMissing { words in
      var fields = cut.fields
      fields.column = plan.index
      fields.trims_return = plan.index == fields.width - 1 && options.lineEnd == 0x0A
      fields.quoted_is_missing = options.quotedIsMissing
      fields.decimal = plan.decimal
      fields.thousands = options.thousands
      fields.refuses_long_integers = !plan.isGiven
      fields.missing = words
      var target = lathe_csv_target(
        values: memory.bytes, validity: validity?.words.mutable.baseAddress, first: first, missing: 0)
      var done = fields.rows
      switch plan.type {
      case .int64: done = lathe_csv_int64(&fields, &target)
      case .float64: done = lathe_csv_float64(&fields, &target)
      case .float32: done = lathe_csv_float32(&fields, &target)
      case .bool: done = lathe_csv_bool(&fields, &target)
      case .dateTime(let zone):
        done = lathe_csv_time(&fields, &target, Int32(bitPattern: plan.order.rawValue), zone != nil)
      case .duration: done = lathe_csv_duration(&fields, &target)
      case .text, .categorical:
        let room = ColumnMemory(byteCount: lathe_csv_text_room(&fields) + 16)
        // Behind the first offset, which is 0 for the whole column.
        target.values = memory.bytes + 8
        let count = lathe_csv_text(&fields, &target, room.bytes.assumingMemoryBound(to: UInt8.self))
        parts.withLock { $0.texts[part] = (room, count) }
      }
      parts.withLock { $0.missing[part] = target.missing }
      guard done < fields.rows else { return nil }
      hasFailed.store(true, ordering: .relaxed)
      return done
    }
  }

  /// The column once all parts have been read.
  func finish(_ rows: [CSVRows.Part], threads: Int?) throws -> Column {
    let (missing, texts) = parts.withLock { ($0.missing.reduce(0, +), $0.texts) }
    let validity = missing > 0 ? self.validity : nil
    func values<Element>(_: Element.Type) -> ColumnValues<Element> { ColumnValues(memory, count: rowCount) }
    let name = plan.name
    switch plan.type {
    case .int64: return Column(name, .int64(values(Int64.self)), validity: validity)
    case .float64: return Column(name, .float64(values(Double.self)), validity: validity)
    case .float32: return Column(name, .float32(values(Float.self)), validity: validity)
    case .bool: return Column(name, .bool(values(UInt8.self)), validity: validity)
    case .dateTime(let zone):
      return Column(name, .dateTime(values(Int64.self), zone: zone), validity: validity)
    case .duration: return Column(name, .duration(values(Int64.self)), validity: validity)
    case .text, .categorical:
      let text = try joined(texts, rows, threads: threads)
      let column = Column(name, .text(text), validity: validity)
      return plan.type == .categorical ? try column.cast(to: .categorical) : column
    }
  }

  /// The texts of all parts end to end, their offsets counted from the beginning.
  private func joined(
    _ texts: [(memory: ColumnMemory?, count: Int)], _ rows: [CSVRows.Part], threads: Int?
  ) throws -> TextValues {
    // The last is where all of them end.
    let starts = texts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    let bytes = ColumnValues<UInt8>(count: starts[texts.count])
    let offsets = ColumnValues<Int64>(memory, count: rowCount + 1)
    offsets.mutable[0] = 0
    let target = CSVShared(bytes.mutable)
    let places = CSVShared(offsets.mutable)
    let first = rows.first?.first ?? 0
    try Tasks.run(texts.count, threads: threads) { part in
      guard let from = texts[part].memory, let to = target.buffer.baseAddress else { return }
      (UnsafeMutableRawPointer(to) + starts[part]).copyMemory(from: from.bytes, byteCount: texts[part].count)
      let row = rows[part].first - first + 1
      let start = Int64(starts[part])
      for place in row..<row + rows[part].rows { places.buffer[place] += start }
    }
    return TextValues(offsets: offsets, bytes: bytes)
  }
}

extension CSVColumnPlan {
  /// Whether texts are read, also where something else is made of them then.
  var isText: Bool { type == .text || type == .categorical }
}

/// What fields mean in every column.
struct CSVFieldOptions: Sendable {
  let words: CSVMissingWords
  let quotedIsMissing: Bool
  let thousands: UInt8
  let lineEnd: UInt8

  init(_ options: CSVOptions, _ layout: CSVLayout) {
    words = CSVMissingWords(options.missing)
    quotedIsMissing = options.quotedIsMissing
    thousands = options.thousands?.asciiValue ?? 0
    lineEnd = layout.format.line_end
  }
}

/// The words for missing values as the kernels take them.
struct CSVMissingWords: Sendable {
  private let bytes: [UInt8]
  private let ends: [UInt32]
  private let isEmptyMissing: Bool
  private let longest: Int

  init(_ words: Set<String>) {
    var bytes: [UInt8] = []
    var ends: [UInt32] = []
    var longest = 0
    for word in words.sorted() where !word.isEmpty {
      bytes += word.utf8
      ends.append(UInt32(bytes.count))
      longest = max(longest, word.utf8.count)
    }
    self.bytes = bytes
    self.ends = ends
    self.longest = longest
    isEmptyMissing = words.contains("")
  }

  func withMissing<Result>(_ body: (UnsafePointer<lathe_words>) throws -> Result) rethrows -> Result {
    try bytes.withUnsafeBufferPointer { bytes in
      try ends.withUnsafeBufferPointer { ends in
        var words = lathe_words()
        words.bytes = bytes.baseAddress
        words.ends = ends.baseAddress
        words.count = UInt32(ends.count)
        words.longest = UInt32(longest)
        words.has_empty = isEmptyMissing
        withUnsafeMutableBytes(of: &words.begins) { begins in
          var start = 0
          for end in ends {
            begins[Int(bytes[start])] = 1
            start = Int(end)
          }
        }
        return try body(&words)
      }
    }
  }
}
