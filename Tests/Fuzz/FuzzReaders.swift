import Foundation
import Lathe
import LatheFiles
import LatheFormats

/// libFuzzer's driver, with a main of its own, since SwiftPM gives every program one by this name.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The program, under the name that SwiftPM expects.
@_cdecl("FuzzReaders_main")
public func fuzzMain(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt
{
  var (count, arguments) = (count, arguments)
  return runDriver(&count, &arguments, testOneInput)
}

/// Which reader is fuzzed: the value of LATHE_FUZZ.
private enum Reader: String {
  case safetensors, gguf, pickle, legacy, zip, npz, npy, index

  /// The file that some bytes are for this reader, which is always taken for its format.
  func file(_ bytes: [UInt8]) -> [UInt8] {
    func beginning(_ start: [UInt8]) -> [UInt8] { start + bytes.dropFirst(start.count) }
    switch self {
    case .safetensors:
      // A length that the file has room for, mostly.
      guard bytes.count > 8 else { return bytes }
      return Array(bytes[..<2]) + [0, 0, 0, 0, 0, 0] + bytes[8...]
    case .gguf: return beginning(Array("GGUF".utf8))
    case .legacy: return beginning([0x80, 2, 0x8A, 0x0A])
    case .npy: return beginning([0x93] + Array("NUMPY".utf8) + [1, 0])
    case .index: return bytes
    case .zip, .npz: return beginning([0x50, 0x4B, 3, 4, 20])
    case .pickle:
      var archive = ZipWriter()
      archive.add("x/data.pkl", [bytes])
      for key in ["0", "1", "2"] { archive.add("x/data/\(key)", [[UInt8](repeating: 1, count: 64)]) }
      archive.finish()
      return archive.chunks.flatMap { $0 }
    }
  }
}

private let name = ProcessInfo.processInfo.environment["LATHE_FUZZ"] ?? ""
private let reader = Reader(rawValue: name) ?? .gguf
private let textReader = TextReader(rawValue: name)
private let tableReader = TableReader(rawValue: name)
/// A file in memory without a name.
private let file: Int32 = {
  var name = Array("/dev/shm/lathe-fuzz-XXXXXX".utf8CString)
  let file = mkstemp(&name)
  unlink(name)
  return file
}()
private let path = "/proc/self/fd/\(file)"
/// A folder whose index of shards is the input; the shards have a tensor each.
private let shards: String = {
  var name = Array("/dev/shm/lathe-fuzz-XXXXXX".utf8CString)
  guard let folder = mkdtemp(&name).map({ String(cString: $0) }),
    symlink(path, "\(folder)/model.safetensors.index.json") == 0
  else { fatalError("no folder for the shards") }
  do {
    for shard in ["a", "b"] {
      try WeightFile.write([(shard, Tensor.zeros([2], device: .cpu))], to: "\(folder)/\(shard).safetensors")
    }
  } catch { fatalError("the shards cannot be written: \(error)") }
  atexit { try? FileManager.default.removeItem(atPath: shards) }
  return folder
}()
/// Elements that are read of a tensor: reading is checked, not the speed of copying.
private let mostElements = 1 << 16

/// Reads one input: what is wrong with it must be an error that names the file.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  if let textReader {
    do { try textReader.read(Array(UnsafeBufferPointer(start: data, count: count))) } catch is LatheError {
    } catch { fatalError("an error of another type: \(error)") }
    return 0
  }
  if let tableReader {
    do { try tableReader.read(Array(UnsafeBufferPointer(start: data, count: count))) } catch is LatheError {
    } catch { fatalError("an error of another type: \(error)") }
    return 0
  }
  let bytes = reader.file(Array(UnsafeBufferPointer(start: data, count: count)))
  guard ftruncate(file, 0) == 0,
    bytes.withUnsafeBytes({ pwrite(file, $0.baseAddress, $0.count, 0) }) == bytes.count
  else {
    fatalError("the input's file cannot be written")
  }
  do {
    try read()
  } catch let error as LatheError {
    // What is refused says where.
    guard error.message.contains(path) || reader == .index || error.kind == .unsupported else {
      fatalError("no file named: \(error.message)")
    }
  } catch {
    fatalError("an error of another type: \(error)")
  }
  return 0
}

private func read() throws {
  if reader == .npy {
    _ = try NPYFile(path: path).tensor.bytes()
    return
  }
  if reader == .npz {
    let archive = try NPZFile(path: path, limit: 1 << 20)
    for name in archive.names { _ = try archive.tensor(name)?.bytes() }
    return
  }
  let weights = try WeightReader(path: reader == .index ? shards : path)
  for (name, spec) in weights.specs where spec.count <= mostElements {
    guard let tensor = try weights.tensor(name) else { fatalError("'\(name)' is listed and not there") }
    guard try tensor.bytes().count == spec.byteCount else { fatalError("'\(name)' has another size") }
  }
  for value in weights.gguf?.values.values ?? [:].values {
    if case .array(let array) = value { _ = try array.values().count }
  }
  try weights.verify()
}
