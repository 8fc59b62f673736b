/// Paths of parameters, chosen by a text: a path and all below it, or with `*` for any characters, dots included.
public struct PathPattern: Sendable, Hashable {
  /// The text.
  public let text: String

  /// A pattern such as `encoder.layers.0` or `*.bias`.
  public init(_ text: String) { self.text = text }

  /// Whether a path is chosen.
  public func matches(_ path: String) -> Bool {
    let parts = text.split(separator: "*", omittingEmptySubsequences: false)
    guard parts.count > 1, let first = parts.first, let last = parts.last else {
      return path == text || path.hasPrefix(text + ".")
    }
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
