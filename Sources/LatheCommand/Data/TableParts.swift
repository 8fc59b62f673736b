import LatheNN

/// Rows of numbers with classes as training and test set, standardised by the training rows.
struct TableParts: DataParts {
  let training: any TrainingData
  let test: any TrainingData
  let description: DataDescription

  /// Reads a CSV table: the column of --label is the class, those of --features, or all others, are the inputs.
  init(csv source: DataSource) throws {
    let table = try CSVTable(path: source.file)
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
  init(_ source: DataSource, _ arrays: LabelledArrays) throws {
    let width = arrays.inputs.shape[1]
    guard width > 0 else { throw LatheError(.format, "\(source.file): rows without columns") }
    let values = try arrays.inputs.scalars(as: Float.self)
    let rows = stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
    let labels = arrays.labels.map(String.init)
    try self.init(
      source, rows, labels: labels, features: nil,
      checksum: CRC32.checksum([labels.flatMap { "\($0) ".utf8 }]))
  }

  private init(
    _ source: DataSource, _ rows: [[Float]], labels: [String], features: [String]?, checksum: UInt32
  )
    throws
  {
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
    let parts = try source.split(LabelledRows(rows: rows, labels: numbers), labels: numbers)
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

/// Rows in memory, each with its class.
private struct LabelledRows: Dataset {
  let rows: [[Float]]
  let labels: [Int]

  var count: Int { rows.count }

  func example(at index: Int, random: inout SampleRandom) -> FeatureRow {
    FeatureRow(features: rows[index], target: .category(labels[index]))
  }
}
