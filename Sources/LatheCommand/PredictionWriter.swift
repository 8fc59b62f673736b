#if CommandLine
  import LatheML

  /// Writes the classes of each input with their probabilities, the most probable first.
  struct PredictionWriter {
    /// One answer.
    private struct Answer: Encodable {
      var `class`: String
      var probability: Float
    }

    /// All answers of an input.
    private struct Line: Encodable {
      var input: String
      var answers: [Answer]
    }

    private let format: PredictCommand.Format
    private let top: Int
    private var hasHead = false
    private var columns = (input: 5, class: 5)

    init(format: PredictCommand.Format, top: Int) {
      self.format = format
      self.top = top
    }

    /// Writes the answers of one input.
    ///
    /// - Throws: `LatheError` where a probability is no number.
    mutating func write(name: String, probabilities: [Float], of classes: [String]) throws {
      guard probabilities.allSatisfy(\.isFinite) else {
        throw LatheError(
          .training,
          "\(name): a probability is no number: the weights or the input hold values that are not finite")
      }
      // Of equals the first class, as argmax has it.
      let order = probabilities.indices.sorted {
        probabilities[$0] == probabilities[$1] ? $0 < $1 : probabilities[$0] > probabilities[$1]
      }
      let answers = order.prefix(top).map { Answer(class: classes[$0], probability: probabilities[$0]) }
      switch format {
      case .json: try Terminal.output(json: Line(input: name, answers: answers))
      case .csv: writeCSV(name, answers)
      case .table: writeTable(name, answers, classes)
      }
    }

    private mutating func writeCSV(_ name: String, _ answers: [Answer]) {
      if !hasHead { Terminal.output("input,rank,class,probability") }
      hasHead = true
      for (place, answer) in answers.enumerated() {
        Terminal.output("\(Self.field(name)),\(place + 1),\(Self.field(answer.class)),\(answer.probability)")
      }
    }

    private mutating func writeTable(_ name: String, _ answers: [Answer], _ classes: [String]) {
      if !hasHead {
        columns.class = max(5, classes.map { Self.shown($0).count }.max() ?? 0)
        columns.input = max(24, Self.shown(name).count)
        Terminal.output(
          "\(Terminal.left("input", columns.input))  \(Terminal.left("class", columns.class))  probability")
      }
      hasHead = true
      for (place, answer) in answers.enumerated() {
        Terminal.output(
          Terminal.left(place == 0 ? Self.shown(name) : "", columns.input) + "  "
            + Terminal.left(Self.shown(answer.class), columns.class)
            + Terminal.right(Terminal.fixed(Double(answer.probability), 4), 13))
      }
    }

    /// A name in a table, on one line; a space where that is all there is.
    private static func shown(_ name: String) -> String {
      let text = printable(name)
      return text.allSatisfy { $0 == " " } ? "'\(text)'" : text
    }

    /// A field as RFC 4180 quotes it.
    static func field(_ text: String) -> String {
      guard text.contains(where: { ",\"\n\r".contains($0) || $0.isNewline }) else { return text }
      return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
  }
#endif
