import Lathe
import LatheFiles

/// What stands before the elements in a GGUF file: metadata, and the places of the tensors, checked.
struct GGUFHeader {
  /// A tensor's place.
  struct Place {
    var name: String
    var type: GGUFBlockType
    var shape: Shape
    /// Its bytes; from the elements' start until that is known, then from the file's.
    var range: Range<Int>
    /// Where it is spoken of.
    var offset: Int

    func stored(in path: String) -> StoredTensor {
      StoredTensor(
        name: name, type: type.name, spec: TensorSpec(shape, type.dtype ?? .float32), file: path,
        offset: range.lowerBound, byteCount: range.count)
    }
  }

  let version: Int
  private(set) var keys: [String] = []
  private(set) var values: [String: GGUFValue] = [:]
  private(set) var tensors: [Place] = []

  init(_ file: MappedFile) throws(HeaderFault) {
    var scanner = ByteScanner(file.bytes)
    guard scanner.left >= 24, try scanner.text(4) == "GGUF" else {
      throw HeaderFault(message: "it does not begin with GGUF and the counts of its parts", offset: 0)
    }
    let version: UInt32 = try scanner.number()
    guard version == 2 || version == 3 else {
      let isSwapped = version.byteSwapped == 2 || version.byteSwapped == 3
      throw HeaderFault(
        message: isSwapped
          ? "its numbers have the greatest byte first; convert it for this kind of machine"
          : "version \(version), and 2 and 3 are known; convert it by a newer llama.cpp", offset: 4)
    }
    self.version = Int(version)
    let tensorCount: UInt64 = try scanner.number()
    let valueCount: UInt64 = try scanner.number()
    // A value takes at least 13 bytes, a tensor 24.
    guard valueCount <= UInt64(scanner.left / 13), tensorCount <= UInt64(scanner.left / 24) else {
      throw HeaderFault(
        message: "\(tensorCount) tensors and \(valueCount) values in a file of \(file.size) bytes", offset: 8)
    }
    for _ in 0..<valueCount {
      let start = scanner.offset
      let key = try scanner.text(scanner.number())
      guard values[key] == nil else {
        throw HeaderFault(message: "the key '\(key)' comes twice", offset: start)
      }
      values[key] = try scanner.ggufValue(file)
      keys.append(key)
    }
    let alignment = try alignment(behind: scanner.offset)
    var names = Set<String>()
    for _ in 0..<tensorCount {
      let place = try Self.place(&scanner, alignment)
      guard names.insert(place.name).inserted else {
        throw HeaderFault(message: "two tensors are named '\(place.name)'", offset: place.offset)
      }
      tensors.append(place)
    }
    try settle(from: (scanner.offset + alignment - 1) / alignment * alignment, fileSize: file.size)
  }

  /// What the elements' start and the tensors' offsets are multiples of.
  private func alignment(behind offset: Int) throws(HeaderFault) -> Int {
    let key = "general.alignment"
    guard let value = values[key] else { return 32 }
    guard let number = value.integer, number > 0, number <= 1 << 20, number & (number - 1) == 0 else {
      throw HeaderFault(message: "'\(key)' is no power of two up to 1048576", offset: offset)
    }
    return number
  }

  private static func place(_ scanner: inout ByteScanner, _ alignment: Int) throws(HeaderFault) -> Place {
    let start = scanner.offset
    let name = try scanner.text(scanner.number())
    func fault(_ what: String) -> HeaderFault {
      HeaderFault(message: "tensor '\(name)' \(what)", offset: start)
    }
    let rank: UInt32 = try scanner.number()
    guard rank <= 4 else { throw fault("has \(rank) axes, and the format allows 4") }
    // The format names the axis of neighbours first.
    var sizes: [Int] = []
    for _ in 0..<rank {
      let size: UInt64 = try scanner.number()
      guard let size = Int(exactly: size) else { throw fault("has an axis of \(size)") }
      sizes.insert(size, at: 0)
    }
    let number: UInt32 = try scanner.number()
    guard let type = GGUFBlockType(rawValue: number) else { throw fault("has the unknown type \(number)") }
    guard let count = StoredSizes.count(sizes) else { throw fault("has impossible sizes \(sizes)") }
    guard (sizes.last ?? 1) % type.elementCount == 0 else {
      throw fault(
        "has rows of \(sizes.last ?? 1), no whole number of \(type.name)'s blocks of \(type.elementCount)")
    }
    let (size, overflow) = (count / type.elementCount).multipliedReportingOverflow(by: type.byteCount)
    let offset: UInt64 = try scanner.number()
    guard offset % UInt64(alignment) == 0 else {
      throw fault("is at \(offset), no multiple of \(alignment)")
    }
    guard !overflow, let offset = Int(exactly: offset), offset <= 1 << 60, size <= 1 << 60 else {
      throw fault("has \(sizes) elements of \(type.name) at \(offset), which no file holds")
    }
    return Place(name: name, type: type, shape: Shape(sizes), range: offset..<offset + size, offset: start)
  }

  /// Moves the tensors to their places in the file, which must hold them, apart from each other.
  private mutating func settle(from start: Int, fileSize: Int) throws(HeaderFault) {
    for index in tensors.indices {
      let place = tensors[index]
      let range = start + place.range.lowerBound..<start + place.range.upperBound
      guard range.upperBound <= max(fileSize, start), range.isEmpty || range.upperBound <= fileSize else {
        throw HeaderFault(
          message: "tensor '\(place.name)' at \(range), and the file has \(fileSize) bytes; "
            + "if it was cut off, fetch it again",
          offset: place.offset)
      }
      // An empty one may stand where the file ends.
      tensors[index].range = range.isEmpty ? min(start, fileSize)..<min(start, fileSize) : range
    }
    let order = tensors.filter { !$0.range.isEmpty }.sorted { $0.range.lowerBound < $1.range.lowerBound }
    for (first, second) in zip(order, order.dropFirst())
    where second.range.lowerBound < first.range.upperBound {
      throw HeaderFault(
        message: "the tensors '\(first.name)' and '\(second.name)' overlap at \(second.range.lowerBound)",
        offset: second.offset)
    }
  }
}
