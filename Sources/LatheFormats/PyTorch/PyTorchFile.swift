import Lathe
import LatheFiles

/// A file of `torch.save`: tensors in dictionaries and lists, whose pickle is read by a machine that runs no code.
///
/// The list of tensors is read and checked at once; their elements stay in the file, which is mapped.
struct PyTorchFile: TensorSource {
  let path: String
  let tensors: [StoredTensor]
  let metadata: [String: String]
  private let file: MappedFile
  /// By a tensor's name what the pickle says of it.
  private let places: [String: PickleTensor]
  /// In the form of an archive its files, of which checksums are known.
  private let archive: ZipArchive?

  var format: CheckpointFormat { .pytorch }

  /// Opens a file.
  ///
  /// - Throws: `LatheError` naming the file, the offset and what is wrong: cut off, a tensor that leads behind its storage,
  ///   a pickle that asks for more than tensors need, by its name.
  init(path: String) throws {
    self.path = path
    file = try MappedFile(path)
    do {
      let content: PyTorchContent
      if file.bytes.prefix(4).elementsEqual([0x50, 0x4B, 3, 4]) {
        let archive = try ZipArchive(file.file, limit: .max)
        self.archive = archive
        content = try PyTorchContent(archive, file)
      } else {
        archive = nil
        content = try PyTorchContent(legacy: file)
      }
      var places: [String: PickleTensor] = [:]
      tensors = try content.names.tensors.map { name, number in
        let place = content.machine.tensors[number]
        places[name] = place
        return try content.stored(name, place, path)
      }
      self.places = places
      metadata = content.names.texts
    } catch let fault as HeaderFault {
      throw LatheError(.format, "\(path): offset \(fault.offset): \(fault.message)")
    }
  }

  func read(_ tensor: StoredTensor, on device: Device) throws -> Tensor {
    guard let place = places[tensor.name] else {
      throw LatheError(.format, "\(path): no tensor '\(tensor.name)'")
    }
    if place.isContiguous {
      return try file.tensor(tensor.spec, tensor.offset..<tensor.offset + tensor.byteCount, on: device)
    }
    try file.checkSize()
    let size = tensor.spec.dtype.byteCount
    return try Tensor(shape: tensor.spec.shape, dtype: tensor.spec.dtype, device: device) { memory in
      var index = [Int](repeating: 0, count: place.shape.count)
      var from = tensor.offset
      for to in stride(from: 0, to: memory.count, by: size) {
        memory[to..<to + size].copyBytes(from: file.bytes[from..<from + size])
        // The next element: the last axis first.
        for axis in index.indices.reversed() {
          index[axis] += 1
          from += place.strides[axis] * size
          if index[axis] < place.shape[axis] { break }
          from -= place.shape[axis] * place.strides[axis] * size
          index[axis] = 0
        }
      }
      if tensor.spec.dtype == .bool { TruthValues.normalize(memory) }
    }
  }

  func verify() throws {
    guard let archive else { return }
    for entry in archive.entries {
      try archive.read(entry) { stream in
        while try !stream.read(1 << 20).isEmpty {}
      }
    }
  }
}
