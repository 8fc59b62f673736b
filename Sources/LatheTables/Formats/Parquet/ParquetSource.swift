import LatheCore
import LatheFiles
import Synchronization

/// An open Parquet file and the memory that reading it may take.
final class ParquetSource: Sendable {
  let file: MappedFile
  let metadata: ParquetMetadata
  /// Where the metadata begins; pages are in front of it.
  let dataEnd: Int
  private let allowed: Int
  private let taken = Atomic(0)

  var path: String { file.path }
  var bytes: UnsafeRawBufferPointer { file.bytes }

  /// - Parameter memoryLimit: The bytes that the table may take.
  /// - Throws: `LatheError` where the file cannot be read or is no Parquet file.
  init(_ path: String, memoryLimit: Int?) throws {
    file = try MappedFile(path)
    let (bytes, size) = (file.bytes, file.size)
    let mark = Array("PAR1".utf8)
    if size >= 4 && bytes.prefix(4).elementsEqual("PARE".utf8) { throw Self.encrypted(path) }
    guard size >= 12, bytes.prefix(4).elementsEqual(mark), bytes.suffix(4).elementsEqual(mark) else {
      let isCut = size >= 4 && bytes.prefix(4).elementsEqual(mark)
      throw LatheError(
        .format,
        isCut
          ? "\(path): offset \(size): a Parquet file ends with PAR1, and this one does not; is it cut off?"
          : "\(path): offset 0: no Parquet file, which begins with PAR1")
    }
    let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: size - 8, as: UInt32.self)))
    guard length <= size - 12 else {
      throw LatheError(
        .format, "\(path): offset \(size - 8): metadata of \(length) bytes in a file of \(size)")
    }
    dataEnd = size - 8 - length
    var reader = ThriftReader(bytes, dataEnd..<size - 8)
    do { metadata = try ParquetMetadata(&reader) } catch let fault as ParquetFault {
      throw LatheError(.format, "\(path): offset \(fault.place): \(fault.what)")
    }
    if metadata.isEncrypted { throw Self.encrypted(path) }
    // Values of few bits, and texts that come often, take much more as columns.
    let (wanted, overflow) = size.multipliedReportingOverflow(by: 16)
    allowed = memoryLimit ?? max(ReadingLimits.memory, overflow ? .max : wanted)
    var rows = 0
    for group in metadata.groups {
      let (sum, overflow) = rows.addingReportingOverflow(group.rowCount)
      guard !overflow, sum <= 1 << 50 else {
        throw LatheError(.format, "\(path): offset \(group.place): too many rows")
      }
      rows = sum
    }
    guard rows == metadata.rowCount else {
      throw LatheError(
        .format, "\(path): the groups have \(rows) rows, the metadata says \(metadata.rowCount)")
    }
  }

  private static func encrypted(_ path: String) -> LatheError {
    LatheError(.unsupported, "\(path): an encrypted Parquet file; write it without encryption")
  }

  /// Notes memory about to be taken.
  ///
  /// - Throws: `LatheError.format` where it is more than allowed.
  func take(_ bytes: Int) throws {
    let before = taken.add(min(bytes, 1 << 50), ordering: .relaxed).oldValue
    guard bytes >= 0, before <= allowed - min(bytes, allowed), bytes <= allowed else {
      throw LatheError(
        .format,
        "\(path): as a table it takes more than the \(allowed) bytes of memory allowed; is it damaged? Where it is meant, "
          + "read fewer columns (option columns), or allow more (option memoryLimit)")
    }
  }
}

/// Memory that grows with what is asked for, and stays until all is read.
struct ParquetRoom {
  private let source: ParquetSource
  private var memory = ColumnMemory(byteCount: 64)
  private(set) var capacity = 64

  init(_ source: ParquetSource) { self.source = source }

  /// Room for so many bytes and 64 behind them; what was there is kept only where asked for.
  mutating func bytes(_ count: Int, keeping kept: Int = 0) throws -> UnsafeMutableRawPointer {
    guard count > capacity - 64 else { return memory.bytes }
    let larger = max(count + 64, kept > 0 ? 2 * capacity : 0)
    try source.take(larger - capacity)
    let new = ColumnMemory(byteCount: larger)
    if kept > 0 { new.bytes.copyMemory(from: memory.bytes, byteCount: kept) }
    memory = new
    capacity = larger
    return new.bytes
  }

  /// Room for so many numbers.
  mutating func buffer<Element: BitwiseCopyable>(_: Element.Type, _ count: Int) throws
    -> UnsafeMutableBufferPointer<
      Element
    >
  {
    let (size, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    if overflow { try source.take(.max) }
    let start = try bytes(size).assumingMemoryBound(to: Element.self)
    return UnsafeMutableBufferPointer(start: start, count: count)
  }

  /// The memory itself.
  var kept: ColumnMemory { memory }
}
