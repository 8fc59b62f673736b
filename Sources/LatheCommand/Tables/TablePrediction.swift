#if CommandLine
  import Foundation
  import LatheML

  /// `lathe predict --data`: what a model of tables makes of raw rows.
  struct TablePrediction {
    let model: TableModel
    let format: PredictCommand.Format

    /// Whether a path is that of a model of tables.
    static func isModel(_ path: String) -> Bool {
      path.hasSuffix(TableModel.fileName)
        || FileManager.default.fileExists(atPath: "\(path)/\(TableModel.fileName)")
    }

    /// Writes a line for each row of a file: the target, and the probability of each class.
    func write(_ path: String) throws {
      let types = model.features.columnTypes
      let (table, notes) = try TableInput.read(path, texts: Set(types.keys))
      notes.forEach { Terminal.note("\(path): \($0)") }
      let answers: Column
      do { answers = try model.predict(table) } catch let error as LatheError {
        throw LatheError(error.kind, "\(path): \(error.message)")
      }
      let known = Set(model.features.columnNames + [model.target]).union(model.ruleColumns)
      let surplus = table.columnNames.filter { !known.contains($0) }
      if !surplus.isEmpty {
        Terminal.note("\(path): passed over: \(surplus.prefix(20).joined(separator: ", "))")
      }
      for (name, count) in try model.features.unknownCategories(table).sorted(by: { $0.key < $1.key }) {
        Terminal.note(
          "\(path): column '\(name)': \(counted(count, "rows")) of categories that were not there in training"
        )
      }
      let strange =
        answers.type == .float64 ? (0..<answers.count).filter { !answers.numbers($0).isFinite } : []
      if let first = strange.first {
        Terminal.note(
          "\(path): \(counted(strange.count, "predictions")) no finite number, the first of row \(first + 1): values far "
            + "beyond those learned from, or a model of them")
      }
      let probabilities = model.isClassifier ? try? model.probabilities(table) : nil
      let more = try TableScorecard.Answers(model, table)
      if format != .json { header(hasProbabilities: probabilities != nil, more.names) }
      for row in 0..<answers.count { try line(answers, row, probabilities?[row], more) }
    }

    private func header(hasProbabilities: Bool, _ more: [String]) {
      let names = hasProbabilities ? model.classes.map { "probability_\($0)" } : []
      Terminal.output(([model.target] + names + more).map(Self.field).joined(separator: ","))
    }

    private func line(_ answers: Column, _ row: Int, _ probabilities: [Double]?, _ more: TableScorecard.Answers)
      throws
    {
      guard format == .json else {
        let fields = [Self.field(answers.strings(row))] + (probabilities ?? []).map { "\($0)" } + more.fields(row).map(Self.field)
        return Terminal.output(fields.joined(separator: ","))
      }
      let shares = probabilities.map { Dictionary(uniqueKeysWithValues: zip(model.classes, $0)) }
      if model.isClassifier {
        try Terminal.output(
          json: ClassLine(
            row: row, prediction: answers.strings(row), probabilities: shares, points: more.points?[row],
            reasons: more.reasons?[row], rule: more.rule(row)))
      } else {
        try Terminal.output(json: NumberLine(row: row, prediction: answers.numbers(row), rule: more.rule(row)))
      }
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
    fileprivate func strings(_ row: Int) -> String {
      if case .text(let text) = self[row] { return text }
      return numbers(row).description
    }

    fileprivate func numbers(_ row: Int) -> Double {
      if case .float64(let value) = self[row] { return value }
      return .nan
    }
  }
#endif
