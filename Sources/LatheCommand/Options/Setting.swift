/// One option of a command: all that is known of it.
///
/// The flag, the key of a configuration file, the check of the value, what is stored of a run and what a resumed run must
/// share follow from it. `Fallback` is `Value` where the option has a value without being given, else `Void`.
struct Setting<Value: SettingValue, Fallback: Sendable>: AnySetting {
  let name: String
  let help: String
  let valueName: String?
  let place: SettingPlace
  let part: SettingPart
  let resuming: SettingResumption
  /// Whether the value may begin with a dash, as a number may.
  let takesDashes: Bool
  /// What the option is where it is not given.
  let fallback: Fallback
  private let rule: SettingRule<Value>

  private init(
    _ name: String, _ help: String, _ valueName: String?, _ place: SettingPlace, _ part: SettingPart,
    _ resuming: SettingResumption, _ takesDashes: Bool, _ fallback: Fallback, _ rule: SettingRule<Value>
  ) {
    self.name = name
    self.help = help
    self.valueName = valueName
    self.place = place
    self.part = part
    self.resuming = resuming
    self.takesDashes = takesDashes || Value.choices == nil && !(Value.self is String.Type)
    self.fallback = fallback
    self.rule = rule
  }

  func problem(in options: TrainingOptions) -> String? {
    options[self].flatMap { rule.problem(name, $0) }
  }

  func text(in options: TrainingOptions) -> String? {
    guard let text = options[self].map({ "\($0)" }) else { return nil }
    return text == "\(fallback)" ? nil : text
  }

  func value(
    in container: KeyedDecodingContainer<SettingKey>
  ) throws -> (any SettingValue)? {
    try container.decodeIfPresent(Value.self, forKey: SettingKey(name))
  }

  var choices: [String]? { Value.choices }
}

extension Setting where Fallback == Void {
  /// An option that is nothing, or the network's own, where it is not given.
  ///
  /// - Parameters:
  ///   - name: The flag's name, with dashes between words.
  ///   - help: What it says, without a period.
  ///   - valueName: What the value is called in the help.
  ///   - place: Where it may be given.
  ///   - part: What it is about.
  ///   - resuming: What a run that goes on may do with it.
  ///   - takesDashes: Whether a text may begin with a dash.
  ///   - rule: Which values it takes.
  init(
    _ name: String, _ help: String, valueName: String? = nil, in place: SettingPlace = .flagAndFile,
    of part: SettingPart = .run, onResume resuming: SettingResumption = .free, takesDashes: Bool = false,
    _ rule: SettingRule<Value> = .any
  ) {
    self.init(name, help + ".", valueName, place, part, resuming, takesDashes, (), rule)
  }
}

extension Setting where Fallback == Value {
  /// An option that has a value where it is not given, too, which the help shows.
  init(
    _ name: String, _ help: String, without fallback: Value, valueName: String? = nil,
    of part: SettingPart = .run, onResume resuming: SettingResumption = .free,
    _ rule: SettingRule<Value> = .any
  ) {
    self.init(
      name, "\(help); without it \(fallback).", valueName, .flagAndFile, part, resuming, false, fallback, rule
    )
  }
}

/// Where an option may be given.
enum SettingPlace: Sendable {
  /// By a flag, and by a key of a configuration file.
  case flagAndFile
  /// By the first word behind the command, and by a key of a configuration file.
  case argumentAndFile
  /// By a flag alone.
  case flag
}

/// What an option is about.
enum SettingPart: Sendable {
  /// How a run goes.
  case run
  /// Which data is read and how: stored with a run, by which its model is tested.
  case data
  /// A path to data, which is stored as it is found from any folder.
  case dataPath
}

/// What a run that goes on may do with an option.
enum SettingResumption: Sendable {
  /// Give another value.
  case free
  /// What the trainer's configuration or the optimizer, which hold it, allow.
  case configured
  /// Nothing: it is one of the configuration's details.
  case fixed
}

/// A setting of any type.
protocol AnySetting: Sendable {
  /// The flag's name, such as `batch-size`.
  var name: String { get }
  /// What the flag does.
  var help: String { get }
  /// What the value is called in the help.
  var valueName: String? { get }
  /// Where it may be given.
  var place: SettingPlace { get }
  /// What it is about.
  var part: SettingPart { get }
  /// What a run that goes on may do with it.
  var resuming: SettingResumption { get }
  /// The words that it takes; nil where it takes others, too.
  var choices: [String]? { get }
  /// What is wrong with the value by itself; nil where nothing is, or there is none.
  func problem(in options: TrainingOptions) -> String?
  /// The value as text; nil where it is not given, or what the option is without being given.
  func text(in options: TrainingOptions) -> String?
  /// The value that stored options or a configuration file have; nil where they have none.
  func value(in container: KeyedDecodingContainer<SettingKey>) throws -> (any SettingValue)?
  #if CommandLine
    /// The flag or argument as the parser of command lines takes it.
    var parsable: Any { get }
    /// What the parser found.
    func parsed(in container: KeyedDecodingContainer<SettingKey>) throws -> (any SettingValue)?
  #endif
}

extension AnySetting {
  /// The key of a configuration file, such as `batch_size`.
  var key: String { SettingKey(name).stringValue }
}

/// A setting's key: its name with `_` between words.
struct SettingKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(_ name: String) { stringValue = name.replacing("-", with: "_") }
  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}
