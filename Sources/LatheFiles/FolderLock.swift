import Foundation
import LatheCore
import Synchronization

/// A folder that other processes leave alone while this lives; the lock of a process that died is gone with it.
///
/// All who ask for a folder in one process have the same lock.
package final class FolderLock: Sendable {
  /// The folder itself is locked, so that no file of the lock's own stays behind.
  private let descriptor: Int32
  private let key: Key
  private let path: String
  /// Why other processes may work in the folder all the same, as on a file system without locks; nil where they may not.
  package let weakness: String?
  private let isInUse = Mutex(false)

  /// A folder, however it is called.
  private struct Key: Hashable {
    var device: UInt64
    var file: UInt64
  }

  private struct Held: Sendable {
    weak var lock: FolderLock?
  }

  private static let held = Mutex<[Key: Held]>([:])

  /// The lock of a folder.
  ///
  /// A file system without locks gives none, and the folder is used all the same; `weakness` says so.
  /// - Throws: `LatheError.file` where another process has it, or there is no such folder.
  package static func of(_ folder: String) throws -> FolderLock {
    try held.withLock { held in
      let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard descriptor >= 0 else { throw FileErrors.failed("open", folder) }
      do {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw FileErrors.failed("open", folder) }
        let key = Key(device: UInt64(facts.st_dev), file: UInt64(facts.st_ino))
        if let lock = held[key]?.lock {
          close(descriptor)
          return lock
        }
        var weakness: String?
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
          if errno == EINTR { continue }
          guard errno == EWOULDBLOCK else {
            weakness = String(cString: strerror(errno))
            break
          }
          throw LatheError(
            .file,
            "\(folder): another process is at work in it; wait until it ends, or choose another folder")
        }
        let lock = FolderLock(descriptor, key, folder, weakness: weakness)
        held[key] = Held(lock: lock)
        return lock
      } catch {
        close(descriptor)
        throw error
      }
    }
  }

  private init(_ descriptor: Int32, _ key: Key, _ path: String, weakness: String?) {
    (self.descriptor, self.key, self.path, self.weakness) = (descriptor, key, path, weakness)
  }

  deinit { close(descriptor) }

  /// Runs a function that nothing else in this process may run in the folder meanwhile.
  ///
  /// - Throws: `LatheError.file` where something does, and what `body` throws.
  package func using<R>(_ body: () throws -> R) throws -> R {
    let wasFree = isInUse.withLock { isInUse in
      defer { isInUse = true }
      return !isInUse
    }
    guard wasFree else {
      throw LatheError(.file, "\(path): another run of this program is at work in it; choose another folder")
    }
    defer { isInUse.withLock { $0 = false } }
    return try body()
  }
}
