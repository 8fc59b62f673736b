#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheNN

  struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "evaluate",
      abstract: "Tests a stored model: scores by class, perplexity or loss, as fits what it learned.",
      discussion:
        "Without data it is tested on the part of its own data that it did not learn from; with --data-dir or --data-file "
        + "on all that is there.")

    @Option(help: ArgumentHelp("The folder that `lathe train` stored the model in.", valueName: "dir"))
    var model: String

    @OptionGroup var shared: SharedOptions

    @OptionGroup var limits: LimitOptions

    func run() throws {
      let device = try shared.openDevice()
      let content = try ModelFolder(model).read { Terminal.note($0) }
      let name = content.architecture ?? "lenet"
      guard let recipe = ModelCatalog.recipe(name) else {
        throw LatheError(
          .invalidArgument, "\(content.source): '\(name)' is no network that this knows; see `lathe models`")
      }
      let data = try input(recipe)
      let network = recipe.model(data.description.input, generator: Generator(seed: 0), device: device)
      try network.load(content.values, from: content.source)
      switch recipe.task {
      case .images, .texts:
        let names = data.description.classNames ?? []
        try show(
          Evaluation(of: network, on: data.test, classNames: names, device: device), data.test.noun, device)
      case .language, .reconstruction, .variational:
        let means = try recipe.objective().means(of: network, on: data.test, device: device)
        show(Figures(means, isLanguage: recipe.task == .language, device: device.name))
      }
      data.problems.lines.forEach(Terminal.note)
    }

    /// The data to test on, read as the model's was.
    private func input(_ recipe: ModelRecipe) throws -> TrainingInput {
      let stored = try DataDescription.read(from: model)
      var options = stored?.options ?? TrainingOptions()
      let isOther = shared.dataDir != nil || shared.dataFile != nil
      if isOther { (options.dataDir, options.dataFile) = (shared.dataDir, shared.dataFile) }
      // Another file's form is told by its path, as in training.
      options.data = shared.data?.rawValue ?? (isOther ? nil : stored?.kind.rawValue)
      if let labelsFile = shared.labelsFile { options.labelsFile = labelsFile }
      limits.put(into: &options)
      if let problem = options.problem { throw LatheError(.invalidArgument, problem) }
      options.workers = 1
      // Of IDX files the test set is one of its own, which is read alone.
      let isWhole = isOther || stored == nil || stored?.kind == .fashionMNIST
      return try TrainingInput(recipe, options, stored: stored, isWhole: isWhole)
    }

    private func show(_ evaluation: Evaluation, _ noun: String, _ device: Device) throws {
      if shared.json {
        return Terminal.output(try EvaluateCommand.json(Scores(evaluation, device: device.name)))
      }
      Terminal.output("accuracy  \(Terminal.fixed(evaluation.accuracy, 4))")
      Terminal.output("loss      \(Terminal.fixed(evaluation.loss, 4))")
      Terminal.output("device    \(device.name)\n")
      let width = max(5, evaluation.classes.map(\.name.count).max() ?? 0)
      Terminal.output(
        Terminal.left("class", width) + "  precision  recall      F1" + Terminal.right(noun, 8))
      for score in evaluation.classes {
        Terminal.output(
          Terminal.left(score.name, width) + Terminal.right(Terminal.fixed(score.precision, 4), 11)
            + Terminal.right(Terminal.fixed(score.recall, 4), 8)
            + Terminal.right(Terminal.fixed(score.f1, 4), 8)
            + Terminal.right(String(score.count), 8))
      }
    }

    private func show(_ figures: Figures) {
      if shared.json, let text = try? EvaluateCommand.json(figures) { return Terminal.output(text) }
      if let perplexity = figures.perplexity {
        Terminal.output("perplexity  \(Terminal.fixed(perplexity, 4))")
      }
      Terminal.output("loss        \(Terminal.fixed(figures.loss, 4))")
      if let accuracy = figures.accuracy { Terminal.output("accuracy    \(Terminal.fixed(accuracy, 4))") }
      Terminal.output("device      \(figures.device)")
    }

    private static func json(_ value: some Encodable) throws -> String {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// The figures of a network without classes.
    private struct Figures: Encodable {
      /// The mean loss: of a text, a character's in nats; of images, an image's.
      var loss: Double
      /// exp(loss) of a text.
      var perplexity: Double?
      /// The share of characters that had the largest logit.
      var accuracy: Double?
      var device: String

      init(_ means: (loss: Double, accuracy: Double?), isLanguage: Bool, device: String) {
        loss = means.loss
        perplexity = isLanguage ? exp(means.loss) : nil
        accuracy = means.accuracy
        self.device = device
      }
    }

    /// The figures of classes under the names they have in JSON.
    private struct Scores: Encodable {
      struct Class: Encodable {
        var name: String
        var precision: Double
        var recall: Double
        var f1: Double
        var count: Int
      }

      var accuracy: Double
      var loss: Double
      var device: String
      var classes: [Class]

      init(_ evaluation: Evaluation, device: String) {
        accuracy = evaluation.accuracy
        loss = evaluation.loss
        self.device = device
        classes = evaluation.classes.map {
          Class(name: $0.name, precision: $0.precision, recall: $0.recall, f1: $0.f1, count: $0.count)
        }
      }
    }
  }
#endif
