/// Arguments as the parser takes them: it would take a negative number behind an option for an option of its own.
enum NegativeValues {
  /// The arguments with `--option -3` as `--option=-3`.
  static func joined(_ arguments: [String]) -> [String] {
    var result: [String] = []
    for (place, argument) in arguments.enumerated() {
      if argument == "--" { return result + arguments[place...] }
      if isNegativeNumber(argument), let option = result.last, option.hasPrefix("--"), !option.contains("=") {
        result[result.count - 1] = "\(option)=\(argument)"
      } else {
        result.append(argument)
      }
    }
    return result
  }

  private static func isNegativeNumber(_ text: String) -> Bool {
    guard text.hasPrefix("-"), let next = text.dropFirst().first else { return false }
    return (next.isASCII && next.isNumber || next == ".") && Double(text) != nil
  }
}
