#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheBenchmarks
  import LatheML

  struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "train", abstract: "Trains a network, tests it after each epoch and stores it.",
      discussion:
        "`lathe models` lists the networks. What a flag says goes before what the file of --config says.")

    @Argument(help: "The network, such as lenet.")
    var model: String?

    @OptionGroup var shared: SharedOptions

    @OptionGroup var tracing: TraceOptions

    @Option(
      help: ArgumentHelp(
        "A JSON object with the long names of these options as keys, '_' for '-', and model.",
        valueName: "file"))
    var config: String?

    @OptionGroup var reading: ReadingOptions

    @OptionGroup var limits: LimitOptions

    @Option(
      parsing: .unconditional,
      help: "Characters of a text's windows; without it 128, of texts with classes 256.")
    var length: Int?

    @Option(parsing: .unconditional, help: "Passes over the training set; without it 5.")
    var epochs: Int?

    @Option(
      parsing: .unconditional,
      help:
        "Ends after so many steps in all, within an epoch if need be; without --epochs in as many as it takes."
    )
    var steps: Int?

    @Option(parsing: .unconditional, help: "Examples a batch; without it the network's own.")
    var batchSize: Int?

    @Option(parsing: .unconditional, help: "Batches whose gradients make one step.")
    var accumulate: Int?

    @Flag(help: "Leave out the last batch of an epoch where it is smaller.")
    var dropLast = false

    @Option(
      parsing: .unconditional,
      help: "The step size; without it 0.001 for adam, 0.01 for sgd, or the network's own.")
    var learningRate: Float?

    @Option(help: "adam, adamw, sgd with momentum 0.9, and others.")
    var optimizer: OptimizerName?

    @Option(help: "The course of the learning rate.")
    var schedule: ScheduleName?

    @Option(parsing: .unconditional, help: "Steps in which the learning rate rises from 0.")
    var warmupSteps: Int?

    @Option(
      parsing: .unconditional, help: "Weight decay of matrices and filters; biases and norms have none.")
    var weightDecay: Float?

    @Option(parsing: .unconditional, help: "The largest length of all gradients together.")
    var clipNorm: Float?

    @Option(parsing: .unconditional, help: "The share of a target's weight that all classes get.")
    var labelSmoothing: Float?

    @Option(
      parsing: .unconditional,
      help: "Tests and stores a moving average of the weights that keeps so much, such as 0.999.")
    var average: Float?

    @OptionGroup var monitoring: MonitorOptions

    @Option(parsing: .unconditional, help: "Chooses the first weights and the order of the examples.")
    var seed: UInt64?

    @Option(
      help: ArgumentHelp(
        "First weights: a .safetensors or .npz file, or the folder of a run.", valueName: "file"))
    var weights: String?

    @Option(help: "What the weights' names begin with in the file and not here, such as 'module.'.")
    var weightsPrefix: String?

    @Flag(help: "Take the weights that fit, and list those that do not.")
    var partial = false

    @Option(
      help: ArgumentHelp(
        "Leave out of training: paths such as 0 or '*.bias', with commas between, or 'loaded' for the weights taken.",
        valueName: "pattern"))
    var freeze: String?

    @Option(
      help: ArgumentHelp(
        "The folder for checkpoints, records and the model; without it runs/MODEL-N.", valueName: "dir"))
    var output: String?

    @Flag(help: "Go on from the newest checkpoint in the output folder.")
    var resume = false

    @Flag(help: "Train on one batch, print what the network is and takes, and write nothing.")
    var dryRun = false

    @Flag(
      help: "Train with a rising learning rate, print the losses and a suggestion, and keep nothing of it.")
    var findLearningRate = false

    @Flag(help: "Read every loss before its step, to name the layer that makes a NaN; always so on the CPU.")
    var checkNumbers = false

    @Option(parsing: .unconditional, help: "Also test every so many steps, not only after each epoch.")
    var testEvery: Int?

    @Option(
      parsing: .unconditional, help: "Also write a checkpoint every so many steps, not only after each epoch."
    )
    var checkpointEvery: Int?

    @Option(parsing: .unconditional, help: "Checkpoints that stay; without it 2.")
    var keep: Int?

    @Option(help: "The type of products and convolutions; parameters stay float32.")
    var precision: Precision?

    @Flag(help: "Wait for the device after each phase, so that the report shows where its time goes.")
    var synchronizePhases = false

    @Flag(
      help: "Keep only the inputs of layers and compute them again for the gradient: less memory, more time.")
    var recompute = false

    /// What the flags say.
    private var flags: TrainingOptions {
      var options = TrainingOptions()
      options.model = model
      options.data = shared.data?.rawValue
      options.epochs = epochs
      options.steps = steps
      options.seed = seed
      options.optimizer = optimizer?.rawValue
      options.schedule = schedule?.rawValue
      options.output = output
      options.dataDir = shared.dataDir
      options.dataFile = shared.dataFile
      options.labelsFile = shared.labelsFile
      reading.put(into: &options)
      limits.put(into: &options)
      options.batchSize = batchSize
      options.dropLast = dropLast ? true : nil
      options.learningRate = learningRate
      options.weightDecay = weightDecay
      options.warmupSteps = warmupSteps
      options.labelSmoothing = labelSmoothing
      options.clipNorm = clipNorm
      options.accumulate = accumulate
      options.average = average
      monitoring.put(into: &options)
      options.testEvery = testEvery
      options.checkpointEvery = checkpointEvery
      options.keep = keep
      options.length = length
      options.weights = weights
      options.weightsPrefix = weightsPrefix
      options.partial = partial ? true : nil
      options.freeze = freeze
      options.precision = precision?.rawValue
      options.recompute = recompute ? true : nil
      options.device = shared.choice.device
      options.json = shared.json ? true : nil
      options.resume = resume ? true : nil
      options.trace = tracing.trace
      options.dryRun = dryRun ? true : nil
      options.findLearningRate = findLearningRate ? true : nil
      options.checkNumbers = checkNumbers ? true : nil
      options.synchronizePhases = synchronizePhases ? true : nil
      return options
    }

    func validate() throws {
      // What a file adds can make good what flags alone lack.
      if let problem = config == nil ? flags.problem : flags.valueProblem { throw ValidationError(problem) }
      if model == nil && config == nil {
        throw ValidationError("no network; name one (`lathe models` lists them) or a file with --config")
      }
    }

    func run() throws {
      let file = try config.map { try TrainingOptions(path: $0) }
      let options = try file.map { try flags.over($0) } ?? flags
      if let problem = options.problem {
        throw LatheError(.invalidArgument, "\(config ?? "options"): \(problem)")
      }
      guard let recipe = options.model.flatMap(ModelCatalog.recipe) else {
        throw LatheError(
          .invalidArgument, "\(config ?? "options"): no key 'model'; `lathe models` lists them")
      }
      var tracing = tracing
      tracing.trace = options.trace
      tracing.start()
      let device = try shared.choice.open(configured: options.device)
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
      _ tracing: TraceOptions
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
    private static var release: String { "lathe \(Version.current), commit \(Version.commit)" }
  }
#endif
