#if CommandLine
  import Foundation
  import LatheML

  /// `lathe predict --data`: what a model of tables makes of raw rows, piece by piece.
  struct TablePrediction {
    private let model: TableModel
    private let format: PredictCommand.Format
    private let path: String
    /// Rows before the piece at hand.
    private var first = 0
    private var unknown: [String: Int] = [:]
    private var strange: (count: Int, first: Int)?

    init(model: TableModel, format: PredictCommand.Format, path: String) {
      self.model = model
      self.format = format
      self.path = path
    }

    /// Whether a path is that of a model of tables.
    static func isModel(_ path: String) -> Bool {
      path.hasSuffix(TableModel.fileName)
        || FileManager.default.fileExists(atPath: "\(path)/\(TableModel.fileName)")
    }

    /// Rows that are predicted at once.
    private static let step = 20_000

    /// Writes a line for each row of a file: the target, and the probability of each class.
    mutating func write(_ options: TableInput.Options) throws {
      let texts = Set(model.features.columnTypes.keys)
      try TableFile.open(path) { file in
        let kind = try TableFile.kind(file, named: path)
        if kind == .csv {
          try write(batches: TableInput.batches(file, options, texts))
        } else {
          let reading = try TableInput.read(file, kind, options, texts: texts)
          reading.showNotes(of: path)
          showSurplus(reading.table.columnNames)
          try write(reading.table, place: reading.place)
        }
      }
      for (name, count) in unknown.sorted(by: { $0.key < $1.key }) {
        Terminal.note(
          "\(TableFile.name(path)): column '\(name)': \(counted(count, "rows")) of categories that were not there in training"
        )
      }
      if let strange {
        Terminal.note(
          "\(TableFile.name(path)): \(counted(strange.count, "predictions")) no finite number, the first of row "
            + "\(strange.first + 1): values far beyond those learned from, or a model of them")
      }
    }

    /// In memory is one piece of the file at a time.
    private mutating func write(batches: CSVBatches) throws {
      var batches = batches
      let lines = batches
      let notes = batches.notes + TableInput.leftOut(batches.raggedRows)
      TableInput.Reading(table: try Table([]), notes: notes).showNotes(of: path)
      showSurplus(batches.columnNames)
      // A file without rows has a table of none, whose columns are there all the same.
      var next: Table? = try batches.next() ?? Table(batches.columnNames.map { Column($0, [Double?]()) })
      while let table = next {
        try write(table) { row in (try? lines.line(ofRow: row)).map { "line \($0)" } ?? "row \(row + 1)" }
        next = try batches.next()
      }
      let counts = batches.notes.filter { !notes.contains($0) }
      TableInput.Reading(table: try Table([]), notes: counts).showNotes(of: path)
    }

    private func showSurplus(_ names: [String]) {
      let known = Set(model.features.columnNames + [model.target]).union(model.ruleColumns)
      let surplus = names.filter { !known.contains($0) }
      guard !surplus.isEmpty else { return }
      Terminal.note("\(TableFile.name(path)): passed over: \(surplus.prefix(20).joined(separator: ", "))")
    }

    /// Writes the rows of a table.
    ///
    /// - Parameter place: Where a row of the file stands in it.
    private mutating func write(_ table: Table, place: (Int) -> String) throws {
      var start = 0
      repeat {
        let part =
          table.rowCount <= Self.step
          ? table : table.slice(start..<min(start + Self.step, table.rowCount))
        do { try write(part: part) } catch let error as LatheError {
          let before = first
          throw LatheError(
            error.kind, "\(TableFile.name(path)): \(TableFile.words(error.message) { place(before + $0) })")
        }
        first += part.rowCount
        start += Self.step
      } while start < table.rowCount
    }

    private mutating func write(part: Table) throws {
      let answers = try model.predict(part)
      let probabilities = model.isClassifier ? try? model.probabilities(part) : nil
      for (name, count) in try model.features.unknownCategories(part) { unknown[name, default: 0] += count }
      if answers.type == .float64 {
        for row in 0..<answers.count where !answers.number(row).isFinite {
          strange = strange.map { ($0.count + 1, $0.first) } ?? (1, first + row)
        }
      }
      var lines: [String] = []
      let more = try TableScorecard.Answers(model, part)
      if first == 0, format != .json {
        lines.append(header(hasProbabilities: probabilities != nil, more.names))
      }
      for row in 0..<answers.count { lines.append(try line(answers, row, probabilities?[row], more)) }
      if !lines.isEmpty { Terminal.output(lines.joined(separator: "\n")) }
    }

    private func header(hasProbabilities: Bool, _ more: [String]) -> String {
      let names = hasProbabilities ? model.classes.map { "probability_\($0)" } : []
      return ([model.target] + names + more).map(Self.field).joined(separator: ",")
    }

    private func line(
      _ answers: Column, _ row: Int, _ probabilities: [Double]?, _ more: TableScorecard.Answers
    ) throws -> String {
      guard format == .json else {
        let shares = (probabilities ?? []).map { "\($0)" }
        let fields = [Self.field(answers.string(row))] + shares + more.fields(row).map(Self.field)
        return fields.joined(separator: ",")
      }
      let shares = probabilities.map { Dictionary(uniqueKeysWithValues: zip(model.classes, $0)) }
      if model.isClassifier {
        return try JSONText.of(
          ClassLine(
            row: first + row, prediction: answers.string(row), probabilities: shares,
            points: more.points?[row],
            reasons: more.reasons?[row], rule: more.rule(row)))
      }
      return try JSONText.of(
        NumberLine(row: first + row, prediction: answers.number(row), rule: more.rule(row)))
    }

    private struct ClassLine: Encodable {
      var row: Int
      var prediction: String
      var probabilities: [String: Double]?
      var points: Double?
      var reasons: [String]?
      var rule: String?
    }

    private struct NumberLine: Encodable {
      var row: Int
      var prediction: Double
      var rule: String?

      /// JSON has no NaN and no infinite numbers.
      func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(row, forKey: .row)
        try keys.encode(prediction.isFinite ? prediction : nil, forKey: .prediction)
        try keys.encodeIfPresent(rule, forKey: .rule)
      }

      private enum CodingKeys: CodingKey { case row, prediction, rule }
    }

    /// A field as CSV has it.
    private static func field(_ text: String) -> String {
      let isPlain = !text.contains { ",\"\n\r".contains($0) }
      return isPlain ? text : "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }
  }

  extension Column {
    fileprivate func string(_ row: Int) -> String {
      if case .text(let text) = self[row] { return text }
      return number(row).description
    }

    fileprivate func number(_ row: Int) -> Double {
      if case .float64(let value) = self[row] { return value }
      return .nan
    }
  }
#endif
