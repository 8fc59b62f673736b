import LatheCore

/// A file's bytes from front to back, or those of a part of it, decompressed where they are compressed.
///
/// What a file claims about its length is never taken for memory: what cannot be there is not waited for.
package final class ByteStream {
  /// How the bytes are stored.
  package enum Compression {
    case none, gzip, deflate
  }

  /// The file's path, for messages.
  package let path: String
  /// Whether the file is compressed.
  package var isCompressed: Bool { inflater != nil }
  /// The size of the whole file.
  package var fileSize: Int { file.size }
  /// Bytes handed out so far, counted after decompression.
  package private(set) var offset = 0
  /// The CRC-32 of the bytes handed out so far; 0 unless asked for.
  package private(set) var checksum: UInt32 = 0

  private let file: RegularFile
  private let source: String
  private let compression: Compression
  private let isSummed: Bool
  private let inflater: Inflater?
  /// Where the next compressed or plain bytes are in the file, and where they end.
  private var position: Int
  private let end: Int
  /// Compressed bytes that were read and not taken.
  private var input: ArraySlice<UInt8> = []
  private var isAtEnd = false

  /// Compressed bytes read at a time.
  private static let step = 1 << 17

  /// Opens a file, which is gunzipped where it starts with gzip's magic number.
  ///
  /// - Throws: `LatheError.file`.
  package convenience init(_ path: String) throws {
    let file = try RegularFile(path)
    let isCompressed = try file.read(2, at: 0) == [0x1F, 0x8B]
    try self.init(file, 0..<file.size, isCompressed ? .gzip : .none, source: path)
  }

  /// The bytes of a part of a file.
  ///
  /// - Parameters:
  ///   - isSummed: Whether `checksum` is kept.
  ///   - source: The part's name, for messages.
  package init(
    _ file: RegularFile, _ range: Range<Int>, _ compression: Compression, isSummed: Bool = false,
    source: String
  ) throws {
    path = file.path
    self.file = file
    self.source = source
    self.compression = compression
    self.isSummed = isSummed
    position = range.lowerBound
    end = range.upperBound
    inflater = compression == .none ? nil : try Inflater(isGzip: compression == .gzip, source: source)
  }

  /// The most bytes that can still come; deflate makes at most 1032 of one.
  package var possible: Int {
    let left = end - position + input.count
    guard isCompressed else { return left }
    // Of bytes taken before, the decompressor may hold some bits, which make at most 64 KB.
    let (most, overflow) = left.multipliedReportingOverflow(by: 1032)
    return overflow ? .max : most + 65_536
  }

  /// The next bytes: `count` of them, or fewer where the file ends.
  ///
  /// - Throws: `LatheError` for damaged or cut-off compressed data.
  package func read(_ count: Int) throws -> [UInt8] {
    var failure: (any Error)?
    let bytes = [UInt8](unsafeUninitializedCapacity: min(count, possible)) { buffer, made in
      do { made = try read(into: UnsafeMutableRawBufferPointer(buffer)) } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Reads the next bytes.
  ///
  /// - Returns: How many there were: fewer than asked for where the file ends.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var made = 0
    while made < buffer.count {
      let part = try readSome(into: UnsafeMutableRawBufferPointer(rebasing: buffer[made...]))
      if part == 0 { break }
      made += part
      offset += part
    }
    if isSummed {
      checksum = CRC32.checksum(UnsafeRawBufferPointer(rebasing: buffer[..<made]), continuing: checksum)
    }
    return made
  }

  private func readSome(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard let inflater else {
      let wanted = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, end - position)])
      let count = try file.read(into: wanted, at: position)
      position += count
      return count
    }
    while !isAtEnd {
      if input.isEmpty {
        input = try file.read(min(Self.step, end - position), at: position)[...]
        position += input.count
      }
      guard let progress = input.withUnsafeBytes({ inflater.run($0, into: buffer) }) else {
        throw damaged(inflater.message)
      }
      input = input.dropFirst(progress.taken)
      if progress.isAtEnd { try finish(inflater) }
      if progress.made > 0 { return progress.made }
      guard isAtEnd || progress.isAtEnd || progress.taken > 0 || position < end else {
        throw damaged("unexpected end of file")
      }
    }
    return 0
  }

  /// Looks what follows the end of compressed data: nothing, zeros, or with gzip a further part.
  private func finish(_ inflater: Inflater) throws {
    if compression == .gzip {
      try skipZeros()
      if input.first == 0x1F { return inflater.restart() }
    }
    guard input.isEmpty, position == end else { throw damaged("other bytes follow its end") }
    isAtEnd = true
  }

  private func skipZeros() throws {
    while true {
      input = input.drop { $0 == 0 }
      guard input.isEmpty, position < end else { return }
      input = try file.read(min(Self.step, end - position), at: position)[...]
      guard !input.isEmpty else { return }
      position += input.count
    }
  }

  private func damaged(_ what: String) -> LatheError {
    LatheError(
      .format,
      "\(source): damaged \(compression == .gzip ? "gzip" : "compressed") data near byte \(position - input.count) "
        + "(\(what)), \(offset) bytes decompressed before; fetch the file again")
  }
}
