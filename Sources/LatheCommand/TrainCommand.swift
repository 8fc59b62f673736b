#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheBenchmarks
  import LatheML

  struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "train", abstract: "Trains a network, tests it after each epoch and stores it.",
      discussion:
        "`lathe models` lists the networks. What a flag says goes before what the file of --config says. Models of tables have "
        + "options of their own: `lathe train logistic --help`; there are "
        + TrainTableCommand.Kind.allCases.map(\.rawValue).joined(separator: ", ")
        + ". A pre-trained encoder learns to tell texts by `lathe train text-classifier --help`, to find names in them by `lathe train token-classifier --help`, and answers by `lathe train question-answering --help`; a sentence encoder learns which texts belong together by `lathe train sentence-encoder --help`, a language model to answer by `lathe train chat-model --help`."
    )

    /// All settings.
    enum Choice: SettingChoice {
      static var settings: [any AnySetting] { TrainingOptions.all }
    }

    @OptionGroup var given: Flags<Choice>

    /// What the flags say.
    private var flags: TrainingOptions { given.options }

    func validate() throws {
      // What a file adds can make good what flags alone lack.
      if let problem = flags.config == nil ? flags.problem : flags.valueProblem {
        throw ValidationError(problem)
      }
      if flags.model == nil && flags.config == nil {
        throw ValidationError("no network; name one (`lathe models` lists them) or a file with --config")
      }
    }

    func run() throws {
      let file = try flags.config.map { try TrainingOptions(path: $0) }
      let options = file.map(flags.over) ?? flags
      let source = flags.config ?? "options"
      if let problem = options.problem { throw LatheError(.invalidArgument, "\(source): \(problem)") }
      guard let recipe = options.model.flatMap(ModelCatalog.recipe) else {
        throw LatheError(.invalidArgument, "\(source): no key 'model'; `lathe models` lists them")
      }
      let tracing = TraceFile(path: options.trace)
      tracing.start()
      let device = try ChosenDevice.open(flag: flags.device, configured: options.device)
      let job = try TrainingJob(recipe, options, device: device)
      if options.dryRun == true { return try job.dryRun().forEach { Terminal.output($0) } }
      if options.findLearningRate == true {
        return try OutputFolder.use(options.output, model: recipe.name, resume: false) {
          try LearningRateSearch(job).run(folder: $0, json: options.json == true)
        }
      }
      // From here on there are files that a signal must not leave half written.
      StopSignals.listen()
      try OutputFolder.use(options.output, model: recipe.name, resume: options.resume == true) {
        try train(job, options, device, $0, tracing)
      }
    }

    private func train(
      _ job: TrainingJob, _ options: TrainingOptions, _ device: Device, _ folder: String,
      _ tracing: TraceFile
    ) throws {
      let name = job.recipe.name
      let trainer = try job.trainer(folder: folder)
      try job.data.description.write(to: folder)
      let display = TrainingDisplay(
        json: options.json == true, epochs: job.configuration.epochs, metrics: trainer.metrics.map(\.name),
        unit: job.data.training.unit)
      display.attach(to: trainer)
      trainer.callbacks = [
        RunRecorder(folder: folder, command: CommandLine.arguments, program: TrainCommand.release),
        RunReport(folder: folder, program: TrainCommand.release),
      ]
      if options.resume == true, try !trainer.resume() {
        display.note("\(folder): no checkpoint yet; starting at step 0")
      }
      trainer.shouldStop = { StopSignals.number != 0 }
      display.note(
        "training \(name) on \(device.name) (\(device.info.name)): "
          + "\(counted(job.data.training.count, job.data.training.noun)), batch \(job.configuration.batchSize), "
          + counted(job.configuration.epochs, "epochs")
          + (job.configuration.stepLimit.map { ", at most \(counted($0, "steps"))" } ?? ""))
      let outcome = try trainer.run()
      display.end()
      try tracing.finish()
      if outcome == .stopped {
        display.note("stopped at step \(trainer.step); go on with: \(command(folder, options))")
        throw ExitCode(128 + StopSignals.number)
      }
      if let last = trainer.history.last {
        let figures = [result(last, job.recipe.task)] + display.metrics(of: last)
        display.note("\(figures.joined(separator: ", ")) after \(counted(last.epoch, "epochs"))")
      }
      job.data.problems.lines.forEach(display.note)
      display.note("model stored in \(folder)/\(ModelFolder.lastName)")
      if let best = display.best(of: trainer) { display.note(best) }
      display.note("evaluate it with: \(evaluation(folder, options))")
      if Terminal.hasLostResults { throw ExitCode(1) }
    }

    /// The figure that a network of its kind is judged by.
    private func result(_ report: EpochReport, _ task: ModelRecipe.Task) -> String {
      switch task {
      case .images, .texts: "test accuracy \(Terminal.fixed(report.testAccuracy ?? .nan, 4))"
      // Among the metrics the perplexity is shown with those.
      case .language where report.metrics?[TestMetric.perplexity.name] != nil:
        "test loss \(Terminal.fixed(report.testLoss ?? .nan, 4))"
      case .language: "test perplexity \(Terminal.fixed(exp(report.testLoss ?? .nan), 4))"
      case .reconstruction, .variational: "test loss \(Terminal.fixed(report.testLoss ?? .nan, 4))"
      }
    }

    private func evaluation(_ folder: String, _ options: TrainingOptions) -> String {
      var words = [program, "evaluate", "--model", folder]
      if let device = options.device, device != "auto" { words += ["--device", device] }
      return words.map(Terminal.shellQuoted).joined(separator: " ")
    }

    /// The command that goes on with this run.
    private func command(_ folder: String, _ options: TrainingOptions) -> String {
      var words = [program] + CommandLine.arguments.dropFirst()
      if options.output == nil { words += ["--output", folder] }
      if options.resume != true { words.append("--resume") }
      return words.map(Terminal.shellQuoted).joined(separator: " ")
    }

    private var program: String { CommandLine.arguments.first ?? "lathe" }

    /// What a run's records say it was made by.
    static var release: String { "lathe \(Version.current), commit \(Version.commit)" }
  }
#endif
