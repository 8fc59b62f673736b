/// Records that are read one after the other, once through: lines, rows, messages.
public protocol RecordReader<Record> {
  /// What is read.
  associatedtype Record: Sendable

  /// The next record; nil behind the last.
  ///
  /// - Throws: `LatheError` naming the file and the line or offset that cannot be used.
  func next() throws -> Record?
}

/// Several readers' records, one reader after the other, each opened when its turn comes.
public final class ChainedReader<Record: Sendable>: RecordReader {
  private var rest: ArraySlice<() throws -> any RecordReader<Record>>
  private var current: (any RecordReader<Record>)?

  /// A reader of what several functions open.
  public init(_ readers: [() throws -> any RecordReader<Record>]) { rest = readers[...] }

  /// The next record; nil behind the last of the last reader.
  public func next() throws -> Record? {
    while true {
      if let record = try current?.next() { return record }
      guard let open = rest.popFirst() else { return nil }
      current = try open()
    }
  }
}
