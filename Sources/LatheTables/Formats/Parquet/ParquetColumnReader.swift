import LatheCore
import TableKernels

/// Reads a column, group of rows by group of rows.
struct ParquetColumnReader {
  /// Where a text is.
  private struct Span {
    var start: Int
    var count: Int
  }

  private let source: ParquetSource
  private let plan: ParquetPlan
  private let rowCount: Int
  private let target: ColumnMemory
  private let validity: Bitmap?
  private var row = 0
  private var textBytes: ParquetRoom
  private var textEnd = 0
  // What pages are decompressed to, and parts of them; used again for the next one.
  private var pageRoom: ParquetRoom
  private var dictionaryPage: ParquetRoom
  private var dictionary: ParquetRoom
  private var dictionaryCount = 0
  private var dictionarySpans: ParquetRoom
  private var dictionaryValues = UnsafeRawBufferPointer(start: nil, count: 0)
  private var spans: ParquetRoom
  private var levels: ParquetRoom
  private var indices: ParquetRoom
  private var numbers: ParquetRoom
  private var joined: ParquetRoom

  init(_ source: ParquetSource, _ plan: ParquetPlan) throws {
    self.source = source
    self.plan = plan
    rowCount = source.metadata.rowCount
    let stride = plan.stride == 0 ? 8 : plan.stride
    let (size, overflow) = (rowCount + 1).multipliedReportingOverflow(by: stride)
    try source.take(overflow ? .max : size + rowCount / 8)
    target = ColumnMemory(byteCount: size)
    validity = plan.isOptional || plan.conversion == .nothing ? Bitmap(count: rowCount) : nil
    func room() -> ParquetRoom { ParquetRoom(source) }
    (textBytes, pageRoom, dictionaryPage, dictionary) = (room(), room(), room(), room())
    (levels, indices, numbers, joined) = (room(), room(), room(), room())
    (dictionarySpans, spans) = (room(), room())
  }

  /// The column.
  ///
  /// - Throws: `LatheError` naming the file, the column and the offset of what is wrong.
  mutating func read() throws -> Column {
    if plan.stride == 0 { target.bytes.storeBytes(of: 0, as: Int64.self) }
    // Of groups without rows the places of pages mean nothing.
    for group in source.metadata.groups where group.rowCount > 0 {
      let chunk = group.chunks[plan.index]
      do { try read(chunk, group.rowCount) } catch let fault as ParquetFault {
        throw LatheError(
          .format, "\(source.path): offset \(fault.place): column '\(plan.name)': \(fault.what)")
      }
    }
    return try finish()
  }

  private mutating func read(_ chunk: ParquetMetadata.Chunk, _ rows: Int) throws {
    guard chunk.isEncrypted || chunk.isElsewhere || chunk.valueCount == rows else {
      throw ParquetFault(place: chunk.place, what: "\(chunk.valueCount) values for \(rows) rows")
    }
    var pages = try ParquetPages(source, plan, chunk)
    dictionaryCount = 0
    let end = row + rows
    while row < end, let page = try pages.next(&pageRoom, &dictionaryPage) {
      do {
        if page.isDictionary {
          try readDictionary(page)
        } else {
          guard page.valueCount <= end - row else {
            throw ParquetBits.Fault(what: "\(page.valueCount) values where \(end - row) are left")
          }
          try readValues(page)
          row += page.valueCount
        }
      } catch let fault as ParquetBits.Fault { throw ParquetFault(place: page.place, what: fault.what) }
    }
    guard row == end else {
      throw ParquetFault(place: chunk.place, what: "\(end - row) of \(rows) values are not there")
    }
  }

  private func finish() throws -> Column {
    func values<Element>(_: Element.Type) -> ColumnValues<Element> { ColumnValues(target, count: rowCount) }
    let storage: Column.Storage
    switch plan.type {
    case .float64: storage = .float64(values(Double.self))
    case .float32: storage = .float32(values(Float.self))
    case .int64: storage = .int64(values(Int64.self))
    case .bool: storage = .bool(values(UInt8.self))
    case .dateTime(let zone): storage = .dateTime(values(Int64.self), zone: zone)
    case .duration: storage = .duration(values(Int64.self))
    case .text, .categorical:
      let offsets = ColumnValues<Int64>(target, count: rowCount + 1)
      let bytes = ColumnValues<UInt8>(textBytes.kept, count: textEnd)
      try checkUTF8(offsets, bytes)
      storage = .text(TextValues(offsets: offsets, bytes: bytes))
    }
    let column = Column(plan.name, storage, validity: validity)
    return plan.type == .categorical ? try column.cast(to: .categorical) : column
  }

  private func checkUTF8(_ offsets: ColumnValues<Int64>, _ bytes: ColumnValues<UInt8>) throws {
    let fault = lathe_utf8_fault(bytes.pointer, textEnd)
    var wrong = fault == textEnd ? nil : (0..<rowCount).first { Int(offsets.pointer[$0 + 1]) > fault }
    // Text that is right as a whole can still be cut inside a character.
    if wrong == nil {
      wrong = (0..<rowCount).first {
        let start = Int(offsets.pointer[$0])
        return start < textEnd && bytes.pointer[start] & 0xC0 == 0x80
      }
    }
    guard let wrong else { return }
    throw LatheError(
      .format,
      "\(source.path): column '\(plan.name)': row \(wrong): bytes that are no UTF-8 text, which a flat table has no type for; "
        + "read the other columns (option columns)")
  }

  // --- Pages ---

  private mutating func readDictionary(_ page: ParquetPage) throws {
    guard page.encoding == 0 || page.encoding == 2, plan.physical != .boolean else {
      throw ParquetBits.Fault(what: "a dictionary in the encoding \(page.encoding)")
    }
    // Every value takes a byte at least.
    guard page.valueCount <= page.values.count else {
      throw ParquetBits.Fault(what: "a dictionary of \(page.valueCount) values in \(page.values.count) bytes")
    }
    var bits = ParquetBits(page.values)
    dictionaryCount = page.valueCount
    dictionaryValues = page.values
    let found = try dictionarySpans.buffer(
      Span.self, plan.physical == .byteArray || plan.stride == 0 ? page.valueCount : 0)
    if found.count > 0 { try Self.find(found, &bits, plan.width) }
    guard plan.stride > 0 else { return }
    let values = try dictionary.bytes(page.valueCount * plan.stride)
    if plan.physical == .byteArray {
      try decimals(found, page.values, values)
    } else {
      try convert(try bits.take(page.valueCount * plan.width), page.valueCount, values)
    }
  }

  private mutating func readValues(_ page: ParquetPage) throws {
    var present = page.valueCount
    var isPresent: UnsafeMutableBufferPointer<UInt8>?
    if let bytes = page.levels {
      let found = try levels.buffer(UInt8.self, page.valueCount)
      var bits = ParquetBits(bytes)
      try bits.runs(found, width: 1)
      present = found.reduce(0) { $0 + Int($1) }
      if present < page.valueCount {
        isPresent = found
        mark(found)
      }
    }
    if plan.conversion == .nothing {
      guard present == 0 || page.levels == nil else {
        throw ParquetBits.Fault(what: "values of a type that has none")
      }
      mark(try levels.buffer(UInt8.self, page.valueCount), all: true)
      let values = target.bytes.assumingMemoryBound(to: Double.self) + row
      for index in 0..<page.valueCount { values[index] = .nan }
      return
    }
    if plan.stride == 0 { return try readTexts(page, present, isPresent) }
    let start = target.bytes + row * plan.stride
    try readFixed(page, present, start)
    guard let isPresent else { return }
    switch plan.type {
    case .bool: Self.spread(start, isPresent, present, UInt8(0))
    case .float32: Self.spread(start, isPresent, present, Float.nan)
    case .float64: Self.spread(start, isPresent, present, Double.nan)
    default: Self.spread(start, isPresent, present, Int64(0))
    }
  }

  /// Notes which rows have no value.
  private func mark(_ isPresent: UnsafeMutableBufferPointer<UInt8>, all: Bool = false) {
    guard let words = validity?.words.mutable else { return }
    for index in isPresent.indices where all || isPresent[index] == 0 {
      words[(row + index) >> 6] &= ~(1 << UInt64((row + index) & 63))
    }
  }

  /// Moves values that lie side by side to their rows, from behind.
  private static func spread<Element: BitwiseCopyable>(
    _ start: UnsafeMutableRawPointer, _ isPresent: UnsafeMutableBufferPointer<UInt8>, _ present: Int,
    _ nothing: Element
  ) {
    let values = start.assumingMemoryBound(to: Element.self)
    var next = present
    for index in isPresent.indices.reversed() {
      if isPresent[index] == 0 {
        values[index] = nothing
      } else {
        next -= 1
        values[index] = values[next]
      }
    }
  }

  private func convert(_ raw: UnsafeRawBufferPointer, _ count: Int, _ target: UnsafeMutableRawPointer) throws
  {
    guard count > 0, let start = raw.baseAddress else { return }
    if let place = ParquetConversion.run(plan, start, count, target) {
      throw ParquetBits.Fault(what: "value \(place) of the page is beyond what \(plan.type) holds")
    }
  }

  private func decimals(
    _ spans: UnsafeMutableBufferPointer<Span>, _ bytes: UnsafeRawBufferPointer,
    _ target: UnsafeMutableRawPointer
  ) throws {
    guard case .decimalBytes(let scale) = plan.conversion else { throw unknown(0) }
    let values = target.assumingMemoryBound(to: Double.self)
    for (index, span) in spans.enumerated() {
      let text = UnsafeRawBufferPointer(rebasing: bytes[span.start..<span.start + span.count])
      guard let value = ParquetConversion.decimal(text, scale) else {
        throw ParquetBits.Fault(what: "a decimal number of \(span.count) bytes")
      }
      values[index] = value
    }
  }

  private func unknown(_ encoding: Int) -> ParquetBits.Fault {
    ParquetBits.Fault(what: "values of \(plan.physical) in the encoding \(encoding), which is not read")
  }

  private mutating func places(_ bits: inout ParquetBits, _ count: Int) throws -> UnsafeMutableBufferPointer<
    UInt32
  > {
    let found = try indices.buffer(UInt32.self, count)
    if count == 0 { return found }
    let width = Int(try bits.take(1)[0])
    try bits.runs(found, width: width)
    if let largest = found.max(), Int(largest) >= dictionaryCount {
      throw ParquetBits.Fault(what: "the place \(largest) in a dictionary of \(dictionaryCount) values")
    }
    return found
  }

  private mutating func readFixed(_ page: ParquetPage, _ count: Int, _ target: UnsafeMutableRawPointer) throws
  {
    var bits = ParquetBits(page.values)
    switch (page.encoding, plan.physical) {
    case (0, .boolean):
      let room = UnsafeMutableBufferPointer(start: target.assumingMemoryBound(to: UInt8.self), count: count)
      ParquetBits.unpack(try bits.take(ParquetBits.byteCount(count, 1)), 1, room)
    case (3, .boolean):
      if count == 0 { return }
      var packed = ParquetBits(try bits.takeCounted())
      let room = UnsafeMutableBufferPointer(start: target.assumingMemoryBound(to: UInt8.self), count: count)
      try packed.runs(room, width: 1)
    case (2, _), (8, _):
      let places = try places(&bits, count)
      let values = try dictionary.bytes(dictionaryCount * plan.stride)
      if plan.stride == 4 {
        Self.gather(values, places, target, UInt32.self)
      } else {
        Self.gather(values, places, target, UInt64.self)
      }
    case (_, .byteArray):
      let (spans, base) = try texts(&bits, page, count)
      try decimals(spans, base, target)
    case (_, .boolean): throw unknown(page.encoding)
    default: try convert(stored(&bits, page.encoding, count), count, target)
    }
  }

  private static func gather<Element: BitwiseCopyable>(
    _ values: UnsafeMutableRawPointer, _ places: UnsafeMutableBufferPointer<UInt32>,
    _ target: UnsafeMutableRawPointer,
    _: Element.Type
  ) {
    let values = values.assumingMemoryBound(to: Element.self)
    let target = target.assumingMemoryBound(to: Element.self)
    for index in places.indices { target[index] = values[Int(places[index])] }
  }

  /// Values of one width side by side.
  private mutating func stored(_ bits: inout ParquetBits, _ encoding: Int, _ count: Int) throws
    -> UnsafeRawBufferPointer
  {
    let (size, overflow) = count.multipliedReportingOverflow(by: plan.width)
    if overflow { throw ParquetBits.Fault(what: "\(count) values") }
    switch (encoding, plan.physical) {
    case (0, _): return try bits.take(size)
    case (5, .int64), (5, .int32):
      let found = try numbers.buffer(Int64.self, count)
      try bits.differences(found)
      if plan.physical == .int32 {
        // In the same memory, whose front half they take.
        let bytes = UnsafeMutableRawBufferPointer(found)
        for index in found.indices {
          bytes.storeBytes(
            of: Int32(truncatingIfNeeded: found[index]), toByteOffset: 4 * index, as: Int32.self)
        }
      }
      return UnsafeRawBufferPointer(start: found.baseAddress, count: size)
    case (7, .fixed):
      let (spans, base) = try joinedTexts(&bits, count)
      guard spans.allSatisfy({ $0.count == plan.width }) else {
        throw ParquetBits.Fault(what: "values of another width than \(plan.width)")
      }
      return base
    case (9, .float), (9, .double), (9, .int32), (9, .int64), (9, .fixed):
      let split = try bits.take(size)
      let found = try numbers.bytes(size)
      for byte in 0..<plan.width {
        for index in 0..<count {
          found.storeBytes(
            of: split[byte * count + index], toByteOffset: index * plan.width + byte, as: UInt8.self)
        }
      }
      return UnsafeRawBufferPointer(start: found, count: size)
    default: throw unknown(encoding)
    }
  }

  // --- Texts ---

  /// Finds texts of one width, or with their lengths in front of them where it is 0.
  private static func find(_ spans: UnsafeMutableBufferPointer<Span>, _ bits: inout ParquetBits, _ width: Int)
    throws
  {
    for index in spans.indices {
      let text = width > 0 ? try bits.take(width) : try bits.takeCounted()
      spans[index] = Span(start: bits.place - text.count, count: text.count)
    }
  }

  private mutating func texts(_ bits: inout ParquetBits, _ page: ParquetPage, _ count: Int) throws -> (
    UnsafeMutableBufferPointer<Span>, UnsafeRawBufferPointer
  ) {
    guard [0, 6, 7].contains(page.encoding) else { throw unknown(page.encoding) }
    if page.encoding == 7 { return try joinedTexts(&bits, count) }
    let spans = try spans.buffer(Span.self, count)
    if page.encoding == 0 {
      try Self.find(spans, &bits, 0)
    } else {
      let lengths = try numbers.buffer(Int64.self, count)
      try bits.differences(lengths)
      for index in spans.indices {
        let text = try bits.take(Int(lengths[index]))
        spans[index] = Span(start: bits.place - text.count, count: text.count)
      }
    }
    return (spans, page.values)
  }

  /// Texts of which each begins as the one before.
  private mutating func joinedTexts(_ bits: inout ParquetBits, _ count: Int) throws -> (
    UnsafeMutableBufferPointer<Span>, UnsafeRawBufferPointer
  ) {
    let shared = try numbers.buffer(Int64.self, count)
    try bits.differences(shared)
    let lengths = try indices.buffer(Int64.self, count)
    try bits.differences(lengths)
    let spans = try spans.buffer(Span.self, count)
    var end = 0
    var last = Span(start: 0, count: 0)
    for index in 0..<count {
      let (first, length) = (Int(shared[index]), Int(lengths[index]))
      guard first >= 0, first <= last.count else {
        throw ParquetBits.Fault(what: "a text that begins as \(first) bytes of one of \(last.count)")
      }
      let rest = try bits.take(length)
      let bytes = try joined.bytes(end + first + rest.count, keeping: end)
      (bytes + end).copyMemory(from: bytes + last.start, byteCount: first)
      if let start = rest.baseAddress { (bytes + end + first).copyMemory(from: start, byteCount: rest.count) }
      last = Span(start: end, count: first + rest.count)
      spans[index] = last
      end += last.count
    }
    return (spans, UnsafeRawBufferPointer(start: try joined.bytes(end, keeping: end), count: end))
  }

  private mutating func readTexts(
    _ page: ParquetPage, _ count: Int, _ isPresent: UnsafeMutableBufferPointer<UInt8>?
  ) throws {
    var bits = ParquetBits(page.values)
    switch page.encoding {
    case 2, 8:
      let places = try places(&bits, count)
      let spans = try dictionarySpans.buffer(Span.self, dictionaryCount)
      try append(page, isPresent, dictionaryValues) { spans[Int(places[$0])] }
    default:
      if plan.physical == .fixed {
        let base = try stored(&bits, page.encoding, count)
        let width = plan.width
        return try append(page, isPresent, base) { Span(start: $0 * width, count: width) }
      }
      let (spans, base) = try texts(&bits, page, count)
      try append(page, isPresent, base) { spans[$0] }
    }
  }

  private mutating func append(
    _ page: ParquetPage, _ isPresent: UnsafeMutableBufferPointer<UInt8>?, _ base: UnsafeRawBufferPointer,
    _ span: (Int) -> Span
  ) throws {
    let offsets = target.bytes.assumingMemoryBound(to: Int64.self) + row + 1
    var next = 0
    for index in 0..<page.valueCount {
      if isPresent.map({ $0[index] != 0 }) ?? true {
        let span = span(next)
        next += 1
        let text = UnsafeRawBufferPointer(rebasing: base[span.start..<span.start + span.count])
        if plan.conversion == .uuid {
          try ParquetConversion.uuid(text).withUnsafeBytes { try append($0) }
        } else {
          try append(text)
        }
      }
      offsets[index] = Int64(textEnd)
    }
  }

  private mutating func append(_ text: UnsafeRawBufferPointer) throws {
    guard let start = text.baseAddress, text.count > 0 else { return }
    let bytes = try textBytes.bytes(textEnd + text.count, keeping: textEnd)
    (bytes + textEnd).copyMemory(from: start, byteCount: text.count)
    textEnd += text.count
  }
}
