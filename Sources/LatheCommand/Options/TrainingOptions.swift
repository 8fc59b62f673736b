/// What `lathe train` is told, by flags or by a configuration file: values of the settings that `TrainingFlags` declares.
///
/// What is not given is nil, and left to the model's recipe or to the declaration (`settled`).
@dynamicMemberLookup
struct TrainingOptions {
  /// The declarations.
  static let declared = TrainingFlags()
  /// All of them, in their order.
  static let all = Mirror(reflecting: declared).children.compactMap { $0.value as? any AnySetting }

  /// By the settings' names.
  private var values: [String: any SettingValue] = [:]

  init() {}

  /// A setting's value; nil where it is not given.
  subscript<Value, Fallback>(setting: Setting<Value, Fallback>) -> Value? {
    get { values[setting.name] as? Value }
    set { values[setting.name] = newValue }
  }

  /// The value of the declaration with a name.
  subscript<Value, Fallback>(
    dynamicMember path: KeyPath<TrainingFlags, Setting<Value, Fallback>>
  ) -> Value? {
    get { self[Self.declared[keyPath: path]] }
    set { self[Self.declared[keyPath: path]] = newValue }
  }

  /// The value given, or the one that the declaration has for what is not given.
  func settled<Value>(_ path: KeyPath<TrainingFlags, Setting<Value, Value>>) -> Value {
    let setting = Self.declared[keyPath: path]
    return self[setting] ?? setting.fallback
  }

  /// Takes the value of a setting of any type.
  mutating func set(_ setting: any AnySetting, to value: (any SettingValue)?) { values[setting.name] = value }

  /// These options, and those of another where these say nothing.
  func over(_ other: TrainingOptions) -> TrainingOptions {
    var result = other
    // Data elsewhere takes the place of all that says where the other's is.
    if self.dataDir != nil || self.dataFile != nil {
      for setting in Self.all where setting.part == .dataPath { result.set(setting, to: nil) }
    }
    result.values.merge(values) { _, mine in mine }
    return result
  }

  /// Only what says which data is read and how.
  var dataOptions: TrainingOptions {
    var result = self
    for setting in Self.all where setting.part == .run { result.set(setting, to: nil) }
    return result
  }

  /// These options with paths to data changed.
  func mappingDataPaths(_ change: (String) -> String) -> TrainingOptions {
    var result = self
    for setting in Self.all where setting.part == .dataPath {
      if let path = values[setting.name] as? String { result.set(setting, to: change(path)) }
    }
    return result
  }

  /// What a resumed run must share besides what the trainer's configuration and the optimizer hold.
  var details: [String: String] {
    var result: [String: String] = [:]
    for setting in Self.all where setting.resuming == .fixed { result[setting.name] = setting.text(in: self) }
    return result
  }
}

extension TrainingOptions: Codable {
  /// Reads values by the settings' keys.
  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: SettingKey.self)
    for setting in Self.all { set(setting, to: try setting.value(in: container)) }
  }

  /// Writes what `init(from:)` reads.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: SettingKey.self)
    for (name, value) in values { try container.encode(value, forKey: SettingKey(name)) }
  }
}
