import Foundation
import LatheCore
import LatheFiles

/// The folder of pre-trained models, each in a folder of its name with a list of its files.
public struct ModelStore: Sendable {
  /// Where the models are.
  public let folder: String

  /// A store in a folder, which need not be there yet.
  public init(folder: String) { self.folder = folder }

  /// The user's store: `models` in `LATHE_HOME`, otherwise in `lathe` of `XDG_DATA_HOME` or `~/.local/share`.
  ///
  /// - Throws: `LatheError` where the environment names no folder.
  public static func user() throws -> ModelStore {
    if let home = environment("LATHE_HOME") { return ModelStore(folder: "\(home)/models") }
    if let data = environment("XDG_DATA_HOME") { return ModelStore(folder: "\(data)/lathe/models") }
    guard let home = environment("HOME") else {
      throw LatheError(.file, "no folder for models: neither LATHE_HOME nor XDG_DATA_HOME nor HOME is set")
    }
    return ModelStore(folder: "\(home)/.local/share/lathe/models")
  }

  /// The models, by their names in order.
  ///
  /// - Throws: `LatheError` where the folder or a model's list cannot be read.
  public func models() throws -> [StoredModel] {
    guard FileErrors.isFolder(folder) else { return [] }
    return try FolderListing.names(in: folder).filter {
      FileErrors.exists(StoredModel.list(of: "\(folder)/\($0)"))
    }
    .map { try StoredModel(folder: "\(folder)/\($0)") }
  }

  /// A model by its name; nil where there is none.
  ///
  /// - Throws: `LatheError` where its list cannot be read.
  public func model(_ name: String) throws -> StoredModel? {
    guard (try? Self.check(name)) != nil, FileErrors.exists(StoredModel.list(of: path(name))) else {
      return nil
    }
    return try StoredModel(folder: path(name))
  }

  /// A model by its name.
  ///
  /// - Throws: `LatheError` where there is none, with the names that there are.
  public func required(_ name: String) throws -> StoredModel {
    if let model = try model(name) { return model }
    let names = try models().map(\.name)
    throw LatheError(
      .invalidArgument,
      "no model '\(name)' in \(folder); \(names.isEmpty ? "there is none yet" : "there are \(names.joined(separator: ", "))")"
    )
  }

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  /// A name that is a folder's everywhere: letters, digits, and `._-` but at its beginning.
  static func check(_ name: String) throws {
    let isPlain = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    guard isPlain, let first = name.utf8.first, first != UInt8(ascii: "."), first != UInt8(ascii: "-"),
      name.utf8.count <= 100
    else {
      throw LatheError(
        .invalidArgument,
        "'\(name)' cannot be a model's name; take letters, digits, and . _ - behind the first")
    }
  }

  /// Adds a model of a file or a folder's files, which are copied.
  ///
  /// - Parameters:
  ///   - name: What it is called from then on.
  ///   - path: The file or the folder.
  ///   - linking: Whether the store refers to the files where they are, in place of copies.
  ///   - origin: Where they come from, as the list says it; the path where nil.
  /// - Returns: The model.
  /// - Throws: `LatheError` where the name is taken or impossible, or a file cannot be read or written.
  @discardableResult
  public func add(
    _ name: String, path source: String, linking: Bool = false, origin: String? = nil
  ) throws -> StoredModel {
    try Self.check(name)
    guard FileErrors.exists(source) else { throw LatheError(.file, "\(source): no such file or folder") }
    let isFolder = FileErrors.isFolder(source)
    let files =
      try isFolder
      ? FolderListing.files(below: source).map { (path: $0, name: String($0.dropFirst(source.count + 1))) }
      : [(path: source, name: source.split(separator: "/").last.map(String.init) ?? source)]
    guard !files.isEmpty else { throw LatheError(.file, "\(source): no files in it") }
    return try replacing(name, isNew: true) { staging in
      var list: [StoredModel.File] = []
      for (path, name) in files where name != StoredModel.listName {
        let target = "\(staging)/\(name)"
        if let slash = target.lastIndex(of: "/") { try AtomicFile.makeFolder(String(target[..<slash])) }
        list.append(
          try linking ? Self.link(path, to: target, as: name) : Self.copy(path, to: target, as: name))
      }
      return StoredModel(
        name: name, source: origin ?? Self.absolute(source), files: list, folder: self.path(name))
    }
  }

  private static func absolute(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path
  }

  private static func link(_ path: String, to target: String, as name: String) throws -> StoredModel.File {
    let file = try RegularFile(path)
    unlink(target)
    guard symlink(absolute(path), target) == 0 else { throw FileErrors.failed("make", target) }
    return StoredModel.File(path: name, size: file.size, sha256: try SHA256.of(file))
  }

  private static func copy(_ path: String, to target: String, as name: String) throws -> StoredModel.File {
    let file = try RegularFile(path)
    var digest = ""
    try AtomicFile.write(to: target) { writer in
      digest = try SHA256.of(file) { try writer.append($0) }
    }
    return StoredModel.File(path: name, size: file.size, sha256: digest)
  }

  /// Makes a model in a folder beside its own, which no other process works in, and puts it in place when it is whole.
  ///
  /// - Parameters:
  ///   - isNew: Whether a model of that name is an error.
  ///   - keeping: Whether what is there of a folder stays when `body` throws, for the next time.
  ///   - body: Fills the folder, and gives the list of its files.
  func replacing(
    _ name: String, isNew: Bool, keeping: Bool = false, _ body: (_ staging: String) throws -> StoredModel
  ) throws -> StoredModel {
    try AtomicFile.makeFolder(folder)
    let staging = "\(folder)/.\(name).partial"
    let lock = try lock(staging)
    return try lock.using {
      // Another process may have put it in place, and its folder is then ours no more.
      if FileErrors.isAbsent(staging) { try AtomicFile.makeFolder(staging) }
      if !keeping {
        for name in try FolderListing.names(in: staging) { try Self.delete("\(staging)/\(name)") }
      }
      do {
        if isNew, FileErrors.exists(path(name)) {
          throw LatheError(
            .invalidArgument,
            "\(path(name)): there is a model '\(name)'; take another name, or remove that one first")
        }
        let model = try body(staging)
        let names = Set(model.files.map(\.path))
        for path in try FolderListing.files(below: staging)
        where !names.contains(String(path.dropFirst(staging.count + 1))) {
          unlink(path)
        }
        try model.writeList(in: staging)
        let old = "\(folder)/.\(name).old"
        try Self.delete(old)
        if FileErrors.exists(path(name)), rename(path(name), old) != 0 {
          throw FileErrors.failed("move", path(name))
        }
        guard rename(staging, path(name)) == 0 else { throw FileErrors.failed("make", path(name)) }
        try Self.delete(old)
        return model
      } catch {
        if !keeping { try? Self.delete(staging) }
        throw error
      }
    }
  }

  private func lock(_ staging: String) throws -> FolderLock {
    while true {
      try AtomicFile.makeFolder(staging)
      let lock = try FolderLock.of(staging)
      // What was locked may have been renamed meanwhile, with the model in it.
      if !FileErrors.isAbsent(staging) { return lock }
    }
  }

  /// Removes a model with its files.
  ///
  /// - Throws: `LatheError` where there is none of that name, or a file cannot be removed.
  public func remove(_ name: String) throws {
    let model = try required(name)
    // It is gone at once, and its files then.
    let old = "\(folder)/.\(name).old"
    try Self.delete(old)
    guard rename(model.folder, old) == 0 else { throw FileErrors.failed("remove", model.folder) }
    try Self.delete(old)
  }

  /// Removes a folder with all that is in it, where it is there.
  static func delete(_ path: String) throws {
    if FileErrors.isAbsent(path) { return }
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      throw LatheError(.file, "\(path): cannot remove: \(error.localizedDescription)")
    }
  }
}
