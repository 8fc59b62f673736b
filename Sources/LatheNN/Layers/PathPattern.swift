/// Paths of parameters, chosen by a text: a path and all below it, or with `*` for any characters, dots included.
public struct PathPattern: Sendable, Hashable, ExpressibleByStringLiteral {
  /// The text.
  public let text: String

  /// A pattern such as `encoder.layers.0` or `*.bias`.
  public init(_ text: String) { self.text = text }

  /// A pattern written in a program.
  ///
  /// - Parameter value: The text.
  public init(stringLiteral value: String) { text = value }

  /// Whether a path is chosen: it is the text's, lies below it, or stands for the text with stars.
  ///
  /// - Parameter path: A dotted path.
  public func matches(_ path: String) -> Bool {
    matchesWhole(path) || !text.contains("*") && path.hasPrefix(text + ".")
  }

  /// Whether the text, with any characters in place of each star, is a path as a whole: of modules, where those inside a
  /// chosen one are not meant.
  ///
  /// - Parameter path: A dotted path.
  public func matchesWhole(_ path: String) -> Bool {
    let parts = text.split(separator: "*", omittingEmptySubsequences: false)
    guard parts.count > 1, let first = parts.first, let last = parts.last else { return path == text }
    guard path.hasPrefix(first), path.count >= first.count + last.count, path.hasSuffix(last) else {
      return false
    }
    // What stands between two stars is found at the first place where it can be.
    var rest = path.dropFirst(first.count).dropLast(last.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let range = rest.firstRange(of: part) else { return false }
      rest = rest[range.upperBound...]
    }
    return true
  }
}
