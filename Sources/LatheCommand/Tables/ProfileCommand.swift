#if CommandLine
  import ArgumentParser
  import LatheML

  struct ProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "profile",
      abstract: "Shows what is in a table, and what needs a look before a model learns from it.",
      discussion: """
        Types, missing values, duplicates, outliers, distributions, associations of columns; with a target its balance, and columns \
        that give it away.
        """)

    @Argument(help: ArgumentHelp("A table: .csv, .jsonl, .arff or .parquet.", valueName: "file"))
    var file: String

    @Option(help: ArgumentHelp("The column to predict.", valueName: "column"))
    var target: String?

    @Option(help: ArgumentHelp("A page to write, such as report.html.", valueName: "file"))
    var output: String?

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func validate() throws {
      if file.isEmpty || target?.isEmpty == true || output?.isEmpty == true {
        throw ValidationError("the file, --target or --output is empty; name a file, a column and a page")
      }
    }

    func run() throws {
      try output.map { try TableInput.checkReplaces($0, none: [file]) }
      let (table, notes) = try TableInput.read(file)
      notes.forEach { Terminal.note("\(file): \($0)") }
      let profile: TableProfile
      do { profile = try TableProfile(table, target: target) } catch let error as LatheError {
        throw LatheError(error.kind, "\(file): \(error.message)")
      }
      if json { try Terminal.output(json: profile, isPretty: true) } else { Terminal.output("\(profile)") }
      guard let output else { return }
      try profile.writeHTML(to: output, title: file)
      Terminal.note("page written to \(output)")
    }
  }
#endif
