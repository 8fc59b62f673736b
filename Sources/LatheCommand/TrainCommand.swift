#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheNN

  struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "train", abstract: "Trains a network, tests it after each epoch and stores it.")

    @Argument(help: "The network: lenet.")
    var model: ModelName

    @OptionGroup var shared: SharedOptions

    @OptionGroup var tracing: TraceOptions

    @Option(help: "Passes over the training set.")
    var epochs = 5

    @Option(help: "Images a step.")
    var batchSize = 64

    @Option(help: "The step size; without it 0.001 for adam, 0.01 for sgd.")
    var learningRate: Float?

    @Option(help: "adam, or sgd with momentum 0.9.")
    var optimizer = OptimizerName.adam

    @Option(help: "Chooses the first weights and the order of the images.")
    var seed: UInt64 = 0

    @Option(
      help: ArgumentHelp(
        "The folder for checkpoints and the model; without it runs/lenet-N.", valueName: "dir"))
    var output: String?

    @Flag(help: "Go on from the newest checkpoint in the output folder.")
    var resume = false

    @Option(help: "Also write a checkpoint every so many steps, not only after each epoch.")
    var checkpointEvery: Int?

    func validate() throws {
      guard epochs >= 1 else { throw ValidationError("--epochs is \(epochs); give 1 or more") }
      guard batchSize >= 1 else { throw ValidationError("--batch-size is \(batchSize); give 1 or more") }
      if let learningRate, !(learningRate.isFinite && learningRate > 0) {
        throw ValidationError("--learning-rate is \(learningRate); give a number above 0")
      }
      if let checkpointEvery, checkpointEvery < 1 {
        throw ValidationError("--checkpoint-every is \(checkpointEvery); give 1 or more")
      }
      if output?.isEmpty == true { throw ValidationError("--output is empty; name a folder") }
    }

    func run() throws {
      tracing.start()
      let device = try shared.openDevice()
      // The test set is read while the training set is unpacked.
      let test = Background { try shared.load(.test) }
      let training = try shared.load(.train)
      let folder = try OutputFolder.prepare(output, model: model.rawValue, resume: resume)
      let settings = TrainingSettings(
        architecture: model.rawValue, data: shared.data.rawValue, optimizer: optimizer.rawValue,
        learningRate: learningRate ?? (optimizer == .adam ? 1e-3 : 1e-2), batchSize: batchSize, seed: seed)
      let generator = Generator(seed: seed)
      let network = LeNet.model(generator: generator, device: device)
      let trainer = try Trainer(
        model: network,
        optimizer: settings.makeOptimizer(optimizer, network), generator: generator, training: training,
        test: try test.value(), epochs: epochs, settings: settings, folder: folder, device: device)
      let display = TrainingDisplay(json: shared.json, epochs: epochs)
      display.attach(to: trainer)
      trainer.checkpointInterval = checkpointEvery
      if resume, try !trainer.resume() { display.note("\(folder): no checkpoint yet; starting at step 0") }
      StopSignals.listen()
      trainer.shouldStop = { StopSignals.number != 0 }
      display.note(
        "training \(model.rawValue) on \(device.name) (\(device.info.name)): \(training.count) images, batch "
          + "\(batchSize), \(epochs) epochs")
      let outcome = try trainer.run()
      display.end()
      try tracing.finish()
      if outcome == .stopped {
        display.note(
          "stopped at step \(trainer.step); go on with: \(command(folder, resuming: true))")
        throw ExitCode(128 + StopSignals.number)
      }
      if let last = trainer.history.last {
        display.note("test accuracy \(Terminal.fixed(last.testAccuracy, 4)) after \(last.epoch) epochs")
      }
      display.note("model stored in \(folder)/model.safetensors")
      display.note("evaluate it with: \(evaluation(folder))")
    }

    private func evaluation(_ folder: String) -> String {
      var words = [program, "evaluate", "--model", folder, "--data", shared.data.rawValue]
      if let dataDir = shared.dataDir { words += ["--data-dir", dataDir] }
      if shared.device != "auto" { words += ["--device", shared.device] }
      return words.map(Terminal.shellQuoted).joined(separator: " ")
    }

    /// The command that goes on with this run.
    private func command(_ folder: String, resuming: Bool) -> String {
      var words = [program] + CommandLine.arguments.dropFirst()
      if output == nil { words += ["--output", folder] }
      if !words.contains("--resume") { words.append("--resume") }
      return words.map(Terminal.shellQuoted).joined(separator: " ")
    }

    private var program: String { CommandLine.arguments.first ?? "lathe" }
  }

  extension TrainingSettings {
    fileprivate func makeOptimizer(_ name: OptimizerName, _ network: any Module) -> any Optimizer {
      name.make(network.parameters, learningRate: learningRate)
    }
  }
#endif
