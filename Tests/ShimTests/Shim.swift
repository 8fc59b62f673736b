#if OpenCL
  import Glibc
  import LatheCore
  import LatheOpenCL

  /// The library of Tests/ShimDriver, which swift build puts beside the tests.
  enum Shim {
    static let path: String = {
      let own = ChildProcess.ownPath ?? ""
      return own[...(own.lastIndex(of: "/") ?? own.startIndex)] + "libShimDriver.so"
    }()

    /// Puts the library in front of OpenCL in this process, which has asked nothing of OpenCL yet.
    static func use(_ settings: String = "", profile: KernelProfile? = nil) {
      setenv("LATHE_OPENCL_LIBRARY", path, 1)
      setenv("SHIM_DRIVER", settings, 1)
      if let profile { setenv("LATHE_KERNEL_PROFILE", profile.rawValue, 1) }
    }

    /// Makes settings from now on.
    static func set(_ settings: String) {
      typealias Function = @convention(c) (UnsafePointer<CChar>) -> Int32
      precondition(unsafeBitCast(symbol("shim_driver_set"), to: Function.self)(settings) != 0, settings)
    }

    /// What was counted so far, by a name of ShimDriver.h.
    static func count(_ name: String) -> Int {
      typealias Function = @convention(c) (UnsafePointer<CChar>) -> Int
      let value = unsafeBitCast(symbol("shim_driver_count"), to: Function.self)(name)
      precondition(value >= 0, name)
      return value
    }

    private static func symbol(_ name: String) -> UnsafeMutableRawPointer {
      let library = dlopen(path, RTLD_NOW)
      guard let symbol = dlsym(library, name) else { preconditionFailure("\(path) has no \(name)") }
      return symbol
    }

    /// Opens a device that the library shows.
    static func open(_ index: Int = 0) throws -> OpenCLBackend {
      guard OpenCLPlatforms.entries.indices.contains(index),
        let backend = try OpenCLPlatforms.entries[index].open(nil) as? OpenCLBackend
      else { throw LatheError(.device, "the library shows no device \(index)") }
      return backend
    }
  }

  extension OpenCLBackend {
    /// A kernel of a text of its own.
    func kernel(_ name: String, _ text: String) throws -> OpenCLKernel {
      try kernel(.generated(name: "\(name).cl", text: text), name)
    }

    /// The first `count` floats of a buffer.
    func floats(_ buffer: Buffer, count: Int) throws -> [Float] {
      var values = [Float](repeating: 0, count: count)
      try values.withUnsafeMutableBytes { try read(buffer, offset: 0, into: $0) }
      return values
    }

    /// A buffer that holds floats.
    func buffer(_ values: [Float]) throws -> OpenCLBuffer {
      let buffer = try pool.allocate(4 * values.count)
      try values.withUnsafeBytes { try write($0, to: buffer) }
      return buffer
    }
  }
#endif
