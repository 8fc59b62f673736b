#if OpenCL
  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #endif
  import LatheCore

  /// The drivers that are registered on this host, as the OpenCL loader finds them.
  ///
  /// A loader leaves out what it cannot load without a word.
  package enum InstalledDrivers {
    /// The files that register drivers.
    static var registered: [String] { files(in: place) }

    /// The libraries that they name.
    static var libraries: [String] { registered.compactMap(firstLine) }

    /// What tells one set of drivers from another: the files, their content and what they name, with times and sizes.
    static var identity: String {
      var lines = [version(of: environment("LATHE_OPENCL_LIBRARY") ?? "libOpenCL.so.1")]
      for file in registered {
        lines += [version(of: file), firstLine(of: file).map(version) ?? ""]
      }
      return lines.joined(separator: "\n") + "\n"
    }

    /// What keeps drivers from being loaded, a line each: the file that registers one and the system's own words.
    package static var problems: [String] { problems(in: place) }

    private static var place: String { environment("OCL_ICD_VENDORS") ?? "/etc/OpenCL/vendors" }

    private static func version(of file: String) -> String {
      var status = stat()
      guard stat(file, &status) == 0 else { return file }
      return "\(file) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }

    private static func firstLine(of file: String) -> String? {
      guard let bytes = FileBytes.read(file) else { return nil }
      let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
      return String(decoding: line, as: UTF8.self).split(separator: " ").joined(separator: " ")
    }

    /// The same for a folder of `.icd` files, or one of them.
    package static func problems(in place: String) -> [String] {
      files(in: place).compactMap { file in problem(of: file).map { "\(file): \($0)" } }
    }

    private static func problem(of file: String) -> String? {
      guard let library = firstLine(of: file) else { return "cannot be read" }
      guard !library.isEmpty else { return "names no library" }
      _ = dlerror()
      // What loads stays loaded: the OpenCL loader has it open anyway.
      if dlopen(library, RTLD_LAZY | RTLD_LOCAL) != nil { return nil }
      return dlerror().map { String(cString: $0) } ?? "\(library) does not load"
    }

    private static func files(in place: String) -> [String] {
      guard !place.hasSuffix(".icd") else { return [place] }
      guard let folder = opendir(place) else { return [] }
      defer { closedir(folder) }
      var names: [String] = []
      while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name.hasSuffix(".icd") { names.append(name) }
      }
      return names.sorted().map { place.hasSuffix("/") ? place + $0 : "\(place)/\($0)" }
    }
  }
#endif
