import LatheML

/// Where a run's data comes from, and what is fixed about it by a run before.
struct DataSource {
  let recipe: ModelRecipe
  let options: TrainingOptions
  let kind: DataKind
  /// What a stored model was made for; nil of a new one.
  let stored: DataDescription?
  /// Whether all of the data is for testing.
  let isWhole: Bool
  /// Where examples that cannot be read are noted.
  let problems: ReadingProblems

  /// The file or the folder named.
  var file: String { options.dataFile ?? options.dataDir ?? "" }

  /// Threads that make batches.
  var workers: Int { options.settled(\.workers) }

  /// Divides examples: a tenth, or as much as is asked for, of each class is for testing, the same in every run.
  func split<Data: Dataset>(_ dataset: Data, labels: [Int]?) throws -> (
    training: Subset<Data>, test: Subset<Data>
  ) {
    if isWhole {
      let all = Subset(dataset, indices: Array(0..<dataset.count))
      return (all, all)
    }
    let share = options.settled(\.testShare)
    do {
      let parts = try dataset.split([1 - share, share], seed: 0, stratifiedBy: labels)
      return (parts[0], parts[1])
    } catch let error as LatheError {
      throw LatheError(error.kind, "\(file): \(error.message)")
    }
  }

  /// Examples of which the last ones are the test set.
  func parts<Data: Dataset>(_ dataset: Data, testCount: Int) -> (training: Subset<Data>, test: Subset<Data>) {
    let border = dataset.count - testCount
    let test = Subset(dataset, indices: Array(border..<dataset.count))
    return (isWhole ? test : Subset(dataset, indices: Array(0..<border)), test)
  }

  /// The numbers of labels that were read as text, and the classes' names: those of the stored model, or all that occur.
  ///
  /// - Parameter place: Where a label stands, by its position, for messages.
  func coded(_ labels: [String], place: (Int) -> String) throws -> (labels: [Int], names: [String]) {
    let names = stored?.classNames ?? DataSource.sorted(labels)
    guard names.count > 1 else {
      throw LatheError(
        .format, "\(file): all labels are '\(names.first ?? "")'; at least two classes are needed")
    }
    return (try numbers(of: labels, in: names, place: place), names)
  }

  /// The places of labels in a list of classes.
  func numbers(of labels: [String], in names: [String], place: (Int) -> String) throws -> [Int] {
    let index = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    return try labels.enumerated().map { position, label in
      guard let number = index[label] else {
        throw LatheError(
          .format,
          "\(place(position)): \(stored == nil ? "the training set" : "the model") has no class '\(label)'; it has "
            + names.joined(separator: ", "))
      }
      return number
    }
  }

  /// The different labels: by value where all are whole numbers, else as texts.
  private static func sorted(_ labels: [String]) -> [String] {
    let different = Set(labels)
    let numbers = different.compactMap { text in Int(text).map { (number: $0, text: text) } }
    guard numbers.count == different.count else { return different.sorted() }
    return numbers.sorted { ($0.number, $0.text) < ($1.number, $1.text) }.map(\.text)
  }

  /// A description with the classes of the data.
  func description(_ input: ModelInput, classNames: [String]? = nil) -> DataDescription {
    var model = ModelDescription(input)
    model.classNames = classNames
    return DataDescription(kind: kind, options: options.dataOptions, model: model)
  }

  /// A share of what is read would be ignored where the data has a test set of its own.
  func refuseTestShare(_ testSet: String) throws {
    guard options.testShare == nil else {
      throw LatheError(
        .invalidArgument, "--test-share: the data has a test set of its own, \(testSet); leave it out")
    }
  }
}
