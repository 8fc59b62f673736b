import Foundation
import LatheML

/// Images of any form as training and test set.
struct ImageParts: DataParts {
  let training: any TrainingData
  let test: any TrainingData
  let description: DataDescription

  /// Images of one source, divided.
  ///
  /// - Throws: `LatheError` for what the network cannot take.
  init(_ source: DataSource, _ images: some ImageSource) throws {
    let parts = try source.split(images, labels: images.labels)
    try self.init(
      source, parts.training, parts.test, native: images.nativeSize, checksum: images.checksum,
      names: images.classNames)
  }

  private init<Training: Dataset, Test: Dataset>(
    _ source: DataSource, _ training: Training, _ test: Test, native: ModelInput?, checksum: UInt32,
    names: [String]
  ) throws where Training.Example == LabelledImage, Test.Example == LabelledImage {
    let input = try source.imageInput(native: native, classes: names.count)
    let augmentation = try Augmentation(source.options.augment, input, task: source.recipe.task)
    let normalization =
      source.recipe.task == .variational
      ? PixelNormalization.none : PixelNormalization(mean: [0.5], deviation: [0.5])
    let resize: [any ImageTransform] =
      native.map { ($0.height, $0.width) == (input.height, input.width) } == true
      ? [] : [Resize(input.height, input.width)]
    self.training = TrainingSet(
      training.augmented(resize + augmentation.transforms, normalization: normalization), noun: "images",
      checksum: checksum, workers: source.workers, classes: names, collation: augmentation.collation,
      problems: source.problems)
    self.test = TrainingSet(
      test.augmented(resize, normalization: normalization), noun: "images", checksum: checksum,
      workers: source.workers, classes: names, problems: source.problems)
    var description = source.description(input, classNames: names)
    description.pixels = normalization
    self.description = description
  }

  /// Whether a folder holds folders and no IDX files.
  static func looksLikeFolders(_ folder: String) -> Bool {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return !names.contains { $0.contains("idx3-ubyte") }
      && names.contains { !$0.hasPrefix(".") && isFolder("\(folder)/\($0)") }
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  private static func list(_ folder: String, _ source: DataSource) throws -> ImageFolder {
    try ImageFolder(
      folder, channels: source.imageChannels, pixelLimit: source.options.imageLimits.pixels,
      scanLimit: source.options.imageLimits.scans,
      problems: source.problems)
  }

  /// Images of arrays; those of a test set, where the archive has one, are not divided.
  static func arrays(_ source: DataSource, _ file: ArrayFile) throws -> ImageParts {
    let training = try ArrayImages(source, file.training)
    guard let held = file.test else { return try ImageParts(source, training) }
    try source.refuseTestShare(held.name)
    let test = try ArrayImages(source, held, training: training)
    guard test.nativeSize == training.nativeSize else {
      throw LatheError(
        .format,
        "\(source.file): '\(held.name)' is \(held.inputs.shape), but '\(file.training.name)' is "
          + "\(file.training.inputs.shape)")
    }
    return try ImageParts(
      source, training, test, native: training.nativeSize, checksum: training.checksum,
      names: training.classNames)
  }

  /// Images in one folder a class, or such folders in `train` and `test`.
  static func folders(_ source: DataSource) throws -> ImageParts {
    let folder = source.options.dataDir ?? ""
    let training = "\(folder)/train"
    // The layout that many data sets come in: parts that were divided by their makers.
    if isFolder(training),
      let test = ["test", "val", "valid"].map({ "\(folder)/\($0)" }).first(where: isFolder)
    {
      try source.refuseTestShare(test)
      let parts = try (list(training, source), list(test, source))
      let names = source.stored?.classNames ?? parts.0.classNames
      guard parts.1.classNames == names, parts.0.classNames == names else {
        throw LatheError(
          .format,
          "\(test): classes \(parts.1.classNames.joined(separator: ", ")), expected \(names.joined(separator: ", "))"
        )
      }
      return try ImageParts(
        source, parts.0, parts.1, native: nil, checksum: parts.0.checksum, names: names)
    }
    let images = try list(folder, source)
    if let names = source.stored?.classNames, names != images.classNames {
      throw LatheError(
        .format,
        "\(folder): classes \(images.classNames.joined(separator: ", ")), expected \(names.joined(separator: ", "))"
      )
    }
    return try ImageParts(source, images)
  }

  /// Images of IDX files with MNIST's names.
  static func idx(_ source: DataSource) throws -> ImageParts {
    let folder = source.options.dataDir ?? FashionMNIST.defaultFolder
    let isRaw = source.recipe.task == .variational
    let input = ModelInput()
    for (name, isGiven) in [
      ("--image-size", source.options.imageSize != nil), ("--channels", source.options.channels != nil),
    ] where isGiven {
      throw LatheError(.invalidArgument, "\(name): images of IDX files are taken as they are")
    }
    if !source.isWhole { try source.refuseTestShare("t10k-images-idx3-ubyte") }
    let (recipe, limit) = (source.recipe, source.options.memoryLimit)
    // The test set is read while the training set is unpacked.
    let test = Background { try idx(.test, folder, recipe, isRaw: isRaw, limit: limit) }
    let training =
      source.isWhole ? try test.value() : try idx(.train, folder, recipe, isRaw: isRaw, limit: limit)
    let augmentation = try Augmentation(source.options.augment, input, task: source.recipe.task)
    let plain = augmentation.isEmpty && source.options.workers == nil
    let data: any TrainingData =
      plain
      ? training
      : TrainingSet(
        training.augmented(augmentation.transforms), noun: training.noun, checksum: training.checksum,
        workers: source.workers, classes: training.classNames, collation: augmentation.collation)
    var description = source.description(input, classNames: training.classNames)
    description.pixels = PixelNormalization(mean: [training.pixelMean], deviation: [training.pixelDeviation])
    return ImageParts(
      training: data, test: source.isWhole ? training : try test.value(), description: description)
  }

  private init(training: any TrainingData, test: any TrainingData, description: DataDescription) {
    (self.training, self.test, self.description) = (training, test, description)
  }

  /// Reads a part of the images and checks that the network can take them.
  private static func idx(
    _ part: FashionMNIST.Part, _ folder: String, _ recipe: ModelRecipe, isRaw: Bool, limit: Int?
  ) throws -> ImageDataset {
    var dataset = try FashionMNIST.load(part, from: folder, limit: limit)
    let wanted = ModelInput()
    guard dataset.height == wanted.height && dataset.width == wanted.width else {
      throw LatheError(
        .format,
        "\(folder): images of \(dataset.height) x \(dataset.width) pixels; \(recipe.name) takes \(wanted.height) x "
          + "\(wanted.width)")
    }
    if isRaw { (dataset.pixelMean, dataset.pixelDeviation) = (0, 1) }
    return dataset
  }
}
