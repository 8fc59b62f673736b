import LatheCore
import Synchronization
import TableKernels

/// Reads a file in two passes: where rows are, then what they say; both on all threads.
///
/// Types are guessed from some rows. A value that contradicts a guess has its column looked at as a whole, so that the type
/// is the narrowest of the whole file whatever the guess was, and read again.
struct CSVParser {
  typealias Cut = CSVCutter.Cut

  let source: CSVSource
  let layout: CSVLayout
  let options: CSVOptions
  let rows: CSVRows
  let raggedRows: [CSVRaggedRow]
  private let types: CSVTypes
  private let fieldOptions: CSVFieldOptions
  private let chosen: [Int]

  init(path: String, _ options: CSVOptions) throws {
    self.options = options
    source = try CSVSource(path, encoding: options.encoding, memoryLimit: options.memoryLimit)
    layout = try CSVLayout(source, options)
    types = CSVTypes(options: options, layout: layout)
    fieldOptions = CSVFieldOptions(options, layout)
    chosen = try Self.chosen(layout, options, path)
    let all = try CSVRows(source, layout, threads: options.threads, step: options.step)
    (rows, raggedRows) =
      options.raggedRows == .error ? (all, []) : try Self.withoutRagged(all, source, layout, options)
    if let table = (options.types.keys.sorted() + options.numbersOrMissing.sorted()).first(where: {
      !layout.names.contains($0)
    }) {
      throw LatheError(
        .invalidArgument,
        "\(path): a type for the column '\(table)', which is not there; there are "
          + layout.names.prefix(20).joined(separator: ", "))
    }
  }

  private static func chosen(_ layout: CSVLayout, _ options: CSVOptions, _ path: String) throws -> [Int] {
    guard let names = options.columns else { return Array(0..<layout.width) }
    if let unknown = names.first(where: { !layout.names.contains($0) }) {
      throw LatheError(
        .invalidArgument,
        "\(path): no column '\(unknown)'; there are \(layout.names.prefix(20).joined(separator: ", "))")
    }
    return layout.names.indices.filter { names.contains(layout.names[$0]) }
  }

  /// The parts with as many rows as are as wide as the first, and the others.
  private static func withoutRagged(
    _ rows: CSVRows, _ source: CSVSource, _ layout: CSVLayout, _ options: CSVOptions
  ) throws -> (CSVRows, [CSVRaggedRow]) {
    let found = Mutex<[(part: Int, rows: Int, ragged: [(place: Int, end: Int, fields: Int)])]>([])
    try Tasks.run(
      rows.parts.count, threads: options.threads, workspace: { CSVCutterBox(source, layout, .setAside) }
    ) { part, box in
      try box.cutter.withCut(rows.parts[part]) { cut in
        let entry = (part, cut.rows, cut.ragged)
        if !entry.2.isEmpty { found.withLock { $0.append(entry) } }
      }
    }
    var rows = rows
    var aside: [CSVRaggedRow] = []
    for entry in found.withLock({ $0.sorted { $0.part < $1.part } }) {
      rows.parts[entry.part].rows = entry.rows
      for row in entry.ragged {
        let text = UnsafeBufferPointer(
          start: source.bytes + row.place, count: min(row.end - row.place, 1 << 20))
        aside.append(
          CSVRaggedRow(
            line: source.line(of: row.place, lineEnd: layout.format.line_end), fieldCount: row.fields,
            text: String(decoding: text, as: UTF8.self)))
      }
    }
    var count = 0
    for part in rows.parts.indices {
      let own = rows.parts[part]
      rows.parts[part].first = count
      count += own.rows
    }
    rows.count = count
    return (rows, aside)
  }

  // --- Types ---

  /// What the columns are, by some rows.
  func firstPlans() throws -> [CSVColumnPlan] {
    let few = 3
    let parts =
      rows.parts.count <= few
      ? rows.parts : [0, rows.parts.count / 2, rows.parts.count - 1].map { rows.parts[$0] }
    let found = try classify(chosen, parts, limit: 1000)
    let plans = chosen.map { types.given($0) ?? types.plan($0, found[$0] ?? 0, isWhole: false) }
    return try surer(plans, where: { !$0.isSure && $0.type == .text })
  }

  /// Plans of columns of which every value was looked at.
  private func surer(_ plans: [CSVColumnPlan], where isDoubtful: (CSVColumnPlan) -> Bool) throws
    -> [CSVColumnPlan]
  {
    let doubtful = plans.filter(isDoubtful).map(\.index)
    if doubtful.isEmpty { return plans }
    let found = try classify(doubtful, rows.parts, limit: .max)
    return plans.map { plan in found[plan.index].map { types.plan(plan.index, $0, isWhole: true) } ?? plan }
  }

  /// All columns' types by every value of the file, for those who read it in pieces.
  func finalPlans() throws -> [CSVColumnPlan] { try surer(firstPlans(), where: { !$0.isSure }) }

  /// What the values of columns can be read as, by column.
  private func classify(_ columns: [Int], _ parts: [CSVRows.Part], limit: Int) throws -> [Int: UInt32] {
    let all = types.kinds
    let kinds = Mutex(Dictionary(uniqueKeysWithValues: columns.map { ($0, all) }))
    try Tasks.run(
      parts.count, threads: options.threads, workspace: { CSVCutterBox(source, layout, options.raggedRows) }
    ) { part, box in
      try box.cutter.withCut(parts[part]) { cut in
        var fields = cut.fields
        fields.rows = min(fields.rows, limit)
        fieldOptions.words.withMissing { words in
          fields.missing = words
          fields.quoted_is_missing = fieldOptions.quotedIsMissing
          fields.decimal = types.decimal
          fields.thousands = fieldOptions.thousands
          for column in columns {
            fields.column = column
            fields.trims_return = column == layout.width - 1 && fieldOptions.lineEnd == 0x0A
            let own = lathe_csv_classify(&fields, all)
            kinds.withLock {
              let before = $0[column] ?? all
              let allowed = LATHE_KIND_ALL.rawValue
              $0[column] = (before & own & allowed) | ((before | own) & ~allowed)
            }
          }
        }
      }
    }
    return kinds.withLock { $0 }
  }

  // --- Values ---

  /// The columns in the rows of some parts.
  ///
  /// - Parameter plans: Become what the columns were read as.
  func read(_ range: Range<Int>, _ plans: inout [CSVColumnPlan]) throws -> [Column] {
    let parts = Array(rows.parts[range])
    let first = parts.first?.first ?? 0
    let count = parts.reduce(0) { $0 + $1.rows }
    var builders = plans.map { CSVColumnBuilder($0, rowCount: count, partCount: parts.count) }
    var wanted = Array(builders.indices)
    while !wanted.isEmpty {
      let current = wanted.map { builders[$0] }
      try Tasks.run(
        parts.count, threads: options.threads, workspace: { CSVCutterBox(source, layout, options.raggedRows) }
      ) { index, box in
        let part = parts[index]
        try box.cutter.withCut(part) { cut in
          for builder in current {
            guard let row = builder.read(cut, fieldOptions, first: part.first - first, part: index) else {
              continue
            }
            if builder.plan.isGiven || builder.plan.isSure { throw refusal(builder.plan, cut, row) }
          }
        }
      }
      wanted = wanted.filter { builders[$0].isRefused }
      let refused = Set(wanted.map { plans[$0].index })
      plans = try surer(plans, where: { refused.contains($0.index) })
      for index in wanted {
        builders[index] = CSVColumnBuilder(plans[index], rowCount: count, partCount: parts.count)
      }
    }
    try source.check()
    return try builders.indices.map { index in
      let builder = builders[index]
      let column = try builder.finish(parts, threads: options.threads)
      if builder.plan.isText && options.numbersOrMissing.contains(builder.plan.name) {
        let numbers = column.numbersOrMissing(decimal: options.decimal ?? ".")
        plans[index].noNumbers += numbers.missingCount - column.missingCount
        plans[index].note = "\(counted(plans[index].noNumbers, "values")) no number, and missing"
        return numbers
      }
      // A guess that nothing contradicted, since there is nothing.
      let isEmpty = !builder.plan.isGiven && column.missingCount == column.count && !builder.plan.isSure
      return isEmpty ? try column.cast(to: .float64) : column
    }
  }

  /// The line on which a row begins.
  func line(of row: Int) throws -> Int {
    guard let part = rows.parts.first(where: { row < $0.first + $0.rows }) else { return 0 }
    let box = CSVCutterBox(source, layout, options.raggedRows)
    return try box.cutter.withCut(part) { cut in
      source.line(
        of: part.start + Int(cut.fields.starts[row - part.first]), lineEnd: layout.format.line_end)
    }
  }

  private func refusal(_ plan: CSVColumnPlan, _ cut: borrowing Cut, _ row: Int) -> LatheError {
    let fields = cut.fields
    let end = Int(fields.ends[row * fields.width + plan.index])
    let start =
      plan.index == 0 ? Int(fields.starts[row]) : Int(fields.ends[row * fields.width + plan.index - 1]) + 1
    let text = String(
      decoding: UnsafeBufferPointer(start: fields.data + start, count: min(end - start, 40)), as: UTF8.self)
    return source.fault(
      cut.part.start + start, layout.format.line_end,
      "column '\(plan.name)': '\(text)' is not of type \(plan.type)")
  }
}

/// A cutter that a thread keeps.
final class CSVCutterBox {
  var cutter: CSVCutter
  init(_ source: CSVSource, _ layout: CSVLayout, _ raggedRows: CSVOptions.RaggedRows) {
    cutter = CSVCutter(source, layout, raggedRows)
  }
}
