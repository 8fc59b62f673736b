/// Which layers of a network an adapter is put on, by the rules of PEFT.
public enum AdapterTargets: Sendable, Hashable {
  /// Layers whose path is one of the names or ends with a point and one of them: `query`, `self_attn.q_proj`.
  case names([String])
  /// Layers whose whole path a regular expression matches.
  case expression(String)
  /// All linear layers but those of the head.
  case allLinear

  /// How PEFT writes `allLinear`.
  static let allLinearName = "all-linear"

  /// Decides for paths.
  ///
  /// - Throws: `LatheError` where the regular expression is none.
  func matcher() throws -> (String) -> Bool {
    switch self {
    case .names(let names):
      return { path in names.contains { path == $0 || path.hasSuffix(".\($0)") } }
    case .expression(let text):
      let expression = try AdapterPattern(text)
      return { expression.matches($0) }
    case .allLinear: return { _ in true }
    }
  }

  /// The targets in a message.
  var text: String {
    switch self {
    case .names(let names): names.joined(separator: ", ")
    case .expression(let text): text
    case .allLinear: Self.allLinearName
    }
  }
}
