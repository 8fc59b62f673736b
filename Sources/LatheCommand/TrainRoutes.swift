#if CommandLine
  import ArgumentParser

  /// Commands that `lathe train NAME` leads to, since they have options of their own.
  enum TrainRoutes {
    private static let commands: [(command: any ParsableCommand.Type, takes: @Sendable (String) -> Bool)] = [
      (TrainTableCommand.self, { TrainTableCommand.Kind(rawValue: $0) != nil }),
      (TrainTextCommand.self, { TrainTextCommand.Task(rawValue: $0) != nil }),
      (TrainTokenCommand.self, { TrainTokenCommand.Task(rawValue: $0) != nil }),
      (TrainAnswerCommand.self, { TrainAnswerCommand.Task(rawValue: $0) != nil }),
      (TrainChatCommand.self, { TrainChatCommand.Task(rawValue: $0) != nil }),
      (TrainSentenceCommand.self, { TrainSentenceCommand.Task(rawValue: $0) != nil }),
      (TrainWordVectorsCommand.self, { TrainWordVectorsCommand.Task(rawValue: $0) != nil }),
    ]

    /// The name of the command that arguments lead to; nil where it is the one they name.
    private static func name(_ arguments: [String]) -> String? {
      guard arguments.count > 1, arguments[0] == "train" else { return nil }
      return commands.first { $0.takes(arguments[1]) }?.command.configuration.commandName
    }

    /// Arguments in which `train` of a model with options of its own is the command that does it.
    static func routed(_ arguments: [String]) -> [String] {
      name(arguments).map { [$0] + arguments.dropFirst() } ?? arguments
    }

    /// A message in which such a command has the name that it was called by.
    static func named(_ message: String, as arguments: [String]) -> String {
      guard let own = name(arguments) else { return message }
      return message.replacing("lathe \(own)", with: "lathe " + arguments.prefix(2).joined(separator: " "))
    }
  }
#endif
