import Lathe
import LatheFiles

/// Arrays by name in one file: what `numpy.savez` and `numpy.savez_compressed` write.
public struct NPZFile: Sendable {
  /// The arrays' names, in the file's order.
  public let names: [String]
  private let archive: ZipArchive

  /// Opens a file and reads its directory.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - limit: Arrays of more bytes than this, together, are an error: a small file can say that it holds very much.
  ///     As `ReadingLimits` says unless given.
  /// - Throws: `LatheError` naming file and offset.
  public init(path: String, limit: Int? = nil) throws {
    archive = try ZipArchive(path: path, limit: limit)
    names = archive.entries.map { $0.name.hasSuffix(".npy") ? String($0.name.dropLast(4)) : $0.name }
  }

  /// An array, on the CPU; nil where there is none of that name.
  ///
  /// - Throws: `LatheError` naming file, array and offset: damaged, cut off, a type that is not supported.
  public func tensor(_ name: String) throws -> Tensor? {
    guard let index = names.firstIndex(of: name) else { return nil }
    let entry = archive.entries[index]
    return try archive.read(entry) { stream in
      try NPYFile(stream, size: entry.size, source: "\(archive.path): \(entry.name)").tensor
    }
  }
}
