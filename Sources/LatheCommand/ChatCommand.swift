#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheML

  struct ChatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "chat", abstract: "Talks with a language model in the terminal.",
      discussion: """
        Each line is a message; the reply appears as it is made. Ctrl-C ends a reply, Ctrl-D the conversation. /clear forgets what \
        was said, /exit ends it.
        """)

    @OptionGroup var model: LanguageModelOptions
    @OptionGroup var flags: GenerationFlags

    @Option(help: "What the model is told before the conversation.")
    var system: String?

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("How many tokens the conversation may have.", valueName: "count"))
    var context = 4096

    @Flag(help: "Say on standard error how many tokens a second were read and made.")
    var timings = false

    func validate() throws {
      try model.check()
      try flags.check()
      guard context > 0 else { throw ValidationError("--context \(context): expected at least 1") }
    }

    func run() throws {
      let generator = try model.generator()
      let chat = try ChatSession(generator, system: system, contextLength: context)
      let isTerminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
      if isTerminal { Terminal.note("Ctrl-C ends a reply, Ctrl-D the conversation; /clear begins a new one") }
      var options = try flags.options(temperature: 0.7)
      if flags.temperature == nil && flags.topP == nil { options.topP = 0.9 }
      let lines = try TextLines(nil)
      var hasFailed = false
      while true {
        if isTerminal {
          Terminal.piece("> ")
          StopSignals.askBeforeInterrupt()
        }
        let next: String?
        do {
          next = try lines.next()
        } catch let error as LatheError where error.kind == .format {
          // A message that cannot be read is no end of the conversation.
          Terminal.error(error.message)
          hasFailed = true
          continue
        }
        guard let line = next, line != "/exit" else { break }
        if line == "/clear" {
          chat.clear()
          continue
        }
        if line.allSatisfy(\.isWhitespace) { continue }
        StopSignals.listen()
        if try !reply(line, chat, options) { hasFailed = true }
        StopSignals.stopListening()
        options.seed &+= 1
      }
      if isTerminal { Terminal.piece("\n") }
      // A person has seen it; a program sees the status.
      if hasFailed && !isTerminal { throw ExitCode(1) }
    }

    /// Writes a reply.
    ///
    /// - Returns: Whether there was one; a message that does not fit gets none.
    private func reply(_ line: String, _ chat: ChatSession, _ options: GenerationOptions) throws -> Bool {
      let stream: TextStream
      do {
        stream = try chat.reply(to: line, options: options)
      } catch let error as LatheError where error.kind == .invalidArgument {
        // A message that does not fit is no end of the conversation.
        Terminal.error(error.message)
        return false
      }
      stream.shouldStop = { StopSignals.number != 0 }
      var meter = GenerationMeter(prompt: stream.promptCount, loading: .zero)
      var text = ""
      while let piece = try stream.next() {
        meter.count()
        text += piece.text
        Terminal.piece(piece.text)
      }
      Terminal.piece("\n")
      chat.finish(stream, text: text)
      if timings { Terminal.note(meter.line) }
      if [SIGTERM, SIGHUP].contains(StopSignals.number) { throw ExitCode(128 + StopSignals.number) }
      return true
    }
  }
#endif
