import Foundation
import LatheCore
import LatheFiles

/// A pre-trained model of the store.
public struct StoredModel: Sendable, Encodable {
  /// A file of it.
  public struct File: Sendable, Codable, Hashable {
    /// Its path in the model's folder.
    public var path: String
    /// Its bytes.
    public var size: Int
    /// The digest of its content in hexadecimal digits.
    public var sha256: String
  }

  /// What it is called.
  public let name: String
  /// Where it comes from: `hf:OWNER/NAME@COMMIT`, or a path.
  public let source: String
  /// Its files.
  public let files: [File]
  /// Its folder.
  public let folder: String

  private enum CodingKeys: String, CodingKey {
    case name, source, files
  }

  /// The name of the list of its files in its folder.
  static let listName = "lathe-model.json"

  static func list(of folder: String) -> String { "\(folder)/\(listName)" }

  init(name: String, source: String, files: [File], folder: String) {
    (self.name, self.source, self.files, self.folder) = (name, source, files, folder)
  }

  /// What is read of a list.
  private struct Content: Decodable {
    var source: String
    var files: [File]
  }

  /// Reads the list in a folder, which gives the model its name.
  ///
  /// - Throws: `LatheError` where it cannot be read.
  init(folder: String) throws {
    let path = Self.list(of: folder)
    let text = try FileErrors.read(path, limit: 1 << 26)
    do {
      try JSONNesting.check(text, path)
      let content = try JSONDecoder().decode(Content.self, from: Data(text))
      let name = folder.split(separator: "/").last.map(String.init) ?? folder
      self.init(name: name, source: content.source, files: content.files, folder: folder)
    } catch {
      throw LatheError(.format, "\(path): no list of a model's files; remove the model and add it again")
    }
    for file in files where !Self.isInside(file.path) {
      throw LatheError(.format, "\(path): '\(file.path)' is not in the model's folder")
    }
  }

  /// Whether a path stays in the folder that it begins in.
  static func isInside(_ path: String) -> Bool {
    !path.isEmpty
      && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
        !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0)
      }
  }

  /// Bytes of all files.
  public var byteCount: Int { files.reduce(0) { $0 + $1.size } }

  func writeList(in folder: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    try AtomicFile.write([Array(try encoder.encode(self)) + [0x0A]], to: Self.list(of: folder))
  }

  /// Reads all files and compares their digests.
  ///
  /// - Returns: A line for each file that is not as it was, or not there.
  public func problems() -> [String] {
    files.compactMap { file in
      let path = "\(folder)/\(file.path)"
      do {
        let content = try RegularFile(path)
        guard content.size == file.size else {
          return "\(path): \(content.size) bytes, expected \(file.size)"
        }
        let digest = try SHA256.of(content)
        return digest == file.sha256 ? nil : "\(path): SHA-256 \(digest), expected \(file.sha256)"
      } catch {
        return (error as? LatheError)?.message ?? "\(path): \(error)"
      }
    }
  }
}
