#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheNN

  struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "evaluate", abstract: "Tests a stored model: accuracy, loss and scores by class.")

    @Option(help: ArgumentHelp("The folder that `lathe train` stored the model in.", valueName: "dir"))
    var model: String

    @OptionGroup var shared: SharedOptions

    func run() throws {
      let device = try shared.openDevice()
      let content = try ModelFolder(model).read { Terminal.note($0) }
      let name = content.architecture ?? "lenet"
      guard let recipe = ModelCatalog.recipe(name), recipe.task == .images else {
        throw LatheError(
          .invalidArgument,
          "\(content.source): '\(name)' is no network for the classes of images, which this tests")
      }
      let test = try TrainingInput.images(
        .test, shared.dataDir ?? FashionMNIST.defaultFolder, recipe, isRaw: false)
      let network = recipe.model(ModelInput(), generator: Generator(seed: 0), device: device)
      try network.load(content.values, from: content.source)
      let evaluation = try Evaluation(of: network, on: test, device: device)
      if shared.json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let result = Result(evaluation, device: device.name)
        Terminal.output(String(decoding: try encoder.encode(result), as: UTF8.self))
        return
      }
      Terminal.output("accuracy  \(Terminal.fixed(evaluation.accuracy, 4))")
      Terminal.output("loss      \(Terminal.fixed(evaluation.loss, 4))")
      Terminal.output("device    \(device.name)\n")
      let width = max(5, evaluation.classes.map(\.name.count).max() ?? 0)
      Terminal.output(Terminal.left("class", width) + "  precision  recall      F1  images")
      for score in evaluation.classes {
        Terminal.output(
          Terminal.left(score.name, width) + Terminal.right(Terminal.fixed(score.precision, 4), 11)
            + Terminal.right(Terminal.fixed(score.recall, 4), 8)
            + Terminal.right(Terminal.fixed(score.f1, 4), 8)
            + Terminal.right(String(score.count), 8))
      }
    }

    /// The figures under the names they have in JSON.
    private struct Result: Encodable {
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
