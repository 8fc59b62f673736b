import LatheCore

/// What a compressed file may become in memory: some kilobytes can hold gigabytes.
///
/// A file that is not compressed takes what its size shows, and needs no limit.
public enum ReadingLimits {
  /// The bytes that the data of a compressed file may take unless one says otherwise.
  ///
  /// Files above half of it may become twice their size. A machine with 4 GB survives it.
  public static let memory = 1 << 30

  /// The limit of a file: the one given, or the usual one.
  package static func memory(_ limit: Int?, fileSize: Int) -> Int {
    limit ?? max(memory, 2 * min(fileSize, 1 << 60))
  }

  package static func exceeded(_ source: String, _ limit: Int) -> LatheError {
    LatheError(
      .format,
      "\(source): decompressed, it takes more than the \(limit) bytes of memory allowed; is it damaged? Where it is meant, "
        + "allow more (--data-limit)")
  }
}

/// Counts the memory that a file's records take, where it is compressed.
package struct ReadingBudget {
  private let path: String
  private let allowed: Int
  private var taken = 0

  /// - Parameter limit: The bytes allowed of a compressed file; as `ReadingLimits` says unless given.
  /// - Throws: `LatheError.file`.
  package init(_ path: String, limit: Int?) throws {
    let stream = try ByteStream(path)
    self.path = path
    allowed = stream.isCompressed ? ReadingLimits.memory(limit, fileSize: stream.fileSize) : .max
  }

  /// Notes memory about to be taken.
  ///
  /// - Throws: `LatheError.format` where it is more than allowed.
  package mutating func take(_ bytes: Int) throws {
    taken += bytes
    guard taken <= allowed else { throw ReadingLimits.exceeded(path, allowed) }
  }
}
