import Foundation
import LatheCore

/// What the hub says of a model's files.
struct HubListing {
  /// A file of it.
  struct File: Sendable {
    let path: String
    let size: Int
    /// The digest of a large file's content; the hub keeps none of small ones.
    let sha256: String?
  }

  /// The commit that the revision stands for.
  let commit: String
  let files: [File]

  private struct Content: Decodable {
    struct Sibling: Decodable {
      struct Large: Decodable {
        var sha256: String?
        var size: Int?
      }
      var rfilename: String
      var size: Int?
      var lfs: Large?
    }
    var sha: String
    var siblings: [Sibling]
  }

  /// The most bytes that a list may have.
  private static let mostBytes = 1 << 26

  /// Asks the hub.
  ///
  /// - Throws: `LatheError` where it does not answer, refuses, or says what cannot be.
  init(_ address: HubAddress, _ access: HubAccess) throws {
    let model = "\(address.owner)/\(address.name)"
    let url = access.url("api/models/", [model, "revision", address.revision]) + "?blobs=true"
    let text = try Retrying.run(url) { () throws -> Retrying.Outcome<[UInt8]> in
      var bytes: [UInt8] = []
      let answer = try HTTPTransfer.get(url, headers: access.headers) { _, part in
        bytes += part
        guard bytes.count <= Self.mostBytes else {
          throw LatheError(.format, "\(url): a list of more than \(Self.mostBytes) bytes")
        }
      }
      if let failure = answer.failure { return .again(failure) }
      if answer.status >= 500 { return .again("status \(answer.status)") }
      guard answer.status == 200 else {
        throw access.refusal(answer.status, url, "model \(model) with a revision '\(address.revision)'")
      }
      return .done(bytes)
    }
    let content: Content
    do {
      try JSONNesting.check(text, url)
      content = try JSONDecoder().decode(Content.self, from: Data(text))
    } catch {
      throw LatheError(.format, "\(url): not the hub's list of a model's files; check HF_ENDPOINT")
    }
    guard !content.sha.isEmpty, content.sha.utf8.count <= 64, content.sha.allSatisfy(\.isHexDigit) else {
      throw LatheError(.format, "\(url): '\(content.sha)' is no commit")
    }
    commit = content.sha
    files = try content.siblings.map { sibling in
      let size = sibling.lfs?.size ?? sibling.size
      let digest = sibling.lfs?.sha256?.lowercased()
      guard StoredModel.isInside(sibling.rfilename), let size, size >= 0,
        digest.map({ $0.utf8.count == 64 && $0.allSatisfy(\.isHexDigit) }) ?? true
      else {
        throw LatheError(
          .format, "\(url): the file '\(sibling.rfilename)' has an impossible path, size or digest")
      }
      return File(path: sibling.rfilename, size: size, sha256: digest)
    }.filter { !$0.path.hasPrefix(".") }
  }
}

/// Asks again where a connection is lost.
enum Retrying {
  /// How an attempt ended.
  enum Outcome<Value> {
    case done(Value)
    /// The connection was lost, and why; what has come counts as progress where `gained` is set.
    case again(String, gained: Bool = false)
  }

  /// Attempts in a row that gain nothing.
  private static let most = 4

  /// Runs attempts until one is done.
  ///
  /// - Throws: `LatheError.file` where several gain nothing, and what an attempt throws.
  static func run<Value>(_ url: String, _ attempt: () throws -> Outcome<Value>) throws -> Value {
    var vain = 0
    while true {
      switch try attempt() {
      case .done(let value): return value
      case .again(let reason, let gained):
        vain = gained ? 1 : vain + 1
        guard vain < most else {
          throw LatheError(
            .file,
            "\(url): \(reason); check the network and run the command again, which goes on where it stopped")
        }
        usleep(UInt32(100_000 << vain))
      }
    }
  }
}
