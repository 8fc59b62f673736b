#if CommandLine
  import ArgumentParser

  /// How the data of a run is read and changed.
  struct ReadingOptions: ParsableArguments {
    @Option(
      help: "What holds the inputs: an array (images), a feature (image), a key or column of texts (text).")
    var input: String?

    @Option(help: "What holds the classes: a column, a key, a feature (label) or an array (labels).")
    var label: String?

    @Option(help: "The columns of a table that are inputs, with commas between; all but the label's.")
    var features: String?

    @Option(
      parsing: .unconditional,
      help: "What stands for missing numbers of a table; without it they are an error.")
    var missing: Double?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "Texts that stand for missing values of a table, with commas between, instead of NA, null, nan and others; the "
          + "empty text always does.", valueName: "list"))
    var missingTexts: String?

    @Option(parsing: .unconditional, help: "Height and width that images get; 32 where files have their own.")
    var imageSize: Int?

    @Option(parsing: .unconditional, help: "1 for grey images, 3 for coloured ones.")
    var channels: Int?

    @Option(
      parsing: .unconditional,
      help: "How much of data without a test set is for testing, the same in every run; 0.1.")
    var testShare: Double?

    @Option(
      help: ArgumentHelp(
        "Changes of training images, in turn: "
          + Augmentation.Step.allCases.map(\.rawValue).joined(separator: ", ") + ".", valueName: "list"))
    var augment: String?

    @Option(parsing: .unconditional, help: "Threads that make batches; 1. The results do not depend on it.")
    var workers: Int?

    /// Sets what these flags say.
    func put(into options: inout TrainingOptions) {
      options.input = input
      options.label = label
      options.features = features
      options.missing = missing
      options.missingTexts = missingTexts
      options.imageSize = imageSize
      options.channels = channels
      options.testShare = testShare
      options.augment = augment
      options.workers = workers
    }
  }
#endif
