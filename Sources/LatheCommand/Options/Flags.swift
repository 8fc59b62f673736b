#if CommandLine
  import ArgumentParser

  /// Which settings a command takes as flags.
  protocol SettingChoice {
    static var settings: [any AnySetting] { get }
  }

  /// The flags of some settings, for the parser of command lines.
  ///
  /// The parser finds flags by reflection, so that the mirror shows one for each setting.
  struct Flags<Choice: SettingChoice>: ParsableArguments, CustomReflectable {
    /// What the flags say.
    private(set) var options = TrainingOptions()

    init() {}

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: SettingKey.self)
      for setting in Choice.settings {
        options.set(setting, to: try setting.parsed(in: container))
      }
    }

    var customMirror: Mirror {
      Mirror(self, children: Choice.settings.map { (label: $0.key, value: $0.parsable) })
    }
  }

  extension Setting {
    var parsable: Any {
      let help = ArgumentHelp(help, valueName: valueName)
      if Value.self is Bool.Type {
        return Flag<Bool>(wrappedValue: false, name: .customLong(name), help: help)
      }
      if place == .argumentAndFile { return Argument<Value?>(help: help) }
      return Option<Value?>(
        name: .customLong(name), parsing: takesDashes ? .unconditional : .next, help: help)
    }

    func parsed(in container: KeyedDecodingContainer<SettingKey>) throws -> (any SettingValue)? {
      let key = SettingKey(name)
      if Value.self is Bool.Type {
        return try container.decode(Flag<Bool>.self, forKey: key).wrappedValue ? true : nil
      }
      if place == .argumentAndFile {
        return try container.decode(Argument<Value?>.self, forKey: key).wrappedValue
      }
      return try container.decode(Option<Value?>.self, forKey: key).wrappedValue
    }
  }
#endif
