#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheBenchmarks
  import LatheCore
  import LatheML

  @main
  enum Main {
    static func main() {
      StandardStreams.openClosed()
      StopSignals.unblock()
      Terminal.showKernelBuilds()
      endWithParent()
      TabularNetwork.register()
      do {
        try LatheCommand.checkHelp(Array(CommandLine.arguments.dropFirst()))
        let arguments = Array(CommandLine.arguments.dropFirst())
        var command = try LatheCommand.parseAsRoot(NegativeValues.joined(TrainRoutes.routed(arguments)))
        try command.run()
      } catch {
        finish(error)
      }
    }

    /// A run that a search started does not outlive it: it ends as by Ctrl-C, with a checkpoint.
    private static func endWithParent() {
      // What the run starts itself has another parent.
      guard let parent = environment("LATHE_PARENT").flatMap({ pid_t($0) }), parent == getppid() else {
        return
      }
      _ = startThread(named: "parent") {
        while getppid() == parent { usleep(500_000) }
        kill(getpid(), SIGINT)
      }
    }

    /// Prints what a command ended with and exits: 2 for usage, 1 for failure, 0 for help.
    private static func finish(_ error: any Error) -> Never {
      if let error = error as? LatheError {
        Terminal.error(error.message)
        exit(1)
      }
      if let code = error as? ExitCode { exit(code.rawValue) }
      let code = LatheCommand.exitCode(for: error)
      let message = TrainRoutes.named(
        quotingArguments(LatheCommand.fullMessage(for: error)), as: Array(CommandLine.arguments.dropFirst()))
      if code.isSuccess {
        Terminal.output(message)
        exit(0)
      }
      if code == .validationFailure {
        Terminal.note(message)
        exit(2)
      }
      // Neither wrong usage nor an error of ours: what a library threw, in one line all the same.
      Terminal.error("\(error)".replacingOccurrences(of: "\n", with: " "))
      exit(1)
    }

    /// A message of several lines in which arguments with line ends and the like are quoted on one.
    private static func quotingArguments(_ message: String) -> String {
      CommandLine.arguments.dropFirst().flatMap {
        [$0] + $0.split(separator: "=", maxSplits: 1).map(String.init)
      }
      .filter { printable($0) != $0 }
      .reduce(message) { $0.replacingOccurrences(of: $1, with: printable($1)) }
    }
  }

  struct LatheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "lathe", abstract: "Trains and tests neural networks on OpenCL devices and the CPU.",
      subcommands: [
        DevicesCommand.self, TrainCommand.self, EvaluateCommand.self, PredictCommand.self, ModelsCommand.self,
        InspectCommand.self, TokenizeCommand.self, GenerateCommand.self, ChatCommand.self, EmbedCommand.self,
        BenchCommand.self, ProbeCommand.self, TuneCommand.self, TrainTableCommand.self,
        AutoMLCommand.self, RecommendCommand.self, ExplainCommand.self, ForecastCommand.self,
        ProfileCommand.self, TrainTextCommand.self, TrainTokenCommand.self, TrainAnswerCommand.self,
        AnswerCommand.self, TrainSentenceCommand.self, TrainChatCommand.self, PretrainCommand.self,
        MergeCommand.self, ScoreCommand.self,
        TrainWordVectorsCommand.self, VectorsCommand.self,
      ] + searchCommands)

    /// The search keeps its trials by a library that a trait brings.
    private static var searchCommands: [any ParsableCommand.Type] {
      #if Tracking
        [SearchCommand.self]
      #else
        []
      #endif
    }

    // A flag of its own: the parser's would look for the commit, by a process, at every start.
    @Flag(help: "Show which Lathe this is.")
    var version = false

    func run() throws {
      guard version else { throw CleanExit.helpRequest(self) }
      Terminal.output("lathe \(Version.current), commit \(Version.commit)")
    }

    /// Refuses help for a command that is not there, for which the parser shows all of them as if that were asked for.
    static func checkHelp(_ arguments: [String]) throws {
      guard arguments.first == "help" else { return }
      let names = configuration.subcommands.map { $0._commandName }
      guard let word = arguments.dropFirst().first, !word.hasPrefix("-"), word != "help",
        !names.contains(word)
      else { return }
      throw ValidationError("unknown command '\(word)'; \(Suggestion.sentence(for: word, among: names))")
    }
  }
#else
  import Foundation

  @main
  enum Main {
    static func main() {
      FileHandle.standardError.write(
        Data("lathe: built without the command-line tool (package trait CommandLine)\n".utf8))
      exit(1)
    }
  }
#endif
