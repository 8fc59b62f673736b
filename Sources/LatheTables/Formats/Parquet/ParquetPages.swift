import LatheCore
import LatheFiles

/// A page of values, decompressed.
struct ParquetPage {
  let isDictionary: Bool
  let valueCount: Int
  let encoding: Int
  /// Where its header begins in the file.
  let place: Int
  /// Whether rows have values, run by run; nil where all of them have.
  let levels: UnsafeRawBufferPointer?
  let values: UnsafeRawBufferPointer
}

/// Reads a column's pages in a group of rows one after the other.
struct ParquetPages {
  private let source: ParquetSource
  private let plan: ParquetPlan
  private let codec: ParquetMetadata.Codec
  private var place: Int
  private let end: Int

  /// - Throws: `LatheError` where the pages cannot be in the file, or are compressed by what is not there.
  init(_ source: ParquetSource, _ plan: ParquetPlan, _ chunk: ParquetMetadata.Chunk) throws {
    self.source = source
    self.plan = plan
    func fault(_ what: String, _ kind: LatheError.Kind = .format) -> LatheError {
      LatheError(kind, "\(source.path): offset \(chunk.place): column '\(plan.name)': \(what)")
    }
    if chunk.isElsewhere { throw fault("its pages are in another file", .unsupported) }
    if chunk.isEncrypted { throw fault("encrypted; write it without encryption", .unsupported) }
    guard chunk.physical == plan.physical else { throw fault("pages of another type than the schema's") }
    guard let codec = ParquetMetadata.Codec(rawValue: chunk.codec) else {
      throw fault("compressed by the unknown method \(chunk.codec)", .unsupported)
    }
    switch codec {
    case .none, .gzip: break
    case .snappy, .zstd: try SystemCodecs.check(codec, source.path)
    case .lzo, .brotli, .lz4, .lz4Raw:
      throw fault("compressed by \(codec); write the file with zstd, snappy, gzip or none", .unsupported)
    }
    self.codec = codec
    // Some programs write 0 where there is no dictionary.
    var start = chunk.dataOffset
    if let dictionary = chunk.dictionaryOffset, dictionary > 0, dictionary < start { start = dictionary }
    guard start >= 4, start <= source.dataEnd, chunk.size <= source.dataEnd - start else {
      throw fault("pages at \(start), \(chunk.size) bytes of them, where the file has none")
    }
    place = start
    end = start + chunk.size
  }

  /// The next page, which stays until the room is used again; nil behind the last.
  mutating func next(_ room: inout ParquetRoom, _ dictionaryRoom: inout ParquetRoom) throws -> ParquetPage? {
    while place < end {
      let start = place
      func fault(_ what: String) -> ParquetFault { ParquetFault(place: start, what: what) }
      var reader = ThriftReader(source.bytes, place..<end)
      let header = try ParquetPageHeader(&reader)
      guard header.compressedSize <= end - reader.place else {
        throw fault("a page of \(header.compressedSize) bytes where \(end - reader.place) are left")
      }
      place = reader.place + header.compressedSize
      let stored = UnsafeRawBufferPointer(rebasing: source.bytes[reader.place..<place])
      guard let kind = ParquetPageHeader.Kind(rawValue: header.kind) else { continue }
      if kind == .index { continue }
      if let checksum = header.checksum, CRC32.checksum(stored) != checksum {
        throw fault("a page whose checksum is wrong; the file is damaged")
      }
      guard header.valueCount >= 0 else { throw fault("a page without a number of values") }
      if kind == .data2 { return try second(header, stored, start, &room) }
      let content =
        kind == .dictionary
        ? try inflated(stored, header.size, start, &dictionaryRoom)
        : try inflated(stored, header.size, start, &room)
      var bits = ParquetBits(content)
      var levels: UnsafeRawBufferPointer?
      if kind == .data && plan.isOptional {
        guard header.levelEncoding == 3 else {
          throw fault("levels in the old encoding \(header.levelEncoding); write the file anew")
        }
        do { levels = try bits.takeCounted() } catch let error as ParquetBits.Fault {
          throw fault(error.what)
        }
      }
      return ParquetPage(
        isDictionary: kind == .dictionary, valueCount: header.valueCount, encoding: header.encoding,
        place: start,
        levels: levels, values: UnsafeRawBufferPointer(rebasing: content[bits.place...]))
    }
    return nil
  }

  /// A page of the second version, whose levels are not compressed.
  private func second(
    _ header: ParquetPageHeader, _ stored: UnsafeRawBufferPointer, _ start: Int, _ room: inout ParquetRoom
  ) throws -> ParquetPage {
    guard header.repetitionSize == 0, header.definitionSize >= 0, header.definitionSize <= stored.count,
      header.definitionSize <= header.size
    else {
      throw ParquetFault(place: start, what: "a page with levels that do not fit in it")
    }
    let levels = UnsafeRawBufferPointer(rebasing: stored[..<header.definitionSize])
    let rest = UnsafeRawBufferPointer(rebasing: stored[header.definitionSize...])
    let size = header.size - header.definitionSize
    let values =
      header.isCompressed ? try inflated(rest, size, start, &room) : rest
    return ParquetPage(
      isDictionary: false, valueCount: header.valueCount, encoding: header.encoding, place: start,
      levels: plan.isOptional ? levels : nil, values: values)
  }

  private func inflated(
    _ stored: UnsafeRawBufferPointer, _ size: Int, _ start: Int, _ room: inout ParquetRoom
  ) throws -> UnsafeRawBufferPointer {
    if codec == .none { return stored }
    // A page without values may have no bytes at all.
    if size == 0 { return UnsafeRawBufferPointer(rebasing: stored[..<0]) }
    let target = UnsafeMutableRawBufferPointer(start: try room.bytes(size), count: size)
    let isWhole =
      switch codec {
      case .zstd: SystemCodecs.zstd(stored, into: target)
      case .snappy: SystemCodecs.snappy(stored, into: target)
      default: try gzip(stored, into: target)
      }
    guard isWhole else {
      throw ParquetFault(
        place: start, what: "a page that \(codec) cannot decompress to \(size) bytes; the file is damaged")
    }
    return UnsafeRawBufferPointer(target)
  }

  private func gzip(_ stored: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) throws
    -> Bool
  {
    let inflater = try Inflater(isGzip: true, source: source.path)
    var (taken, made) = (0, 0)
    while taken < stored.count {
      guard
        let progress = inflater.run(
          UnsafeRawBufferPointer(rebasing: stored[taken...]),
          into: UnsafeMutableRawBufferPointer(rebasing: target[made...]))
      else { return false }
      taken += progress.taken
      made += progress.made
      if progress.isAtEnd {
        if taken == stored.count { return made == target.count }
        inflater.restart()
      } else if progress.taken == 0 && progress.made == 0 {
        return false
      }
    }
    return false
  }
}
