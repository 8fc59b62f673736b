#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheNN

  @main
  enum Main {
    static func main() {
      StopSignals.unblock()
      Terminal.showKernelBuilds()
      do {
        var command = try LatheCommand.parseAsRoot()
        try command.run()
      } catch {
        finish(error)
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
      let message = LatheCommand.fullMessage(for: error)
      if code.isSuccess {
        Terminal.output(message)
        exit(0)
      }
      Terminal.note(message)
      exit(code == .validationFailure ? 2 : 1)
    }
  }

  struct LatheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "lathe", abstract: "Trains and tests neural networks on OpenCL devices and the CPU.",
      subcommands: [
        DevicesCommand.self, TrainCommand.self, EvaluateCommand.self, ModelsCommand.self, BenchCommand.self,
        ProbeCommand.self, TuneCommand.self,
      ])
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
