import Lathe

/// How the names in a file of weights become the dotted paths of a model.
public struct WeightNames: Sendable, Hashable {
  /// What names begin with in the file and not in the model, such as `module.`; other names stay as they are.
  public var removing: String?
  /// Paths by what they are called in the file.
  ///
  /// `["backbone": "0"]` makes `0.weight` of `backbone.weight`. Of several that fit, the longest counts; it is applied
  /// once, behind `removing`.
  public var renaming: [String: String]

  /// A rule of one or both kinds; names unchanged where there is none.
  public init(removing: String? = nil, renaming: [String: String] = [:]) {
    self.removing = removing
    self.renaming = renaming
  }

  /// The path of a name in the file.
  public func path(_ name: String) -> String {
    var path = name
    if let removing, path.hasPrefix(removing) { path.removeFirst(removing.count) }
    let fits = renaming.keys.filter { path == $0 || path.hasPrefix($0 + ".") }
    guard let longest = fits.max(by: { $0.count < $1.count }), let new = renaming[longest] else {
      return path
    }
    return new + path.dropFirst(longest.count)
  }

  /// The paths of a file's names.
  ///
  /// - Throws: `LatheError.format` where two names get one path.
  func paths(_ names: some Sequence<String>, source: String) throws -> [(name: String, path: String)] {
    var seen: [String: String] = [:]
    return try names.sorted().map { name in
      let path = path(name)
      if let other = seen.updateValue(name, forKey: path) {
        throw LatheError(
          .format, "\(source): '\(other)' and '\(name)' both become '\(path)'; rename one of them")
      }
      return (name, path)
    }
  }
}

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
