import Lathe
import LatheFiles

/// What a file of `torch.save` holds: the tensors of its pickle, and where their storages are.
struct PyTorchContent {
  let machine: PickleMachine
  let names: PickleNames
  /// The bytes of each storage in the file.
  private var storages: [String: Range<Int>] = [:]

  /// The archive that PyTorch writes since 1.6: `data.pkl`, and each storage as a file in `data/`.
  init(_ archive: ZipArchive, _ file: MappedFile) throws {
    guard
      let pickle = archive.entries.first(where: { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") })
    else { throw HeaderFault(message: "an archive without data.pkl; name a file of torch.save", offset: 0) }
    let folder = String(pickle.name.dropLast("data.pkl".count))
    if let order = archive.entries.first(where: { $0.name == "\(folder)byteorder" }) {
      let range = try archive.range(of: order)
      guard file.bytes[range].elementsEqual("little".utf8) else {
        throw HeaderFault(
          message: "numbers with the greatest byte first; save it on another machine",
          offset: range.lowerBound)
      }
    }
    if archive.entries.contains(where: { $0.name == "\(folder)constants.pkl" }) {
      throw HeaderFault(
        message: "a TorchScript archive, which holds programs; save its state_dict() by torch.save", offset: 0
      )
    }
    let range = try archive.range(of: pickle)
    var machine = PickleMachine(ByteScanner(file.bytes, range))
    let root = try machine.run()
    guard machine.scanner.left == 0 else { throw machine.scanner.fault("text behind the pickle's end") }
    guard CRC32.checksum(UnsafeRawBufferPointer(rebasing: file.bytes[range])) == pickle.checksum else {
      throw HeaderFault(
        message: "the checksum of data.pkl does not fit; fetch the file again", offset: range.lowerBound)
    }
    let entries = Dictionary(archive.entries.map { ($0.name, $0) }) { first, _ in first }
    for storage in machine.storages {
      guard let entry = entries["\(folder)data/\(storage.key)"] else {
        throw HeaderFault(
          message: "the archive lacks the storage data/\(storage.key)", offset: range.lowerBound)
      }
      storages[storage.key] = try archive.range(of: entry)
    }
    names = try PickleNames(root, machine)
    self.machine = machine
    try checkStorages(at: range.lowerBound)
  }

  /// The number that a file of the old form begins with.
  private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

  /// The form before 1.6: pickles of a number, the version, the machine, the value and the storages' names, then the
  /// storages.
  init(legacy file: MappedFile) throws {
    var machine = PickleMachine(ByteScanner(file.bytes))
    guard case .long(Self.magic) = try machine.run(), try machine.run().int == 1001 else {
      throw HeaderFault(message: "a pickle, but none of torch.save; name a file of tensors", offset: 0)
    }
    let place = machine.scanner.offset
    let system = try machine.run()
    guard
      machine.entry("little_endian", of: system).map({ if case .bool(true) = $0 { true } else { false } })
        ?? true
    else {
      throw HeaderFault(
        message: "numbers with the greatest byte first; save it on another machine", offset: place)
    }
    let root = try machine.run()
    let keysPlace = machine.scanner.offset
    guard case .list(let list) = try machine.run() else {
      throw HeaderFault(message: "no list of storages behind the pickle", offset: keysPlace)
    }
    let types = Dictionary(machine.storages.map { ($0.key, $0.dtype ?? .uint8) }) { first, _ in first }
    for key in machine.containers[list] {
      guard let key = key.text, let type = types[key], storages[key] == nil else {
        throw HeaderFault(message: "a storage that no tensor has, or that comes twice", offset: keysPlace)
      }
      let count: UInt64 = try machine.scanner.number()
      guard count <= 1 << 59 else { throw machine.scanner.fault("a storage of \(count) elements") }
      storages[key] = try machine.scanner.take(count * UInt64(type.byteCount), "a storage")
    }
    guard machine.scanner.left == 0 else { throw machine.scanner.fault("data behind the last storage") }
    names = try PickleNames(root, machine)
    self.machine = machine
    try checkStorages(at: keysPlace)
  }

  /// Each storage must be there, as large as the pickle says each time.
  private func checkStorages(at place: Int) throws(HeaderFault) {
    for storage in machine.storages {
      let size = storage.dtype?.byteCount ?? 1
      let (bytes, overflow) = storage.count.multipliedReportingOverflow(by: size)
      guard let range = storages[storage.key] else {
        throw HeaderFault(message: "the storage '\(storage.key)' is not in the file", offset: place)
      }
      guard !overflow, bytes == range.count else {
        throw HeaderFault(
          message:
            "the storage '\(storage.key)' of \(storage.count) elements of \(size) bytes has \(range.count)",
          offset: range.lowerBound)
      }
    }
  }

  /// A tensor's place in the file.
  func stored(_ name: String, _ place: PickleTensor, _ path: String) throws(HeaderFault) -> StoredTensor {
    let storage = machine.storages[place.storage]
    guard let range = storages[storage.key] else {
      throw HeaderFault(message: "the storage '\(storage.key)' is not in the file", offset: 0)
    }
    let spec = TensorSpec(Shape(place.shape), place.dtype)
    let first =
      storage.view.lowerBound * (storage.dtype?.byteCount ?? 1) + place.offset * place.dtype.byteCount
    return StoredTensor(
      name: name, type: place.dtype.description, spec: spec, file: path,
      offset: spec.count == 0 ? range.lowerBound : range.lowerBound + first, byteCount: spec.byteCount)
  }
}

extension PickleMachine {
  /// The value of a key in a dictionary; nil where it is not there.
  func entry(_ key: String, of value: PickleValue) -> PickleValue? {
    guard case .dictionary(let dictionary) = value else { return nil }
    let values = containers[dictionary]
    return stride(from: 0, to: values.count - 1, by: 2).first { values[$0].text == key }.map {
      values[$0 + 1]
    }
  }
}
