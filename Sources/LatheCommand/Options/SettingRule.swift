import LatheML

/// Which values an option takes.
struct SettingRule<Value: Sendable>: Sendable {
  /// A sentence on what is wrong with a value of the flag with a name; nil where nothing is.
  let problem: @Sendable (_ name: String, _ value: Value) -> String?

  /// Any.
  static var any: SettingRule { SettingRule { _, _ in nil } }
}

extension SettingRule where Value == Int {
  /// Products of two counts must stay numbers.
  private static var most: Int { 1_000_000_000 }

  /// Whole numbers of a range.
  static func whole(_ range: ClosedRange<Int>) -> SettingRule {
    SettingRule { name, value in
      guard !range.contains(value) else { return nil }
      let advice = value < range.lowerBound ? "\(range.lowerBound) or more" : "\(range.upperBound) or less"
      return "--\(name) is \(value); give \(advice)"
    }
  }

  /// 1 or more.
  static var positive: SettingRule { whole(1...most) }
  /// 0 or more.
  static var notNegative: SettingRule { whole(0...most) }
}

extension SettingRule where Value: BinaryFloatingPoint {
  /// Finite numbers for which a condition holds.
  static func number(
    _ advice: String, _ isGood: @escaping @Sendable (Value) -> Bool = { _ in true }
  ) -> SettingRule {
    SettingRule { name, value in
      value.isFinite && isGood(value) ? nil : "--\(name) is \(value); give \(advice)"
    }
  }

  /// More than 0.
  static var positive: SettingRule { number("a number above 0") { $0 > 0 } }
  /// Between 0 and 1.
  static var share: SettingRule { number("a number between 0 and 1") { $0 > 0 && $0 < 1 } }
}

extension SettingRule where Value == String {
  /// Texts that are not empty.
  static func text(_ advice: String) -> SettingRule {
    SettingRule { name, value in value.isEmpty ? "--\(name) is empty; \(advice)" : nil }
  }

  /// Words with commas between.
  static func list(_ advice: String) -> SettingRule {
    SettingRule { name, value in
      if value.isEmpty { return "--\(name) is empty; \(advice)" }
      return value.split(separator: ",", omittingEmptySubsequences: false).contains("")
        ? "--\(name) is '\(value)', which names nothing at a comma; leave the comma out" : nil
    }
  }

  /// Known words with commas between.
  static func list(of what: String, _ known: [String]) -> SettingRule {
    let list = list("known are \(known.joined(separator: ", "))")
    return SettingRule { name, value in
      if let problem = list.problem(name, value) { return problem }
      return value.split(separator: ",").map(String.init).first { !known.contains($0) }
        .map { "unknown \(what) '\($0)'; \(Suggestion.sentence(for: $0, among: known))" }
    }
  }

  /// One of some known words.
  static func word(_ known: [String]) -> SettingRule {
    SettingRule { name, value in
      known.contains(value)
        ? nil : "unknown \(name) '\(value)'; \(Suggestion.sentence(for: value, among: known))"
    }
  }

  /// A number of bytes.
  static var bytes: SettingRule {
    SettingRule { name, value in
      byteCount(value) == nil ? "--\(name) is '\(value)'; give bytes, or 512M or 8G" : nil
    }
  }
}
