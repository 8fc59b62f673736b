import LatheML

/// Texts of any form as training and test set.
struct TextParts: DataParts {
  let training: any TrainingData
  let test: any TrainingData
  let description: DataDescription

  /// A text to learn to go on with: a file as a whole, or the texts of JSON lines one under the other.
  init(language source: DataSource) throws {
    let text: String
    if source.kind == .jsonl {
      text = try TextParts.records(source).map { String(decoding: $0.text, as: UTF8.self) }.joined(
        separator: "\n")
    } else {
      text = try TextDataset.read(source.file, limit: source.options.memoryLimit)
    }
    let length = source.stored?.input.length ?? source.options.length ?? 128
    let vocabulary = source.stored?.characters
    let whole = source.isWhole && vocabulary != nil
    let parts: (training: TextDataset, test: TextDataset)
    if whole, let vocabulary {
      let all = try TextDataset(text, vocabulary: vocabulary, length: length, source: source.file)
      parts = (all, all)
    } else {
      parts = try TextDataset.parts(
        text, length: length, vocabulary: vocabulary, testShare: source.options.testShare, source: source.file
      )
    }
    (training, test) = (parts.training, parts.test)
    var description = source.description(
      TextParts.input(parts.test.vocabulary.count, length, parts.test.vocabulary.count))
    description.characters = parts.test.vocabulary
    self.description = description
  }

  /// Texts with classes: lines of class, tab and text; JSON lines or a CSV table with a text and a label.
  init(classes source: DataSource) throws {
    if let stored = source.stored, !source.isWhole, stored.drawsTexts != true {
      throw LatheError(
        .format,
        "the model was trained by an earlier release, whose test texts were every tenth line; name texts to test on with "
          + "--data-file, or train it anew")
    }
    let records =
      switch source.kind {
      case .jsonl:
        try TextParts.records(source)
      case .csv: try TextParts.table(source)
      default: try LabelledTexts.records(source.file, limit: source.options.memoryLimit)
      }
    let labels = try records.map { record in
      guard let label = record.label else {
        throw LatheError(
          .format,
          "\(source.file): line \(record.line): no label; give one under '\(source.options.label ?? "label")'"
        )
      }
      return label
    }
    guard source.isWhole || records.count >= 10 else {
      throw LatheError(
        .format, "\(source.file): \(records.count) texts; at least ten of two classes are needed")
    }
    let (numbers, names) = try source.coded(labels) { "\(source.file): line \(records[$0].line)" }
    let length = source.stored?.input.length ?? source.options.length ?? 256
    let all = LabelledTexts(
      records.map(\.text), labels: numbers, classNames: names, length: length)
    do {
      (training, test) =
        source.isWhole ? (all, all) : try all.parts(testShare: source.options.settled(\.testShare))
    } catch let error as LatheError {
      throw LatheError(error.kind, "\(source.file): \(error.message)")
    }
    var description = source.description(
      TextParts.input(LabelledTexts.vocabulary, length, names.count), classNames: names)
    description.drawsTexts = true
    self.description = description
  }

  private static func input(_ vocabulary: Int, _ length: Int, _ classes: Int) -> ModelInput {
    var input = ModelInput()
    (input.vocabulary, input.length, input.classes) = (vocabulary, length, classes)
    return input
  }

  private static func records(_ source: DataSource) throws -> [LabelledTexts.Record] {
    try records(
      source.file, input: source.options.input, label: source.options.label, limit: source.options.memoryLimit
    )
  }

  /// The texts of JSON lines, those that have labels with them.
  ///
  /// - Parameter limit: The memory that those of a compressed file may take.
  static func records(
    _ file: String, input: String?, label: String?, limit: Int?
  ) throws -> [LabelledTexts.Record] {
    let (textKey, labelKey) = (input ?? "text", label ?? "label")
    let lines = try JSONLinesReader([String: JSONScalar].self, path: file)
    var budget = try ReadingBudget(file, limit: limit)
    var records: [LabelledTexts.Record] = []
    while let object = try lines.next() {
      guard case .text(let text) = object[textKey] else {
        let keys = object.keys.sorted().joined(separator: ", ")
        throw LatheError(
          .format,
          "\(file): line \(lines.line): no text '\(textKey)'; there are \(keys); choose with --input")
      }
      let record = LabelledTexts.Record(
        line: lines.line, label: object[labelKey]?.label, text: Array(text.utf8))
      try budget.take(record.memory)
      records.append(record)
    }
    return records
  }

  private static func table(_ source: DataSource) throws -> [LabelledTexts.Record] {
    let (textName, labelName) = (source.options.input ?? "text", source.options.label ?? "label")
    let table = try CSVTable(
      path: source.file, types: [textName: .text], missing: [""], limit: source.options.memoryLimit)
    guard case .texts(let texts) = try table[textName] else { return [] }
    let (indices, names) = try table.categories(labelName)
    return zip(texts, indices).enumerated().map { row, pair in
      LabelledTexts.Record(
        line: table.line(ofRow: row), label: names[pair.1], text: Array((pair.0 ?? "").utf8))
    }
  }
}

/// A value of a JSON object, as far as it can be a text or a label.
private enum JSONScalar: Decodable, Sendable {
  case text(String), integer(Int), boolean(Bool), other

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else {
      self = .other
    }
  }

  /// What it is as the name of a class; nil where it cannot be one.
  var label: String? {
    switch self {
    case .text(let text): text
    case .integer(let number): String(number)
    case .boolean(let value): String(value)
    case .other: nil
    }
  }
}
