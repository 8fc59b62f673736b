import Lathe
import LatheFiles

/// A safetensors file of which the header is read at once, and each tensor when it is asked for.
struct SafetensorsShard: Sendable {
  let path: String
  let metadata: [String: String]
  /// The tensors by name.
  let specs: [String: TensorSpec]
  private let file: RegularFile
  private let ranges: [String: Range<Int>]
  private let isSealed: Bool

  /// Reads the header.
  ///
  /// - Throws: `LatheError` naming the file, the offset and what is wrong.
  init(path: String) throws {
    self.path = path
    let file = try RegularFile(path)
    var offset = 0
    let layout = try SafetensorsLayout(path: path, fileSize: file.size) { count in
      let bytes = try file.read(count, at: offset)
      offset += bytes.count
      guard bytes.count == count else { throw SafetensorsLayout.damaged(path, offset, "the file ends here") }
      return bytes
    }
    self.file = file
    metadata = layout.metadata
    isSealed = layout.seal != nil
    specs = Dictionary(uniqueKeysWithValues: layout.places.map { ($0.name, $0.spec) })
    ranges = Dictionary(uniqueKeysWithValues: layout.places.map { ($0.name, $0.range) })
  }

  /// Reads a tensor; nil where the file has none of that name.
  func tensor(_ name: String, on device: Device) throws -> Tensor? {
    guard let spec = specs[name], let range = ranges[name] else { return nil }
    return try Tensor(shape: spec.shape, dtype: spec.dtype, device: device) { buffer in
      let count = try file.read(into: buffer, at: range.lowerBound)
      guard count == buffer.count else {
        throw SafetensorsLayout.damaged(path, range.lowerBound + count, "the file ends here")
      }
      if spec.dtype == .bool { TruthValues.normalize(buffer) }
    }
  }

  /// Bytes that are read at a time.
  private static let chunk = 64 << 20

  /// Reads all of the file where it holds a checksum of itself.
  ///
  /// - Throws: `LatheError` where the content is another.
  func verify() throws {
    guard isSealed else { return }
    var source = try SummedFile(path)
    func take(_ count: Int) throws -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: count)
      guard try bytes.withUnsafeMutableBytes({ try source.read(into: $0) }) else {
        throw SafetensorsLayout.damaged(path, source.offset, "the file ends here")
      }
      return bytes
    }
    let layout = try SafetensorsLayout(path: path, fileSize: source.file.size, read: take)
    let headerSum = source.checksum
    while source.offset < source.file.size {
      _ = try take(min(Self.chunk, source.file.size - source.offset))
    }
    guard
      layout.seal?.fits(header: headerSum, file: source.checksum, dataCount: layout.dataCount) ?? true
    else { throw SafetensorsLayout.unsealed(path) }
  }
}
