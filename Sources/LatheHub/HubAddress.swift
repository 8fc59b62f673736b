import LatheCore

/// A model on the hub: `hf:OWNER/NAME`, with `@` and a branch, tag or commit where it is not the main branch.
public struct HubAddress: Sendable, Hashable, CustomStringConvertible {
  /// Whose it is, and its name.
  public let owner: String, name: String
  /// A branch, a tag or a commit.
  public let revision: String

  /// Reads an address.
  ///
  /// - Throws: `LatheError.invalidArgument` where it is none.
  public init(_ text: String) throws {
    let prefix = "hf:"
    let parts = text.dropFirst(prefix.count).split(
      separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let names = (parts.first ?? "").split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard text.hasPrefix(prefix), names.count == 2, names.allSatisfy(Self.isName),
      parts.count == 1
        || !parts[1].isEmpty && parts[1].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
          && !parts[1].contains("..")
    else {
      throw LatheError(
        .invalidArgument, "'\(text)' is no model of the hub; write hf:OWNER/NAME or hf:OWNER/NAME@REVISION")
    }
    owner = names[0]
    name = names[1]
    revision = parts.count == 2 ? String(parts[1]) : "main"
  }

  private static func isName(_ text: String) -> Bool { (try? ModelStore.check(text)) != nil }

  /// As it is written, without the revision.
  public var description: String { "hf:\(owner)/\(name)" }
}

/// Where the hub is, and who asks.
public struct HubAccess: Sendable {
  /// The beginning of every URL.
  let endpoint: String
  /// What proves who asks; nil where nobody says.
  let token: String?

  /// A hub.
  public init(endpoint: String, token: String? = nil) {
    self.endpoint = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
    self.token = token
  }

  /// The hub of `HF_ENDPOINT`, otherwise the public one, with the token of `HF_TOKEN`.
  ///
  /// - Throws: `LatheError.invalidArgument` where the network is forbidden by `LATHE_OFFLINE`, or the endpoint is no URL.
  public static func ofEnvironment() throws -> HubAccess {
    if let offline = environment("LATHE_OFFLINE"), offline != "0" {
      throw LatheError(
        .invalidArgument,
        "LATHE_OFFLINE is set: nothing is fetched; unset it, or add files with `lathe models add`")
    }
    let endpoint = environment("HF_ENDPOINT") ?? "https://huggingface.co"
    guard endpoint.hasPrefix("https://") || endpoint.hasPrefix("http://") else {
      throw EnvironmentRules.error("HF_ENDPOINT", endpoint, "write a URL that begins with https://")
    }
    let token = environment("HF_TOKEN")
    guard token?.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) ?? true else {
      throw LatheError(.invalidArgument, "HF_TOKEN holds other characters than a token's; give it anew")
    }
    return HubAccess(endpoint: endpoint, token: token)
  }

  var headers: [String] { token.map { ["Authorization: Bearer \($0)"] } ?? [] }

  /// A URL of path components, which are escaped where they must be.
  func url(_ path: String, _ components: [String]) -> String {
    func escaped(_ text: String) -> String {
      text.utf8.map { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
          UInt8(ascii: "~"):
          String(UnicodeScalar(byte))
        default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
      }.joined()
    }
    let whole = components.map { $0.split(separator: "/").map { escaped(String($0)) }.joined(separator: "/") }
    return "\(endpoint)/\(path)\(whole.joined(separator: "/"))"
  }

  /// What a status that is no success means.
  func refusal(_ status: Int, _ url: String, _ what: String) -> LatheError {
    let reason =
      switch status {
      case 401, 403:
        token == nil
          ? "the hub wants to know who asks: set HF_TOKEN to a token that may read \(what)"
          : "the hub refuses this HF_TOKEN; take one that may read \(what), and accept its licence on its page"
      case 404: "the hub has no \(what); check its name and revision"
      case 429: "the hub has had too many questions; wait some minutes"
      default: "the hub answers with status \(status); try again later"
      }
    return LatheError(.file, "\(url): \(reason)")
  }
}
