import LatheML

/// The data of a run and what the network must fit.
struct TrainingInput {
  let training: any TrainingData
  let test: any TrainingData
  let description: DataDescription
  /// What could not be read of it.
  let problems: ReadingProblems

  /// Reads what a recipe learns from, or what a stored model is tested on.
  ///
  /// - Parameters:
  ///   - stored: What the model was made for, where there is one: classes, characters and sizes are then its own.
  ///   - isWhole: Whether all of the data is for testing.
  /// - Throws: `LatheError` where the data is not there, damaged, or not what the network takes.
  init(
    _ recipe: ModelRecipe, _ options: TrainingOptions, stored: DataDescription? = nil, isWhole: Bool = false
  ) throws {
    let kind = try DataKind(options, for: recipe)
    let problems = ReadingProblems(skipping: options.settled(\.skipBroken))
    let source = DataSource(
      recipe: recipe, options: options, kind: kind, stored: stored, isWhole: isWhole, problems: problems)
    let parts: any DataParts
    switch (recipe.task, kind) {
    case (.language, _): parts = try TextParts(language: source)
    case (.texts, _): parts = try TextParts(classes: source)
    case (_, .csv): parts = try TableParts(csv: source)
    case (_, .npz), (_, .npy):
      let file = try ArrayFile(source)
      parts =
        file.training.inputs.shape.count == 2 && recipe.takesTables
        ? try TableParts(source, file) : try ImageParts.arrays(source, file)
    case (_, .tfrecord): parts = try ImageParts(source, EncodedImages(source))
    case (_, .imageFolder): parts = try ImageParts.folders(source)
    default: parts = try ImageParts.idx(source)
    }
    (training, test, description) = (parts.training, parts.test, parts.description)
    self.problems = problems
  }
}

/// Training and test set as a form of data gives them.
protocol DataParts {
  var training: any TrainingData { get }
  var test: any TrainingData { get }
  /// What a network must fit, and a stored one is tested by.
  var description: DataDescription { get }
}
