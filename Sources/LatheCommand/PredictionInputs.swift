import Foundation
import LatheCore
import LatheML

/// What a model is asked about: names to show, and batches made when they are needed.
struct PredictionInputs {
  /// How many there are.
  let count: Int
  /// What an input is called in the answers.
  let name: (Int) -> String
  /// The network's input for some of them.
  let batch: (Range<Int>) throws -> Batch

  /// Images of files.
  static func images(_ paths: [String], _ model: Model, _ options: TrainingOptions) throws -> PredictionInputs
  {
    let channels = model.description.input.channels
    let limits = options.imageLimits
    return PredictionInputs(count: paths.count, name: { paths[$0] }) { range in
      try model.batch(
        images: paths[range].map {
          try ImageFile.read($0, channels: channels, pixelLimit: limits.pixels, scanLimit: limits.scans)
        })
    }
  }

  /// Texts with what they are called.
  static func texts(_ texts: [(name: String, text: String)], _ model: Model) throws -> PredictionInputs {
    PredictionInputs(count: texts.count, name: { texts[$0].name }) { range in
      try model.batch(texts: texts[range].map(\.text))
    }
  }

  /// The images in a folder and the folders below, or the test images of IDX files.
  ///
  /// - Throws: `LatheError` where there are none.
  static func folder(_ folder: String, _ model: Model, _ options: TrainingOptions) throws -> PredictionInputs
  {
    let files = try FolderListing.files(below: folder)
    if files.contains(where: { $0.contains("idx3-ubyte") }) { return try idx(folder, model, options) }
    let images = files.filter { name in
      [".png", ".jpg", ".jpeg"].contains { name.lowercased().hasSuffix($0) }
    }
    guard !images.isEmpty else {
      throw LatheError(
        .format, "\(folder): no image in it or below; it needs .png, .jpg or .jpeg files, or IDX files")
    }
    return try self.images(images, model, options)
  }

  private static func idx(_ folder: String, _ model: Model, _ options: TrainingOptions) throws
    -> PredictionInputs
  {
    let base = "\(folder)/t10k-images-idx3-ubyte"
    let path = FileManager.default.fileExists(atPath: base) ? base : base + ".gz"
    let array = try IDXArray(path: path, axes: 3, limit: options.memoryLimit)
    let (height, width) = (array.sizes[1], array.sizes[2])
    return PredictionInputs(count: array.sizes[0], name: { "\(path)[\($0)]" }) { range in
      try model.batch(
        images: range.map {
          Image(
            height: height, width: width, channels: 1,
            pixels: Array(array.bytes[$0 * height * width..<($0 + 1) * height * width]))
        })
    }
  }

  /// What a file holds, by its name.
  ///
  /// The options name the array, key or column of the inputs where it is not the usual one, and the limits.
  /// - Throws: `LatheError` where the model does not take it.
  static func file(_ path: String, _ model: Model, _ options: TrainingOptions) throws -> PredictionInputs {
    let name = path.lowercased()
    let bare = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
    func isNamed(_ ending: String) -> Bool { bare.hasSuffix(ending) }
    let takesTexts = model.recipe.task == .texts || model.recipe.task == .language
    if isNamed(".jsonl") {
      let records = try TextParts.records(
        path, input: options.input, label: nil, limit: options.memoryLimit)
      return try texts(
        records.map { ("\(path):\($0.line)", String(decoding: $0.text, as: UTF8.self)) }, model)
    }
    if isNamed(".csv") {
      return try table(path, column: takesTexts ? options.input ?? "text" : nil, model, options)
    }
    if isNamed(".npz") || isNamed(".npy") { return try array(path, model, options) }
    if isNamed(".tfrecord") || isNamed(".tfrecords") { return try records(path, model, options) }
    guard takesTexts else {
      throw LatheError(
        .invalidArgument,
        "\(path): the name does not tell what is in it; \(model.recipe.name) takes .csv, .npz, .npy and .tfrecord files, "
          + "images by --image and folders of them by --data-dir")
    }
    if model.recipe.task == .language {
      return try texts([(path, TextDataset.read(path, limit: options.memoryLimit))], model)
    }
    return try lines(path, model)
  }

  /// A text a line; what stands before a tab is left out where it is a class, as in files that a model learns from.
  private static func lines(_ path: String, _ model: Model) throws -> PredictionInputs {
    let classes = Set(model.description.classNames ?? [])
    let reader = try TextLineReader(path: path)
    var found: [(name: String, text: String)] = []
    while let line = try reader.next() {
      if line.isEmpty { continue }
      let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
      let text = parts.count == 2 && classes.contains(String(parts[0])) ? String(parts[1]) : line
      found.append(("\(path):\(reader.line)", text))
    }
    return try texts(found, model)
  }

  /// The rows of a table: a column of texts, or the columns that the model learned from.
  private static func table(
    _ path: String, column: String?, _ model: Model, _ options: TrainingOptions
  ) throws -> PredictionInputs {
    if let column {
      let table = try CSVTable(path: path, types: [column: .text], missing: [""], limit: options.memoryLimit)
      guard case .texts(let values) = try table[column] else { return try texts([], model) }
      return try texts(
        values.enumerated().map { ("\(path):\(table.line(ofRow: $0))", $1 ?? "") }, model)
    }
    guard let features = model.description.features else {
      throw LatheError(
        .invalidArgument, "\(path): the model has no columns of a table by name; give what it learned from")
    }
    let table = try CSVTable(path: path, limit: options.memoryLimit)
    let missing = try DataDescription.read(from: model.folder)?.options.missing
    let columns = try features.map { try table.numbers($0, missing: missing) }
    let lines = (0..<table.rowCount).map { "\(path):\(table.line(ofRow: $0))" }
    return PredictionInputs(count: table.rowCount, name: { lines[$0] }) { range in
      try model.batch(rows: range.map { row in columns.map { $0[row] } })
    }
  }

  /// The encoded images of a TFRecord file.
  private static func records(
    _ path: String, _ model: Model, _ options: TrainingOptions
  ) throws -> PredictionInputs {
    let files = try EncodedImages.files(path, input: options.input, limit: options.memoryLimit)
    let (channels, limits) = (model.description.input.channels, options.imageLimits)
    return PredictionInputs(count: files.count, name: { "\(path)[\($0)]" }) { range in
      try model.batch(
        images: range.map {
          try ImageFile.decode(
            files[$0], channels: channels, pixelLimit: limits.pixels, scanLimit: limits.scans,
            source: "\(path): record \($0)")
        })
    }
  }

  /// The images or rows of an array.
  private static func array(
    _ path: String, _ model: Model, _ options: TrainingOptions
  ) throws -> PredictionInputs {
    let values: Tensor
    if path.lowercased().hasSuffix(".npz") {
      let file = try NPZFile(path: path, limit: options.memoryLimit)
      let usual = ["images", "x_test", "test_images", "x", "X"].first(where: file.names.contains)
      let name = options.input ?? usual ?? "images"
      guard let found = try file.tensor(name) else {
        throw LatheError(
          .format,
          "\(path): no array '\(name)'; there are \(file.names.joined(separator: ", ")); choose with --input")
      }
      values = found
    } else {
      values = try NPYFile(path: path).tensor
    }
    let naming = { (place: Int) in "\(path)[\(place)]" }
    if values.rank == 2 {
      let (width, all) = (values.shape[1], try values.scalars(as: Float.self))
      return PredictionInputs(count: values.shape[0], name: naming) { range in
        try model.batch(rows: range.map { Array(all[$0 * width..<($0 + 1) * width]) })
      }
    }
    let images = try PixelArray(values) { "\(path): \($0)" }
    return PredictionInputs(count: values.shape[0], name: naming) { range in
      try model.batch(images: range.map { images.image(at: $0) })
    }
  }
}
