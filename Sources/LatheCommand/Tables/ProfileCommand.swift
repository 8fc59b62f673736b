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

    @Argument(
      help: ArgumentHelp("A table: .csv, .jsonl, .arff or .parquet; - for standard input.", valueName: "file")
    )
    var file: String

    @Option(help: ArgumentHelp("The column to predict.", valueName: "column"))
    var target: String?

    @Option(help: ArgumentHelp("A page to write, such as report.html.", valueName: "file"))
    var output: String?

    @Option(help: "Look at so many rows, evenly from the whole file; without it at all.")
    var sample: Int?

    @OptionGroup(title: "Reading") var reading: TableReadingOptions

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func validate() throws {
      if file.isEmpty || target?.isEmpty == true || output?.isEmpty == true {
        throw ValidationError("the file, --target or --output is empty; name a file, a column and a page")
      }
      if let sample, sample < 2 { throw ValidationError("--sample is \(sample); two rows are the least") }
    }

    func run() throws {
      try output.map { try TableInput.checkReplaces($0, none: [file]) }
      var options = reading.reading
      options.sample = sample
      let input = try TableInput.read(file, options)
      input.showNotes(of: file)
      let profile = try input.use(of: file) { try TableProfile($0, target: target) }
      if json { try Terminal.output(json: profile, isPretty: true) } else { Terminal.output("\(profile)") }
      guard let output else { return }
      try profile.writeHTML(to: output, title: TableFile.name(file))
      Terminal.note("page written to \(output)")
    }
  }
#endif
