import Foundation
import LatheCore
import LatheML

extension TrainingOptions {
  /// Reads a configuration file.
  ///
  /// - Throws: `LatheError` where it is no JSON object, has an unknown key or a value of the wrong type.
  init(path: String) throws {
    let object = try Self.object(path)
    let settings = Self.all.filter { $0.place != .flag }
    self.init()
    // Key by key, since the decoder says of a number that does not fit its type neither which nor why.
    for (key, value) in object.sorted(by: { $0.key < $1.key }) {
      guard let setting = settings.first(where: { $0.key == key }) else {
        throw LatheError(
          .format,
          "\(path): unknown key '\(key)'; \(Suggestion.sentence(for: key, among: settings.map(\.key)))")
      }
      do {
        let content = try JSONSerialization.data(withJSONObject: [key: value])
        set(setting, to: try JSONDecoder().decode(One.self, from: content, configuration: setting).value)
      } catch DecodingError.typeMismatch(let type, _) {
        throw LatheError(.format, "\(path): key '\(key)': expected \(Self.describe(type))")
      } catch {
        if let choices = setting.choices, let word = value as? String {
          throw LatheError(
            .invalidArgument,
            "\(path): unknown \(key) '\(word)'; \(Suggestion.sentence(for: word, among: choices))")
        }
        throw LatheError(.format, "\(path): key '\(key)': \(value) is \(Self.misfit(value))")
      }
    }
  }

  /// The value of one setting in an object.
  private struct One: DecodableWithConfiguration {
    let value: (any SettingValue)?

    init(from decoder: any Decoder, configuration: any AnySetting) throws {
      value = try configuration.value(in: decoder.container(keyedBy: SettingKey.self))
    }
  }

  /// The object of a file.
  private static func object(_ path: String) throws -> [String: Any] {
    let content = Data(try FileErrors.read(path, limit: 1 << 24))
    try JSONNesting.check(content, path)
    let parsed: Any
    do {
      parsed = try JSONSerialization.jsonObject(with: content)
    } catch {
      throw LatheError(.format, "\(path): not JSON: \(JSONFault.text(error, in: content))")
    }
    guard let object = parsed as? [String: Any] else {
      throw LatheError(
        .format, "\(path): a configuration is one JSON object, such as {\"model\": \"lenet\"}")
    }
    if let key = JSONKeys.repeated(in: content) {
      throw LatheError(.format, "\(path): key '\(key)' comes twice; leave one of them out")
    }
    return object
  }

  private static func describe(_ type: Any.Type) -> String {
    switch type {
    case is String.Type: "a text"
    case is Float.Type, is Double.Type: "a number"
    case is Bool.Type: "true or false"
    default: "a whole number"
    }
  }

  /// Why a number is none that its option takes.
  private static func misfit(_ value: Any) -> String {
    guard let number = value as? Double else { return "no number" }
    if number.rounded() != number { return "no whole number" }
    if number < 0 && number > -0x1p63 { return "below 0" }
    return number < 0 ? "too small" : "too large"
  }
}
