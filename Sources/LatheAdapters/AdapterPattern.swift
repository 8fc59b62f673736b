import Lathe

/// A regular expression that has to match a path as a whole.
struct AdapterPattern {
  private let expression: Regex<AnyRegexOutput>

  init(_ text: String) throws {
    do { expression = try Regex(text) } catch {
      throw LatheError(.invalidArgument, "target modules '\(text)': no regular expression: \(error)")
    }
  }

  func matches(_ path: String) -> Bool { (try? expression.wholeMatch(in: path)) != nil }
}
