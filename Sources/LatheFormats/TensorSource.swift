import Lathe
import LatheFiles

/// What a file says of a tensor before its elements are read.
public struct StoredTensor: Sendable, Hashable {
  /// Its name in the file.
  public let name: String
  /// The type of its elements as the format calls it, such as `BF16` or `Q4_1`.
  public let type: String
  /// The shape, and the type that it is read as: quantised blocks become float32.
  public let spec: TensorSpec
  /// The file that it is in.
  public let file: String
  /// Where its first byte is in the file, and how many it takes there.
  public let offset: Int, byteCount: Int
}

/// A file of tensors whose list is read and checked at once, and the elements when they are asked for.
protocol TensorSource: Sendable {
  /// The file.
  var path: String { get }
  /// What the file is, as messages call it.
  var format: CheckpointFormat { get }
  /// Text beside the tensors.
  var metadata: [String: String] { get }
  /// The tensors, in the file's order; no two of one name.
  var tensors: [StoredTensor] { get }
  /// Reads one of them.
  func read(_ tensor: StoredTensor, on device: Device) throws -> Tensor
  /// The blocks of one of them as they are in the file; nil where its elements are stored alone.
  func blocks(_ tensor: StoredTensor, on device: Device) throws -> QuantizedTensor?
  /// Reads all of a file that holds checksums of itself.
  ///
  /// - Throws: `LatheError` where its content is another.
  func verify() throws
}

extension TensorSource {
  func blocks(_ tensor: StoredTensor, on device: Device) throws -> QuantizedTensor? { nil }
}

/// A format of checkpoints.
public enum CheckpointFormat: String, Sendable, Hashable, CaseIterable {
  /// Tensors behind a JSON header, in one file or several.
  case safetensors
  /// What `torch.save` writes.
  case pytorch
  /// llama.cpp's format.
  case gguf

  /// The format of a file by its first bytes; nil where it is NumPy's.
  ///
  /// - Throws: `LatheError` where it cannot be read.
  init?(of path: String) throws {
    // A safetensors file begins with its header's length in eight bytes, at most 100,000,000; none of the others can be
    // read as such a number.
    let first = try RegularFile(path).read(8, at: 0)
    if first.starts(with: Array("GGUF".utf8)) {
      self = .gguf
    } else if first.starts(with: [0x50, 0x4B, 3, 4]), first[4...].contains(where: { $0 != 0 }) {
      let archive = try ZipArchive(path: path, limit: .max)
      guard archive.entries.contains(where: { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") })
      else {
        return nil
      }
      self = .pytorch
    } else if first.starts(with: [0x80, 2, 0x8A, 0x0A]) {
      self = .pytorch
    } else {
      self = .safetensors
    }
  }

  /// Opens a file of tensors.
  ///
  /// - Throws: `LatheError` naming the file: not there, damaged, none of the formats.
  static func open(_ path: String) throws -> any TensorSource {
    switch try CheckpointFormat(of: path) {
    case .safetensors: try SafetensorsShard(path: path)
    case .pytorch: try PyTorchFile(path: path)
    case .gguf: try GGUFFile(path: path)
    case nil:
      throw LatheError(
        .format, "\(path): NumPy's arrays, which are read whole; name a safetensors, PyTorch or GGUF file")
    }
  }
}

extension MappedFile {
  /// A tensor of elements as they lie in the file: a mapping of its own where the device can work on it.
  ///
  /// - Parameter range: The elements' bytes, which are in the file.
  func tensor(_ spec: TensorSpec, _ range: Range<Int>, on device: Device) throws -> Tensor {
    try checkSize()
    guard spec.dtype == .bool || range.isEmpty else {
      // Two tensors of the same bytes, such as views of one storage, must not see each other's changes.
      let region = try MappedRegion(file, range)
      return try Tensor(
        shape: spec.shape, dtype: spec.dtype, device: device, memory: region.memory, owner: region)
    }
    return try Tensor(shape: spec.shape, dtype: spec.dtype, device: device) {
      $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[range]))
      TruthValues.normalize($0)
    }
  }
}

/// Sizes that a file claims.
enum StoredSizes {
  /// The product of some sizes; nil where no memory could hold so many, even where one of them is zero.
  static func count(_ sizes: some Sequence<Int>) -> Int? {
    var (count, product) = (1, 1)
    for size in sizes {
      let (next, overflow) = product.multipliedReportingOverflow(by: max(size, 1))
      guard size >= 0, !overflow, next < 1 << 60 else { return nil }
      product = next
      count *= size
    }
    return count
  }
}
