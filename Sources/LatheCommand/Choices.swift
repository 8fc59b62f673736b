#if CommandLine
  import ArgumentParser
#endif
import LatheML

/// The optimizers that the tool knows.
enum OptimizerName: String, CaseIterable {
  case adam, adamw, sgd, adagrad, rmsprop, adafactor, lion, lamb

  /// The step size where none is given: the recipe's for Adam's kind, others by their own custom.
  func learningRate(_ recipe: Float) -> Float {
    switch self {
    case .adam, .adamw, .lamb: recipe
    case .sgd, .adagrad, .adafactor: recipe * 10
    case .rmsprop: recipe
    case .lion: recipe / 10
    }
  }

  /// An optimizer of the model's trained parameters; matrices alone take weight decay.
  func make(_ model: any Module, learningRate: Float, weightDecay: Float?) -> any Optimizer {
    guard let weightDecay, weightDecay > 0 else {
      return make(model.trainableParameters, learningRate: learningRate)
    }
    return make(model.decayGroups(weightDecay: weightDecay), learningRate: learningRate)
  }

  private func make(_ items: [some OptimizerItem], learningRate: Float) -> any Optimizer {
    switch self {
    case .adam: Adam(items, learningRate: learningRate)
    case .adamw: Adam(items, learningRate: learningRate, decoupledDecay: 0.01)
    case .sgd: SGD(items, learningRate: learningRate, momentum: 0.9)
    case .adagrad: Adagrad(items, learningRate: learningRate)
    case .rmsprop: RMSprop(items, learningRate: learningRate)
    case .adafactor: Adafactor(items, learningRate: learningRate)
    case .lion: Lion(items, learningRate: learningRate)
    case .lamb: LAMB(items, learningRate: learningRate)
    }
  }
}

/// The learning rate's courses that the tool knows.
enum ScheduleName: String, CaseIterable {
  case constant, linear, cosine, plateau
  case oneCycle = "one-cycle"

  /// The schedule of a run; a constant one where a plateau decides.
  func make(warmup: Int, steps: Int) -> LearningRateSchedule {
    switch self {
    case .constant, .plateau:
      warmup == 0 ? .constant : .linear(from: 0, steps: warmup)
    case .linear: .warmupLinear(warmup: warmup, steps: steps)
    case .cosine: .warmupCosine(warmup: warmup, steps: steps)
    case .oneCycle: .oneCycle(steps: steps)
    }
  }
}

#if CommandLine
  extension OptimizerName: ExpressibleByArgument {}
  extension ScheduleName: ExpressibleByArgument {}
  extension Precision: ExpressibleByArgument {}

  /// What says where the data and the device are, for more than one command.
  struct SharedOptions: ParsableArguments {
    @Option(help: "The data's form, where its path does not tell; fashion-mnist where there is no path.")
    var data: DataKind?

    @Option(
      help: ArgumentHelp(
        "A folder of IDX files, gzipped or not, or of PNG and JPEG files in one folder a class, perhaps under train and "
          + "test; without it Debian's package dataset-fashion-mnist is used.",
        valueName: "dir"))
    var dataDir: String?

    @Option(
      help: ArgumentHelp(
        "A text, .csv, .jsonl, .npz, .npy or .tfrecord file; `lathe models` says what a network learns from.",
        valueName: "file"))
    var dataFile: String?

    @Option(help: ArgumentHelp("The labels of images or rows in an .npy file.", valueName: "file"))
    var labelsFile: String?

    @OptionGroup var choice: DeviceOptions

    @Flag(help: "Print one JSON object a line on standard output.")
    var json = false

    /// Says what is wrong with where the data is.
    func checkData() throws {
      if dataDir != nil && dataFile != nil {
        throw ValidationError("--data-dir and --data-file both say where the data is; give one of them")
      }
      for (name, value) in [
        ("data-dir", dataDir), ("data-file", dataFile), ("labels-file", labelsFile),
      ] where value?.isEmpty == true {
        throw ValidationError("--\(name) is empty; give a value or leave it out")
      }
    }
  }
#endif
