#if CommandLine
  import ArgumentParser
  import LatheML

  struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "inspect", abstract: "Lists the tensors and the metadata of a file of weights.",
      discussion: """
        Reads safetensors (also several files with an index), PyTorch's .bin, .pt and .pth, GGUF, npz and npy. Of the first \
        three the headers alone are read, so that a large file takes no time; programs in PyTorch's files are never run. Of a \
        model of a table, which is read as a whole, what it predicts and from which columns.
        """)

    @Argument(help: "The file, the index of several, or a folder with one of them.")
    var file: String

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func run() throws {
      if TablePrediction.isModel(file) {
        let content = InspectedTableModel(try TableModel(path: file), path: file)
        if json { return try Terminal.output(json: content, isPretty: true) }
        return content.lines.forEach { Terminal.output($0) }
      }
      let content = try InspectedFile(path: file)
      if json { return try Terminal.output(json: content, isPretty: true) }
      for line in content.lines { Terminal.output(line) }
    }
  }
#endif
