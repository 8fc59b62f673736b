#if CommandLine
  import ArgumentParser
  import LatheML

  struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "models", abstract: "Lists the networks that `lathe train` knows.")

    func run() {
      let rows = ModelCatalog.all
      let width = rows.map(\.name.count).max() ?? 0
      for recipe in rows {
        Terminal.output("\(Terminal.left(recipe.name, width))  \(recipe.summary) (\(recipe.task.words))")
      }
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
