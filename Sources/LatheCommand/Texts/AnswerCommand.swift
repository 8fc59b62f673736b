#if CommandLine
  import ArgumentParser
  import LatheML

  struct AnswerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "answer", abstract: "Finds the answer to a question in a text.",
      discussion:
        "The model is a run of `lathe train question-answering`. An empty answer says that the text has none, where the model learned that texts may have none."
    )

    @Option(help: ArgumentHelp("The folder of a run of `lathe train question-answering`.", valueName: "run"))
    var model: String

    @Option(parsing: .unconditional, help: "The question.")
    var question: String

    @Option(parsing: .unconditional, help: "The text.")
    var text: String?

    @Option(
      help: ArgumentHelp(
        "A UTF-8 file with the text, of any length; - for standard input.", valueName: "file"))
    var file: String?

    @Option(help: "How many answers at most, the best first.")
    var top = 1

    @Flag(help: "Print a JSON object for each answer: text, start, end, probability.")
    var json = false

    @Option(help: "auto, cpu, opencl, or a device's name or number, see `lathe devices`.")
    var device: String?

    func validate() throws {
      if model.isEmpty { throw ValidationError("--model is empty; name the folder of a run") }
      guard (text == nil) != (file == nil) else {
        throw ValidationError("give --text or --file, one of them")
      }
      if file?.isEmpty == true { throw ValidationError("--file is empty; name a text") }
      guard (1...20).contains(top) else { throw ValidationError("--top is \(top); give 1 to 20") }
    }

    func run() throws {
      let answerer = try TextAnswerer(run: model, device: ChosenDevice.open(flag: device))
      for answer in try answerer.answers(to: question, in: try context(), count: top) {
        if json {
          try Terminal.output(json: answer)
        } else {
          let place = answer.text.isEmpty ? "no answer" : "\(answer.text)\t\(answer.start)..<\(answer.end)"
          Terminal.output("\(place)\t\(rounded(answer.probability))\n")
        }
      }
    }

    private func rounded(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }

    private func context() throws -> String {
      if let text { return text }
      let lines = try TextLines(file == "-" ? nil : file)
      var all: [String] = []
      while let line = try lines.next() { all.append(line) }
      return all.joined(separator: "\n")
    }
  }
#endif
