import LatheNN

/// The data of a run and what the network must fit.
struct TrainingInput {
  let training: any TrainingData
  let test: any TrainingData
  let input: ModelInput
  /// The data's name in settings.
  let name: String

  /// Reads what a recipe learns from.
  ///
  /// - Throws: `LatheError` where the data is not there, damaged, or not what the network takes.
  init(_ recipe: ModelRecipe, _ options: TrainingOptions) throws {
    switch recipe.task {
    case .images, .reconstruction, .variational:
      let folder = options.dataDir ?? FashionMNIST.defaultFolder
      let isRaw = recipe.task == .variational
      // The test set is read while the training set is unpacked.
      let test = Background { try TrainingInput.images(.test, folder, recipe, isRaw: isRaw) }
      training = try TrainingInput.images(.train, folder, recipe, isRaw: isRaw)
      self.test = try test.value()
      input = ModelInput()
      name = DataName.fashionMNIST.rawValue
    case .language:
      let path = try TrainingInput.file(recipe, options)
      let parts = try TextDataset.load(path, length: options.length ?? 128)
      (training, test) = (parts.training, parts.test)
      input = TrainingInput.text(
        parts.training.vocabulary.count, parts.training.length, parts.training.vocabulary.count)
      name = "text \(path)"
    case .texts:
      let path = try TrainingInput.file(recipe, options)
      let parts = try LabelledTexts.load(path, length: options.length ?? 256)
      (training, test) = (parts.training, parts.test)
      input = TrainingInput.text(
        LabelledTexts.vocabulary, parts.training.length, parts.training.classNames.count)
      name = "texts \(path)"
    }
  }

  private static func text(_ vocabulary: Int, _ length: Int, _ classes: Int) -> ModelInput {
    var input = ModelInput()
    (input.vocabulary, input.length, input.classes) = (vocabulary, length, classes)
    return input
  }

  private static func file(_ recipe: ModelRecipe, _ options: TrainingOptions) throws -> String {
    if let path = options.dataFile { return path }
    let what = recipe.task == .language ? "a UTF-8 text" : "a file of lines CLASS<TAB>TEXT"
    throw LatheError(.invalidArgument, "\(recipe.name) learns from \(what); name it with --data-file")
  }

  /// Reads a part of the images and checks that the network can take them.
  static func images(_ part: FashionMNIST.Part, _ folder: String, _ recipe: ModelRecipe, isRaw: Bool) throws
    -> ImageDataset
  {
    var dataset = try FashionMNIST.load(part, from: folder)
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
