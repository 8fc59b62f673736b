import LatheML

/// The forms of data that the tool reads.
enum DataKind: String, CaseIterable, Codable, Sendable {
  /// IDX files with MNIST's names.
  case fashionMNIST = "fashion-mnist"
  /// PNG and JPEG files, one folder a class.
  case imageFolder = "image-folder"
  /// A table with a column to predict.
  case csv
  /// One JSON object a line, with a text and mostly a label.
  case jsonl
  /// Text: whole, or lines of class, tab and text.
  case text
  /// Images or rows with labels, in one archive or two arrays.
  case npz, npy
  /// Examples with an encoded image and a label.
  case tfrecord

  /// The form that options name, or that the path does; fashion-mnist where nothing is said.
  ///
  /// - Throws: `LatheError` where the network cannot learn from it, or a file is needed and none is named.
  init(_ options: TrainingOptions, for recipe: ModelRecipe) throws {
    let kind = try options.data ?? DataKind.inferred(options, recipe)
    let known = DataKind.known(to: recipe)
    guard known.contains(kind) else {
      throw LatheError(
        .invalidArgument,
        "\(recipe.name) cannot learn from \(kind.rawValue) data; it takes \(known.map(\.rawValue).joined(separator: ", "))"
      )
    }
    let takesFolder = kind == .fashionMNIST || kind == .imageFolder
    if takesFolder ? (kind == .imageFolder && options.dataDir == nil) : options.dataFile == nil {
      throw LatheError(
        .invalidArgument,
        "\(recipe.name) learns from \(kind.words); name it with \(takesFolder ? "--data-dir" : "--data-file")"
      )
    }
    self = kind
  }

  private static func inferred(_ options: TrainingOptions, _ recipe: ModelRecipe) throws -> DataKind {
    if recipe.task == .language || recipe.task == .texts || options.dataFile != nil && options.dataDir == nil
    {
      let name = (options.dataFile ?? "").lowercased()
      let bare = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
      let endings: [(String, DataKind)] = [
        (".csv", .csv), (".jsonl", .jsonl), (".npz", .npz), (".npy", .npy), (".tfrecord", .tfrecord),
        (".tfrecords", .tfrecord),
      ]
      if let kind = endings.first(where: { bare.hasSuffix($0.0) })?.1 { return kind }
      guard recipe.task != .language, recipe.task != .texts else { return .text }
      throw LatheError(
        .invalidArgument,
        "\(options.dataFile ?? ""): the name does not tell what is in it; say so with --data "
          + known(to: recipe).filter { $0 != .fashionMNIST && $0 != .imageFolder }.map(\.rawValue).joined(
            separator: "|"))
    }
    guard let folder = options.dataDir, ImageParts.looksLikeFolders(folder) else { return .fashionMNIST }
    return .imageFolder
  }

  /// The forms that a network learns from.
  static func known(to recipe: ModelRecipe) -> [DataKind] {
    switch recipe.task {
    case .language: [.text, .jsonl]
    case .texts: [.text, .jsonl, .csv]
    case .images, .reconstruction, .variational:
      [.fashionMNIST, .imageFolder, .npz, .npy, .tfrecord] + (recipe.takesTables ? [.csv] : [])
    }
  }

  /// What it is, as a person reads it.
  private var words: String {
    switch self {
    case .fashionMNIST: "IDX files"
    case .imageFolder: "a folder with one folder of images a class"
    case .csv: "a CSV table"
    case .jsonl: "a file of JSON lines"
    case .text: "a UTF-8 text, or lines of CLASS<TAB>TEXT"
    case .npz: "an .npz archive of arrays"
    case .npy: "an .npy array of images or rows"
    case .tfrecord: "a TFRecord file"
    }
  }
}
