import Foundation
import LatheCore
import LatheFiles

/// How far the files of a model have come.
public struct HubProgress: Sendable {
  /// The file under way.
  public var file: String
  /// Bytes of all files that are there, and that there will be.
  public var done: Int, total: Int
}

extension ModelStore {
  /// Fetches a model of the hub.
  ///
  /// What was fetched before a failure stays beside the models and is not fetched again. A model that is there already at
  /// the same commit stays as it is; an older one is replaced when the new one is whole.
  ///
  /// - Parameters:
  ///   - address: The model.
  ///   - name: What it is called in the store; as on the hub where nil.
  ///   - patterns: Which files are fetched, `*` for any text; without one what a model needs of one format.
  ///   - access: Where the hub is.
  ///   - progress: Is told how far it is.
  /// - Returns: The model.
  /// - Throws: `LatheError`: the hub refuses, has other files than it says, or cannot be reached; the name is taken; there is
  ///   no space, or another process fetches it.
  public func fetch(
    _ address: HubAddress, as name: String? = nil, patterns: [String] = [], from access: HubAccess,
    progress: (HubProgress) -> Void = { _ in }
  ) throws -> StoredModel {
    let name = name ?? address.name
    try Self.check(name)
    if let there = try model(name), !there.source.hasPrefix("\(address)@") {
      throw LatheError(
        .invalidArgument,
        "\(path(name)): '\(name)' is there, from \(there.source); give another name with --name, or remove that one first"
      )
    }
    let listing = try HubListing(address, access)
    let files = try HubSelection.files(of: listing, address, patterns)
    let source = "\(address)@\(listing.commit)"
    if let there = try model(name), there.source == source, files.allSatisfy({ there.has($0) }) {
      return there
    }
    return try replacing(name, isNew: false, keeping: true) { staging in
      // Another process may have done it meanwhile.
      try Self.keep(of: listing.commit, in: staging)
      try Self.checkSpace(files, staging)
      var done = 0
      let total = files.reduce(0) { $0 + $1.size }
      var list: [StoredModel.File] = []
      for file in files {
        let download = HubDownload(file: file, folder: staging, access: access) {
          access.url("", ["\(address.owner)/\(address.name)", "resolve", listing.commit, file.path])
        }
        list.append(
          try download.run { progress(HubProgress(file: file.path, done: done + $0, total: total)) })
        done += file.size
      }
      unlink("\(staging)/\(Self.commitName)")
      return StoredModel(name: name, source: source, files: list, folder: path(name))
    }
  }

  /// The file in a folder of unfinished files that says of which commit they are.
  private static let commitName = ".commit"

  /// Removes what an earlier fetch left of another commit.
  private static func keep(of commit: String, in staging: String) throws {
    let note = "\(staging)/\(commitName)"
    let found =
      FileErrors.exists(note) ? String(decoding: try FileErrors.read(note, limit: 1000), as: UTF8.self) : ""
    guard found != commit else { return }
    for name in try FolderListing.names(in: staging) { try delete("\(staging)/\(name)") }
    try AtomicFile.write(commit, to: note)
  }

  private static func checkSpace(_ files: [HubListing.File], _ staging: String) throws {
    var facts = statvfs()
    guard statvfs(staging, &facts) == 0 else { return }
    var needed = 0
    for file in files {
      let there =
        [file.path, "\(file.path).part"].compactMap { FileErrors.size(of: "\(staging)/\($0)") }.max() ?? 0
      let (sum, overflow) = needed.addingReportingOverflow(max(0, file.size - there))
      needed = overflow ? .max : sum
    }
    let (free, isHuge) = Int(clamping: facts.f_bavail).multipliedReportingOverflow(by: Int(facts.f_frsize))
    guard isHuge || needed <= free else {
      throw LatheError(
        .file,
        "\(staging): \(needed) bytes are to be fetched, and \(free) are free; free some space, or set LATHE_HOME to a folder elsewhere"
      )
    }
  }
}

extension StoredModel {
  fileprivate func has(_ file: HubListing.File) -> Bool {
    files.contains { $0.path == file.path && $0.size == file.size && (file.sha256 ?? $0.sha256) == $0.sha256 }
  }
}

/// Which files of a model are fetched.
enum HubSelection {
  /// What describes a model besides its weights.
  private static let descriptions = ["*.json", "*.txt", "*.model", "*.jinja"]

  /// The files that some patterns choose, or those that a model needs.
  ///
  /// - Throws: `LatheError.invalidArgument` where there are none, or a person has to choose.
  static func files(
    of listing: HubListing, _ address: HubAddress, _ patterns: [String]
  ) throws -> [HubListing.File] {
    func matching(_ patterns: [String]) -> [HubListing.File] {
      listing.files.filter { file in patterns.contains { fnmatch($0, file.path, 0) == 0 } }
    }
    func sorted(_ files: [HubListing.File]) -> [HubListing.File] {
      // Small ones first: a mistake in them shows before a long wait.
      files.sorted { ($0.size, $0.path) < ($1.size, $1.path) }
    }
    if !patterns.isEmpty {
      for pattern in patterns where matching([pattern]).isEmpty {
        throw LatheError(
          .invalidArgument,
          "\(address): no file is called '\(pattern)'; there are \(listing.files.map(\.path).joined(separator: ", "))"
        )
      }
      return sorted(matching(patterns))
    }
    for weights in ["*.safetensors", "pytorch_model*.bin", "*.gguf"] {
      let found = matching([weights])
      guard !found.isEmpty else { continue }
      guard weights != "*.gguf" || found.count == 1 else {
        throw LatheError(
          .invalidArgument,
          "\(address): \(found.count) GGUF files; choose one with --file: \(found.map(\.path).joined(separator: ", "))"
        )
      }
      return sorted(matching(descriptions + [weights]))
    }
    throw LatheError(
      .invalidArgument,
      "\(address): no safetensors, PyTorch or GGUF file; choose others with --file: \(listing.files.map(\.path).joined(separator: ", "))"
    )
  }
}
