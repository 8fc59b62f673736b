#if OpenCL
  import LatheCore

  /// Compiled programs on disk.
  ///
  /// PoCL has a cache of its own, but runs the preprocessor to find out whether a program is in it, which takes far
  /// longer than loading a binary from here. Making the binary costs PoCL a second compilation, for
  /// work-groups of any size, which only pays where the program is built again one day.
  ///
  /// A file holds a line that names the format, the lengths and a checksum, then the key (source, options, device,
  /// driver and platform, so that a clash of hashes is noticed), then the binary. Whatever cannot be read or
  /// written costs a compilation and nothing else.
  package struct BinaryCache: Sendable {
    /// The folder, or nil where there is none to use.
    package let folder: String?

    /// A cache in a folder.
    package init(folder: String?) { self.folder = folder }

    /// LATHE_CACHE_DIR (`off` for none), else lathe in XDG_CACHE_HOME or ~/.cache.
    static func standard() -> BinaryCache {
      if let folder = environment("LATHE_CACHE_DIR") {
        return BinaryCache(folder: folder == "off" ? nil : folder)
      }
      if let cache = environment("XDG_CACHE_HOME") { return BinaryCache(folder: cache + "/lathe") }
      return BinaryCache(folder: environment("HOME").map { $0 + "/.cache/lathe" })
    }

    private static let magic = "lathe-opencl-1"

    /// The binary kept for a key.
    package func load(key: String) -> [UInt8]? {
      guard let path = path(key), let bytes = FileBytes.read(path) else { return nil }
      guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
      let fields = String(decoding: bytes[..<end], as: UTF8.self).split(separator: " ")
      guard fields.count == 4, fields[0] == BinaryCache.magic, let keyLength = Int(fields[1]),
        let length = Int(fields[2]), let checksum = UInt64(fields[3], radix: 16), keyLength >= 0, length > 0,
        bytes.count - end - 1 == keyLength + length
      else { return nil }
      let body = bytes[(end + 1)...]
      guard BinaryCache.hash(body, seed: 0) == checksum, body.prefix(keyLength).elementsEqual(key.utf8) else {
        return nil
      }
      return Array(body.dropFirst(keyLength))
    }

    /// Keeps a binary; does nothing where the folder cannot be written.
    package func store(_ binary: [UInt8], key: String) {
      guard let folder, let path = path(key) else { return }
      FileBytes.makeFolder(folder)
      let body = Array(key.utf8) + binary
      let checksum = String(BinaryCache.hash(body[...], seed: 0), radix: 16)
      let header = "\(BinaryCache.magic) \(key.utf8.count) \(binary.count) \(checksum)\n"
      _ = FileBytes.replace(path, with: Array(header.utf8) + body)
    }

    /// The file of a key.
    package func path(_ key: String) -> String? {
      guard let folder else { return nil }
      let bytes = Array(key.utf8)
      let name = [UInt64(1), 2].map { String(BinaryCache.hash(bytes[...], seed: $0), radix: 16) }.joined()
      return "\(folder)/\(name).clbin"
    }

    /// FNV-1a over the bytes, started anew for each seed.
    static func hash(_ bytes: ArraySlice<UInt8>, seed: UInt64) -> UInt64 {
      var state: UInt64 = 0xcbf2_9ce4_8422_2325 &+ seed &* 0x9e37_79b9_7f4a_7c15
      for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
      return state
    }
  }
#endif
