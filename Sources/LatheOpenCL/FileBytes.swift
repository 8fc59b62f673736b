#if OpenCL
  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #endif
  import LatheCore

  /// read(2), under a name that the method below does not hide.
  private func readBytes(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
    read(descriptor, buffer, count)
  }

  /// Whole files, without Foundation.
  enum FileBytes {
    /// A file's content, or nil where it cannot be read or is no file: a pipe could be waited for without end.
    static func read(_ path: String) -> [UInt8]? {
      let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
      guard descriptor >= 0 else { return nil }
      defer { close(descriptor) }
      var status = stat()
      guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
      var result: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = readBytes(descriptor, &chunk, chunk.count)
        if count < 0 && errno == EINTR { continue }
        if count < 0 { return nil }
        if count == 0 { return result }
        result.append(contentsOf: chunk[..<count])
      }
    }

    /// Whether something is there under a path.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Writes to a temporary file beside `path` and renames it: another process sees the whole file or none.
    static func replace(_ path: String, with bytes: [UInt8]) -> Bool {
      guard let file = TemporaryFile(beside: path) else { return false }
      let (temporary, descriptor) = (file.path, file.descriptor)
      var written = 0
      while written < bytes.count {
        let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno == EINTR { continue }
        if count <= 0 { break }
        written += count
      }
      let isThere = written == bytes.count && rename(temporary, path) == 0
      guard close(descriptor) == 0, isThere else {
        unlink(isThere ? path : temporary)
        return false
      }
      return true
    }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) {
      var partial = path.hasPrefix("/") ? "" : "."
      for part in path.split(separator: "/") {
        partial += "/" + part
        mkdir(partial, 0o755)
      }
    }
  }
#endif
