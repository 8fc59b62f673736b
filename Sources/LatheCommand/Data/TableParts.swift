import LatheML

/// Rows of numbers with classes as training and test set, standardised by the training rows.
struct TableParts: DataParts {
  let training: any TrainingData
  let test: any TrainingData
  let description: DataDescription

  /// Reads a CSV table: the column of --label is the class, those of --features, or all others, are the inputs.
  init(csv source: DataSource) throws {
    let table = try CSVTable(
      path: source.file, missing: source.missingTexts, limit: source.options.memoryLimit)
    let label = source.options.label ?? "label"
    let (indices, found) = try table.categories(label)
    let features =
      source.stored?.features ?? source.options.features?.split(separator: ",").map(String.init)
      ?? table.names.filter { $0 != label }
    guard !features.isEmpty, !features.contains(label) else {
      throw LatheError(
        .invalidArgument,
        "\(source.file): features \(features), label '\(label)': give other columns as features")
    }
    let columns = try features.map { try table.numbers($0, missing: source.options.missing) }
    let rows = (0..<table.rowCount).map { row in columns.map { $0[row] } }
    try self.init(
      source, rows, labels: indices.map { found[$0] }, features: features, checksum: table.checksum)
  }

  /// Rows of an array [n, columns].
  init(_ source: DataSource, _ file: ArrayFile) throws {
    let width = file.training.inputs.shape[1]
    guard width > 0 else { throw LatheError(.format, "\(source.file): rows without columns") }
    var values = try file.training.inputs.scalars(as: Float.self)
    var labels = file.training.labels.map(String.init)
    if let test = file.test {
      guard test.inputs.shape.count == 2, test.inputs.shape[1] == width else {
        throw LatheError(
          .format,
          "\(source.file): '\(test.name)' is \(test.inputs.shape), but '\(file.training.name)' has \(width) columns"
        )
      }
      try source.refuseTestShare(test.name)
      values += try test.inputs.scalars(as: Float.self)
      labels += test.labels.map(String.init)
    }
    let rows = stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
    let checksum = values.withUnsafeBytes {
      CRC32.checksum($0, continuing: CRC32.checksum([labels.flatMap { "\($0) ".utf8 }]))
    }
    try self.init(
      source, rows, labels: labels, features: nil, checksum: checksum, testCount: file.test?.labels.count)
  }

  /// - Parameter testCount: How many of the last rows are the test set; nil where it is drawn.
  private init(
    _ source: DataSource, _ rows: [[Float]], labels: [String], features: [String]?, checksum: UInt32,
    testCount: Int? = nil
  ) throws {
    if let row = rows.firstIndex(where: { !$0.allSatisfy(\.isFinite) }) {
      throw LatheError(
        .format, "\(source.file): row \(row + 1): a value that is not finite; leave the row out")
    }
    let (numbers, names) = try source.coded(labels) { "\(source.file): row \($0 + 1)" }
    let width = rows.first?.count ?? 0
    if let stored = source.stored, stored.input.width != width {
      throw LatheError(
        .format, "\(source.file): \(width) features, but the model was trained on \(stored.input.width)")
    }
    let all = LabelledRows(rows: rows, labels: numbers)
    let parts =
      try testCount.map { source.parts(all, testCount: $0) } ?? source.split(all, labels: numbers)
    let scaling = source.stored?.scaling ?? FeatureScaling(parts.training.indices.map { rows[$0] })
    func set(_ part: Subset<LabelledRows>) -> any TrainingData {
      TrainingSet(
        part.mapped { row, _ in scaling.apply(row) }, noun: "rows", checksum: checksum,
        workers: source.workers, classes: names,
        description: { batch, place in
          let shown = try FeatureRow.description(of: batch, at: place)
          guard case .features(let columns, let values) = shown else { return shown }
          return .features(names: features ?? columns, values: scaling.undone(values))
        })
    }
    (training, test) = (set(parts.training), set(parts.test))
    var input = ModelInput()
    (input.channels, input.height, input.width, input.classes) = (1, 1, width, names.count)
    var description = source.description(input, classNames: names)
    description.scaling = scaling
    description.features = features
    self.description = description
  }
}

extension DataSource {
  /// Texts that stand for missing values of a table: those asked for and the empty one, or the usual ones.
  fileprivate var missingTexts: Set<String> {
    guard let list = options.missingTexts else { return CSVTable.missingTexts }
    return Set(list.split(separator: ",").map(String.init) + [""])
  }
}

/// Rows in memory, each with its class.
private struct LabelledRows: Dataset {
  let rows: [[Float]]
  let labels: [Int]

  var count: Int { rows.count }

  func example(at index: Int, random: inout SampleRandom) -> FeatureRow {
    FeatureRow(features: rows[index], target: .category(labels[index]))
  }
}
