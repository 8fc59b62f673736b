import LatheML

#if CommandLine
  import ArgumentParser

  /// What a flag can be given.
  typealias FlagValue = ExpressibleByArgument
#else
  /// What a flag can be given.
  typealias FlagValue = Sendable
#endif

/// What an option can be.
protocol SettingValue: Codable, Sendable, FlagValue {
  /// The words that it takes; nil where it takes others, too.
  static var choices: [String]? { get }
}

extension SettingValue {
  static var choices: [String]? { nil }
}

extension SettingValue where Self: CaseIterable & RawRepresentable, RawValue == String {
  static var choices: [String]? { allCases.map(\.rawValue) }
}

extension String: SettingValue {}
extension Int: SettingValue {}
extension UInt64: SettingValue {}
extension Float: SettingValue {}
extension Double: SettingValue {}
extension Bool: SettingValue {}
extension DataKind: SettingValue {}
extension OptimizerName: SettingValue {}
extension ScheduleName: SettingValue {}
extension Precision: SettingValue {}
