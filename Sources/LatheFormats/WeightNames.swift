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
  package func paths(_ names: some Sequence<String>, source: String) throws -> [(name: String, path: String)]
  {
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
