import Lathe
import LatheFiles
import LatheNN

/// Examples that are read one after the other, such as those of files larger than memory.
///
/// Reading is done in order by one worker at a time; making examples of the records by all of them at once.
public struct ExampleStream<Record: Sendable, Example: Collatable>: Sendable {
  let open: @Sendable () throws -> any RecordReader<Record>
  let example: @Sendable (Record, inout SampleRandom) throws -> Example

  /// - Parameters:
  ///   - open: Begins reading from the start, the same records every time.
  ///   - example: Makes an example of a record, on a worker; it draws from `random` alone.
  public init(
    open: @escaping @Sendable () throws -> any RecordReader<Record>,
    example: @escaping @Sendable (_ record: Record, _ random: inout SampleRandom) throws -> Example
  ) {
    self.open = open
    self.example = example
  }

  /// The stream's first records alone.
  public func prefix(_ count: Int) -> ExampleStream {
    let open = open
    return ExampleStream(open: { PrefixReader(try open(), count: count) }, example: example)
  }
}

/// Another reader's first records.
private final class PrefixReader<Record: Sendable>: RecordReader {
  private let base: any RecordReader<Record>
  private var left: Int

  init(_ base: any RecordReader<Record>, count: Int) {
    self.base = base
    left = count
  }

  func next() throws -> Record? {
    guard left > 0 else { return nil }
    left -= 1
    return try base.next()
  }
}
