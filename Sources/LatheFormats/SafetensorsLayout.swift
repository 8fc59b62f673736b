import Lathe
import LatheFiles

/// Where the tensors of a safetensors file are: its header, checked against the file's length.
struct SafetensorsLayout {
  /// A tensor's place.
  struct Place {
    let name: String
    let spec: TensorSpec
    /// Its bytes in the file.
    let range: Range<Int>
  }

  /// The largest header that a reader takes, as in the reference implementation.
  private static let headerLimit = 100_000_000

  /// In the order of the file, without gaps.
  let places: [Place]
  /// Text that the writer added, without the checksum.
  let metadata: [String: String]
  /// The checksum in it; nil where there is none.
  let seal: SafetensorsSeal?
  /// Where the tensors' bytes begin, and how many there are.
  let dataStart: Int, dataCount: Int

  /// Reads the header from the start of a file.
  ///
  /// - Parameters:
  ///   - path: The file's, for messages.
  ///   - fileSize: Its bytes.
  ///   - read: Gives the next bytes.
  /// - Throws: `LatheError` naming the file, the offset and what is wrong.
  init(path: String, fileSize: Int, read: (_ count: Int) throws -> [UInt8]) throws {
    func damaged(_ offset: Int, _ what: String) -> LatheError { Self.damaged(path, offset, what) }
    guard fileSize >= 8 else {
      throw damaged(0, "\(fileSize) bytes are less than the header's length")
    }
    let length = try read(8).enumerated().reduce(UInt64(0)) {
      $0 | UInt64($1.element) << (8 * UInt64($1.offset))
    }
    guard length <= UInt64(Self.headerLimit), Int(length) <= fileSize - 8 else {
      throw damaged(0, "a header of \(length) bytes in a file of \(fileSize)")
    }
    dataStart = 8 + Int(length)
    let text = try read(Int(length))
    let header: SafetensorsHeader
    do {
      header = try SafetensorsHeader(text)
    } catch {
      throw damaged(8 + error.offset, error.message)
    }
    var places: [Place] = []
    var position = 0
    for entry in header.entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      guard entry.begin == position, entry.end >= entry.begin, entry.end <= fileSize - dataStart else {
        throw damaged(
          8,
          "tensor '\(entry.name)' at \(entry.begin)..<\(entry.end): expected to begin at \(position) and to end "
            + "within the \(fileSize - dataStart) bytes of data; if the file was cut off, fetch it again")
      }
      do {
        let spec = try entry.spec()
        places.append(
          Place(name: entry.name, spec: spec, range: dataStart + entry.begin..<dataStart + entry.end))
      } catch {
        throw damaged(8, error.message)
      }
      position = entry.end
    }
    guard dataStart + position == fileSize else {
      throw damaged(dataStart + position, "\(fileSize - dataStart - position) bytes belong to no tensor")
    }
    self.places = places
    metadata = header.metadata.filter { $0.key != SafetensorsSeal.key }
    seal = SafetensorsSeal(header, text)
    dataCount = position
  }

  static func damaged(_ path: String, _ offset: Int, _ what: String) -> LatheError {
    LatheError(.format, "\(path): offset \(offset): not a safetensors file: \(what)")
  }

  /// What is thrown where the content is not that of the checksum.
  static func unsealed(_ path: String) -> LatheError {
    LatheError(
      .format,
      "\(path): damaged: its content does not fit the checksum in it; fetch or make it again, or, where another "
        + "program changed it and kept the checksum, write it without '\(SafetensorsSeal.key)'")
  }
}

extension SafetensorsEntry {
  /// Type and shape, which fit the number of bytes.
  fileprivate func spec() throws(HeaderFault) -> TensorSpec {
    func fault(_ what: String) -> HeaderFault { HeaderFault(message: what, offset: 0) }
    guard let type = Safetensors.types.first(where: { $0.value == dtype })?.key else {
      throw fault("tensor '\(name)' has type \(dtype), which is not supported")
    }
    guard shape.count <= Shape.maximumRank else {
      throw fault("tensor '\(name)' has \(shape.count) axes, more than \(Shape.maximumRank)")
    }
    var size = type.byteCount
    for axis in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: axis)
      guard !overflow else { throw fault("tensor '\(name)' has impossible sizes \(shape)") }
      size = product
    }
    guard size == end - begin else {
      throw fault("tensor '\(name)' of \(shape) needs \(size) bytes, not \(end - begin)")
    }
    return TensorSpec(Shape(shape), type)
  }
}
