#if CommandLine
  import ArgumentParser
  import LatheCore
  import LatheML

  /// The files of `lathe score` that have a text a line.
  struct ScoredTexts: ParsableArguments {
    @Option(help: ArgumentHelp("The texts to score, one a line.", valueName: "file"))
    var predictions: String

    @Option(
      parsing: .upToNextOption,
      help: ArgumentHelp(
        "Files with a right text for each line; several where texts have several.", valueName: "file"))
    var references: [String]

    @Flag(help: "Print the score of each line, too, before the score of all.")
    var sentences = false

    /// The texts and the streams of references.
    func read() throws -> (texts: [String], references: [[String]]) {
      let texts = try Self.lines(predictions)
      let streams = try references.map { path in
        let stream = try Self.lines(path)
        guard stream.count == texts.count else {
          throw LatheError(
            .format,
            "\(path): \(stream.count) lines for \(texts.count) of \(predictions); each text needs its line")
        }
        return stream
      }
      return (texts, streams)
    }

    private static func lines(_ path: String) throws -> [String] {
      let reader = try TextLineReader(path: path)
      var lines: [String] = []
      while let line = try reader.next() { lines.append(line) }
      return lines
    }
  }
#endif
