import Lathe
import LatheFiles

/// A safetensors file of which the header is read at once, and each tensor when it is asked for.
struct SafetensorsShard: TensorSource {
  let path: String
  let metadata: [String: String]
  let tensors: [StoredTensor]
  private let file: MappedFile
  private let isSealed: Bool

  var format: CheckpointFormat { .safetensors }

  /// Reads the header.
  ///
  /// - Throws: `LatheError` naming the file, the offset and what is wrong.
  init(path: String) throws {
    self.path = path
    let file = try MappedFile(path)
    var offset = 0
    let layout = try SafetensorsLayout(path: path, fileSize: file.size) { count in
      defer { offset += count }
      return Array(file.bytes[offset..<offset + count])
    }
    self.file = file
    metadata = layout.metadata
    isSealed = layout.seal != nil
    tensors = layout.places.map { place in
      StoredTensor(
        name: place.name, type: Safetensors.types[place.spec.dtype] ?? "", spec: place.spec, file: path,
        offset: place.range.lowerBound, byteCount: place.range.count)
    }
  }

  func read(_ tensor: StoredTensor, on device: Device) throws -> Tensor {
    try file.tensor(tensor.spec, tensor.offset..<tensor.offset + tensor.byteCount, on: device)
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
