import Foundation
import LatheCore

/// What is in a folder.
package enum FolderListing {
  /// The names in a folder but hidden ones, by their bytes, so that the order is the same in every language setting.
  ///
  /// - Throws: `LatheError` where it cannot be listed, or a name is not UTF-8.
  package static func names(in folder: String) throws -> [String] {
    guard FileErrors.isFolder(folder) else { throw LatheError(.file, "\(folder): no such folder") }
    guard let entries = opendir(folder) else { throw FileErrors.failed("list", folder) }
    defer { closedir(entries) }
    var names: [String] = []
    // Not by Foundation, which leaves out names that are not UTF-8 without a word.
    while let entry = readdir(entries) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      guard name.first != UInt8(ascii: ".") else { continue }
      guard let text = String(validating: name, as: UTF8.self) else {
        throw LatheError(
          .file,
          "\(folder): the name '\(quoted(name))' in it is not UTF-8; rename it, for example by convmv -t utf-8"
        )
      }
      names.append(text)
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The paths of the files in a folder and those below, without hidden ones.
  ///
  /// - Throws: `LatheError` where one cannot be listed, or a name is not UTF-8.
  package static func files(below folder: String) throws -> [String] {
    try names(in: folder).flatMap { name -> [String] in
      let path = "\(folder)/\(name)"
      return FileErrors.isFolder(path) ? try files(below: path) : [path]
    }
  }

  /// A name with its bytes above ASCII as Python writes them.
  private static func quoted(_ name: [UInt8]) -> String {
    name.map { $0 < 0x80 ? String(UnicodeScalar($0)) : "\\x" + String($0, radix: 16) }.joined()
  }
}
