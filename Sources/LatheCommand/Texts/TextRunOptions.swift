#if CommandLine
  import ArgumentParser
  import LatheML

  /// What every command says of its run that trains a network on texts, and that run.
  struct TextRunOptions: ParsableArguments {
    @Option(help: "Passes over what is learned from.")
    var epochs = 3

    @Option(help: "How strongly weights are drawn to 0.")
    var weightDecay: Float = 0.01

    @Option(help: "The part of the steps in which the step size rises.")
    var warmup = 0.1

    @Option(help: "What random choices depend on.")
    var seed: UInt64 = 42

    @Option(help: ArgumentHelp("The folder for the run; without it one under runs/.", valueName: "dir"))
    var output: String?

    @Flag(help: "Go on with the run in the folder from its last checkpoint.")
    var resume = false

    @Flag(help: "Print epochs as JSON, one object a line.")
    var json = false

    @Option(help: "auto, cpu, opencl, or a device's name or number, see `lathe devices`.")
    var device: String?

    /// A run as a command sees it.
    struct Run {
      let trainer: Trainer
      /// What is counted.
      let unit: String
      /// What a user should see before it begins.
      let notes: [String]
      /// What is stored where in the end.
      let stored: String
      /// Writes what loading the model takes besides its weights.
      let describe: () throws -> Void
      /// Tests, and gives the report and the figures for JSON.
      let finish: () throws -> (text: String, scores: any Encodable)
    }

    /// Opens the device and has a run made in the folder for it; one that fails leaves none behind.
    func begin(_ name: String, _ body: (Device, _ folder: String) throws -> Void) throws {
      let device = try ChosenDevice.open(flag: device)
      StopSignals.listen()
      try OutputFolder.use(output, model: name, resume: resume) { try body(device, $0) }
    }

    /// Trains, tests once and shows the report.
    func train(_ run: Run, in folder: String) throws {
      let trainer = run.trainer
      try run.describe()
      let display = TrainingDisplay(
        json: json, epochs: epochs, metrics: trainer.metrics.map(\.name), unit: run.unit)
      display.attach(to: trainer)
      trainer.callbacks += [
        RunRecorder(folder: folder, command: CommandLine.arguments, program: TrainCommand.release),
        RunReport(folder: folder, program: TrainCommand.release),
      ]
      if resume, try !trainer.resume() { display.note("\(folder): no checkpoint yet; starting at step 0") }
      trainer.shouldStop = { StopSignals.number != 0 }
      run.notes.forEach(display.note)
      let outcome = try trainer.run()
      display.end()
      if outcome == .stopped {
        display.note(
          "stopped at step \(trainer.step); go on with the same command and --resume --output \(Terminal.shellQuoted(folder))"
        )
        throw ExitCode(128 + StopSignals.number)
      }
      let report = try run.finish()
      if json {
        try Terminal.output(json: report.scores)
      } else {
        Terminal.output(report.text)
      }
      display.note(run.stored)
      if Terminal.hasLostResults { throw ExitCode(1) }
    }
  }
#endif
