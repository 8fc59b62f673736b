#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheML

  struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "evaluate",
      abstract: "Tests a stored model: scores by class, perplexity or loss, as fits what it learned.",
      discussion:
        "Without data it is tested on the part of its own data that it did not learn from; with --data-dir or --data-file "
        + "on all that is there.")

    @OptionGroup var stored: StoredModelOptions

    /// Where the data is, what it may take, and what is shown.
    enum Choice: SettingChoice {
      static let settings: [any AnySetting] = {
        let all = TrainingOptions.declared
        return [
          all.data, all.dataDir, all.dataFile, all.labelsFile, all.device, all.json, all.metrics,
          all.dataLimit, all.pixelLimit, all.scanLimit, all.skipBroken,
        ]
      }()
    }

    @OptionGroup var given: Flags<Choice>

    private var options: TrainingOptions { given.options }

    func validate() throws {
      try stored.check()
      if let problem = options.problem { throw ValidationError(problem) }
    }

    func run() throws {
      let device = try ChosenDevice.open(flag: options.device)
      if TextAnswers.isModel(stored.model) || TaggedAnswers.isModel(stored.model)
        || QuestionAnsweringPlan.isStored(in: stored.model)
      {
        return try testTexts(device)
      }
      if TablePrediction.isModel(stored.model) {
        throw LatheError(
          .invalidArgument,
          "\(stored.model): a model of tables, whose test `lathe train` printed; `lathe predict --data` applies it to other rows"
        )
      }
      let model = try stored.load(device)
      let recipe = model.recipe
      try options.checkMetrics(recipe, classes: model.description.input.classes)
      let data = try input(recipe, folder: model.folder)
      let asked = options.testMetrics
      let objective = recipe.objective()
      let loss: Double
      switch recipe.task {
      case .images, .texts:
        let names = data.description.classNames ?? []
        let evaluation = try Evaluation(of: model.network, on: data.test, classNames: names, device: device)
        let figures =
          try asked.isEmpty
          ? nil
          : objective.figures(of: model.network, on: data.test, metrics: asked, device: device).metrics ?? [:]
        try show(evaluation, figures, data.test.noun, device)
        loss = evaluation.loss
      case .language, .reconstruction, .variational:
        let figures = try objective.figures(of: model.network, on: data.test, metrics: asked, device: device)
        try show(
          Figures(
            figures, isLanguage: recipe.task == .language, metrics: asked.map(\.name), device: device.name))
        loss = figures.loss
      }
      guard loss.isFinite else {
        throw LatheError(
          .training,
          "\(model.source): the loss is \(loss): the weights or the data hold values that are not finite")
      }
      data.problems.lines.forEach(Terminal.note)
    }

    /// Tests a fine-tuned model on labelled texts.
    private func testTexts(_ device: Device) throws {
      guard let file = options.dataFile else {
        throw LatheError(
          .invalidArgument,
          "\(stored.model): a model of texts, whose test is in test-report.txt; name other texts with --data-file"
        )
      }
      let report: (text: String, scores: any Encodable)
      if TaggedAnswers.isModel(stored.model) {
        let found = try TaggedAnswers(stored.model, device).test(file)
        report = (found.text, found.scores)
      } else if QuestionAnsweringPlan.isStored(in: stored.model) {
        let found = try TextAnswerer(run: stored.model, device: device).test(AskedTexts(path: file))
        report = (found.text, found.scores)
      } else {
        let found = try TextAnswers(stored.model, device).test(file)
        report = (found.text, found.scores)
      }
      if options.json == true { return try Terminal.output(json: report.scores) }
      Terminal.output(report.text)
    }

    /// The data to test on, read as the model's was.
    private func input(_ recipe: ModelRecipe, folder: String) throws -> TrainingInput {
      let stored = try DataDescription.read(from: folder)
      let given = self.options.dataOptions
      let isOther = given.dataDir != nil || given.dataFile != nil
      var options = given.over(stored?.options ?? TrainingOptions())
      // Another file's form is told by its path, as in training.
      options.data = given.data ?? (isOther ? nil : stored?.kind)
      // Labels in a file of their own are those of the data that the model learned from.
      if isOther { options.labelsFile = given.labelsFile }
      if let problem = options.problem { throw LatheError(.invalidArgument, problem) }
      options.workers = 1
      // Of IDX files the test set is one of its own, which is read alone.
      let isWhole = isOther || stored == nil || stored?.kind == .fashionMNIST
      return try TrainingInput(recipe, options, stored: stored, isWhole: isWhole)
    }

    private func show(
      _ evaluation: Evaluation, _ metrics: [String: Double]?, _ noun: String, _ device: Device
    ) throws {
      if options.json == true {
        return try Terminal.output(
          json: Scores(
            evaluation, metrics: metrics, asked: options.testMetrics.map(\.name), device: device.name))
      }
      Terminal.output("accuracy  \(Terminal.fixed(evaluation.accuracy, 4))")
      Terminal.output("loss      \(Terminal.fixed(evaluation.loss, 4))")
      show(metrics, width: 8)
      Terminal.output("device    \(device.name)\n")
      let names = evaluation.classNames.map { printable($0) }
      let width = max(5, names.map(\.count).max() ?? 0)
      Terminal.output(
        Terminal.left("class", width) + "  precision  recall      F1" + Terminal.right(noun, 8))
      for (name, score) in zip(names, evaluation.confusion.scores) {
        Terminal.output(
          Terminal.left(name, width) + Terminal.right(Terminal.fixed(score.precision, 4), 11)
            + Terminal.right(Terminal.fixed(score.recall, 4), 8)
            + Terminal.right(Terminal.fixed(score.f1, 4), 8)
            + Terminal.right(String(score.support), 8))
      }
    }

    private func show(_ figures: Figures) throws {
      if options.json == true { return try Terminal.output(json: figures) }
      if let perplexity = figures.perplexity {
        Terminal.output("perplexity  \(Terminal.fixed(perplexity.value, 4))")
      }
      Terminal.output("loss        \(Terminal.fixed(figures.loss.value, 4))")
      if let accuracy = figures.accuracy { Terminal.output("accuracy    \(Terminal.fixed(accuracy, 4))") }
      show(figures.metrics?.mapValues(\.value), width: 10)
      Terminal.output("device      \(figures.device)")
    }

    /// The metrics asked for, in their order; "none" where one has no finite value.
    private func show(_ metrics: [String: Double]?, width: Int) {
      guard let metrics else { return }
      for name in options.testMetrics.map(\.name) {
        let value = metrics[name].flatMap { $0.isFinite ? Terminal.fixed($0, 4) : nil } ?? "none"
        Terminal.output("\(Terminal.left(name, width))  \(value)")
      }
    }

    /// A number, null where JSON has none for it.
    private struct Figure: Encodable {
      var value: Double

      init(_ value: Double) { self.value = value }

      func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if value.isFinite { try container.encode(value) } else { try container.encodeNil() }
      }

      /// The figures of names, null of those without a value.
      static func all(_ names: [String], _ values: [String: Double]?) -> [String: Figure]? {
        if names.isEmpty { return nil }
        return Dictionary(names.map { ($0, Figure(values?[$0] ?? .nan)) }) { first, _ in first }
      }
    }

    /// The figures of a network without classes.
    private struct Figures: Encodable {
      /// The mean loss: of a text, a character's in nats; of images, an image's.
      var loss: Figure
      /// exp(loss) of a text.
      var perplexity: Figure?
      /// The share of characters that had the largest logit.
      var accuracy: Double?
      var metrics: [String: Figure]?
      var device: String

      init(_ figures: TestFigures, isLanguage: Bool, metrics: [String], device: String) {
        loss = Figure(figures.loss)
        perplexity = isLanguage ? Figure(exp(figures.loss)) : nil
        accuracy = figures.accuracy
        self.metrics = Figure.all(metrics, figures.metrics)
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
      var loss: Figure
      var metrics: [String: Figure]?
      var device: String
      var classes: [Class]

      init(_ evaluation: Evaluation, metrics: [String: Double]?, asked: [String], device: String) {
        accuracy = evaluation.accuracy
        loss = Figure(evaluation.loss)
        self.metrics = Figure.all(asked, metrics)
        self.device = device
        classes = zip(evaluation.classNames, evaluation.confusion.scores).map { name, score in
          Class(
            name: name, precision: score.precision, recall: score.recall, f1: score.f1, count: score.support)
        }
      }
    }
  }
#endif
