import Foundation
import LatheCore
import LatheFiles

/// The way of one file from the hub into a folder: what has come stands in `NAME.part` until it is whole and right.
struct HubDownload {
  let file: HubListing.File
  let folder: String
  let access: HubAccess
  private let url: String

  init(file: HubListing.File, folder: String, access: HubAccess, url: () -> String) {
    (self.file, self.folder, self.access) = (file, folder, access)
    self.url = url()
  }

  private var target: String { "\(folder)/\(file.path)" }
  private var part: String { "\(target).part" }

  /// Fetches the file, or what is missing of it.
  ///
  /// - Parameter progress: Is told how many bytes are there.
  /// - Throws: `LatheError`.
  func run(_ progress: (Int) -> Void) throws -> StoredModel.File {
    if let slash = target.lastIndex(of: "/") { try AtomicFile.makeFolder(String(target[..<slash])) }
    // It gets its name when it is right.
    if FileErrors.size(of: target) == file.size {
      progress(file.size)
      return StoredModel.File(path: file.path, size: file.size, sha256: try SHA256.of(RegularFile(target)))
    }
    let descriptor = open(part, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileErrors.failed("write", part) }
    defer { close(descriptor) }
    if try size(descriptor) > file.size { try cut(descriptor, to: 0) }
    try Retrying.run(url) { try attempt(descriptor, progress) }
    guard AtomicFile.flush(descriptor) else { throw FileErrors.failed("write", part) }
    let digest = try SHA256.of(RegularFile(part))
    if let expected = file.sha256, digest != expected {
      unlink(part)
      throw LatheError(
        .format,
        "\(url): the file has SHA-256 \(digest), and the hub promised \(expected); it was thrown away: fetch it again"
      )
    }
    guard rename(part, target) == 0 else { throw FileErrors.failed("write", target) }
    return StoredModel.File(path: file.path, size: file.size, sha256: digest)
  }

  private func attempt(_ descriptor: Int32, _ progress: (Int) -> Void) throws -> Retrying.Outcome<Void> {
    let start = try size(descriptor)
    if start == file.size { return .done(()) }
    var count = start
    var isWanted: Bool?
    let range = start > 0 ? ["Range: bytes=\(start)-"] : []
    let answer = try HTTPTransfer.get(url, headers: access.headers + range) { answer, bytes in
      if isWanted == nil {
        isWanted = answer.status == 200 || answer.status == 206
        // A server that knows no ranges sends all of it.
        if answer.status == 200, start > 0 {
          try cut(descriptor, to: 0)
          count = 0
        }
        if answer.status == 206, !(answer.headers["content-range"]?.hasPrefix("bytes \(start)-") ?? false) {
          try cut(descriptor, to: 0)
          throw LatheError(
            .format,
            "\(url): asked for bytes from \(start) on, and got '\(answer.headers["content-range"] ?? "others")'; what "
              + "was there is thrown away: fetch it again")
        }
      }
      guard isWanted == true else { return }
      guard bytes.count <= file.size - count else {
        throw LatheError(.format, "\(url): more than the \(file.size) bytes that the hub promised")
      }
      try write(bytes, descriptor, at: count)
      count += bytes.count
      progress(count)
    }
    switch answer.status {
    case 0, 200, 206: break
    case 416:
      try cut(descriptor, to: 0)
      return .again("the hub has no bytes from \(start) on")
    case 500...: return .again("status \(answer.status)")
    default: throw access.refusal(answer.status, url, "file \(file.path)")
    }
    if count == file.size, isWanted == true || file.size == 0 { return .done(()) }
    let reason = answer.failure ?? "the hub sent \(count) of \(file.size) bytes"
    return .again(reason, gained: count > start)
  }

  private func size(_ descriptor: Int32) throws -> Int {
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else { throw FileErrors.failed("read", part) }
    return Int(facts.st_size)
  }

  private func cut(_ descriptor: Int32, to size: Int) throws {
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw FileErrors.failed("write", part) }
  }

  private func write(_ bytes: UnsafeRawBufferPointer, _ descriptor: Int32, at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      let written = pwrite(
        descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw FileErrors.failed("write", part) }
      done += written
    }
  }
}
