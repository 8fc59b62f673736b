#if CommandLine
  import ArgumentParser
  import LatheML

  struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "models",
      abstract: "Lists the networks that can be trained and the pre-trained models; keeps those.",
      discussion: """
        Pre-trained models are in the folder `models` of LATHE_HOME, otherwise in `lathe` of XDG_DATA_HOME or \
        ~/.local/share. The network is asked by `fetch` alone, and never where LATHE_OFFLINE is 1.
        """,
      subcommands: [
        ListModels.self, AddModel.self, FetchModel.self, RemoveModel.self, VerifyModels.self,
      ],
      defaultSubcommand: ListModels.self)
  }

  struct ListModels: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list",
      abstract: "Lists the networks that `lathe train` knows, and the pre-trained models.")

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    /// What is printed as JSON.
    private struct Content: Encodable {
      /// The models of tables that `lathe train` knows.
      var tables = TrainTableCommand.Kind.allCases.map(\.rawValue)
      struct Network: Encodable {
        var name: String
        var summary: String
        var learnsFrom: String
      }
      struct Pretrained: Encodable {
        var name: String
        var source: String
        var folder: String
        var bytes: Int
        var files: [StoredModel.File]
      }
      var networks: [Network]
      var pretrained: [Pretrained]
    }

    func run() throws {
      let networks = ModelCatalog.all
      let store = try ModelStore.user()
      let models = try store.models()
      if json {
        let content = Content(
          networks: networks.map { .init(name: $0.name, summary: $0.summary, learnsFrom: $0.task.words) },
          pretrained: models.map {
            .init(name: $0.name, source: $0.source, folder: $0.folder, bytes: $0.byteCount, files: $0.files)
          })
        return try Terminal.output(json: content, isPretty: true)
      }
      let width = networks.map(\.name.count).max() ?? 0
      for recipe in networks {
        Terminal.output("\(Terminal.left(recipe.name, width))  \(recipe.summary) (\(recipe.task.words))")
      }
      let kinds = TrainTableCommand.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      Terminal.output(
        "\nof tables (lathe train MODEL --help; lathe inspect RUN shows a stored one): \(kinds)")
      guard !models.isEmpty else { return }
      Terminal.output("\npre-trained, in \(store.folder):")
      let nameWidth = models.map(\.name.count).max() ?? 0
      for model in models {
        Terminal.output(
          "\(Terminal.left(model.name, nameWidth))  \(ByteText.of(model.byteCount)) from \(model.source)")
      }
    }
  }

  struct AddModel: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "add", abstract: "Adds a pre-trained model of a file or a folder.")

    @Argument(help: "What it is called from then on.")
    var name: String

    @Argument(help: "A file of weights, or a folder with the files of a model.")
    var path: String

    @Flag(help: "Refer to the files where they are instead of copying them.")
    var link = false

    @Option(help: "Where it comes from, as `lathe models` shows it; the path if not given.")
    var source: String?

    func run() throws {
      var path = path
      while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
      let model = try ModelStore.user().add(name, path: path, linking: link, origin: source)
      Terminal.output(
        "\(model.name): \(model.files.count) files, \(ByteText.of(model.byteCount)), in \(model.folder)")
    }
  }

  struct FetchModel: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "fetch", abstract: "Fetches a pre-trained model of the Hugging Face hub.",
      discussion: """
        HF_ENDPOINT names another hub, HF_TOKEN is the token for models that want one. What was fetched before an \
        interruption is not fetched again.
        """)

    @Argument(help: "hf:OWNER/NAME, or hf:OWNER/NAME@REVISION for a branch, a tag or a commit.")
    var address: String

    @Option(
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp(
        "Fetch the files of this pattern, with * for any text, instead of what a model needs; may be given several times.",
        valueName: "pattern"))
    var file: [String] = []

    @Option(help: "What it is called from then on; as on the hub if not given.")
    var name: String?

    func run() throws {
      let address = try HubAddress(address)
      let store = try ModelStore.user()
      var bar = DownloadBar()
      let model: StoredModel
      do {
        model = try store.fetch(address, as: name, patterns: file, from: .ofEnvironment()) { bar.show($0) }
      } catch {
        Terminal.finishLine()
        throw error
      }
      Terminal.finishLine()
      Terminal.output(
        "\(model.name): \(model.files.count) files, \(ByteText.of(model.byteCount)), in \(model.folder)")
    }
  }

  struct RemoveModel: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "remove", abstract: "Removes a pre-trained model with its files.")

    @Argument(help: "The model.")
    var name: String

    func run() throws { try ModelStore.user().remove(name) }
  }

  struct VerifyModels: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify",
      abstract: "Compares the files of pre-trained models with the digests taken when they came.")

    @Argument(help: "The models; all of them if not given.")
    var names: [String] = []

    func run() throws {
      let store = try ModelStore.user()
      let models = try names.isEmpty ? store.models() : names.map { try store.required($0) }
      var isWhole = true
      for model in models {
        let problems = model.problems()
        for problem in problems { Terminal.error(problem) }
        if problems.isEmpty { Terminal.output("\(model.name): \(model.files.count) files are as they came") }
        isWhole = isWhole && problems.isEmpty
      }
      if !isWhole { throw ExitCode(1) }
    }
  }

  extension ModelRecipe.Task {
    /// What it learns from, as a person reads it.
    fileprivate var words: String {
      switch self {
      case .images: "classes of images"
      case .reconstruction, .variational: "images"
      case .language: "a text"
      case .texts: "classes of texts"
      }
    }
  }
#endif
