#if OpenCL
  import LatheCore
  import LatheOpenCL
  import Testing

  /// A backend to test, shown by device and kernel profile.
  struct TestDevice: Sendable, CustomTestStringConvertible {
    let backend: OpenCLBackend
    var testDescription: String { "\(backend.info.index) \(backend.profile.rawValue)" }
  }

  /// The first usable OpenCL device under each kernel profile; empty where there is none.
  let devices: [TestDevice] = {
    guard let entry = OpenCLPlatforms.entries.first(where: { $0.info.error == nil }) else { return [] }
    return KernelProfile.allCases.compactMap { profile in
      guard let backend = try? entry.open(profile) as? OpenCLBackend else { return nil }
      return TestDevice(backend: backend)
    }
  }()

  extension OpenCLBackend {
    /// A contiguous operand that holds `values`.
    func operand<T: BitwiseCopyable>(_ values: [T], _ shape: Shape, _ dtype: DType) throws -> Operand {
      precondition(values.count == shape.elementCount)
      let buffer = try allocate(byteCount: max(1, values.count * MemoryLayout<T>.stride))
      try values.withUnsafeBytes { try write($0, to: buffer) }
      return Operand(buffer: buffer, layout: Layout(shape), dtype: dtype)
    }

    /// A contiguous operand to be written.
    func empty(_ shape: Shape, _ dtype: DType) throws -> Operand {
      let buffer = try allocate(byteCount: max(1, shape.elementCount * dtype.byteCount))
      return Operand(buffer: buffer, layout: Layout(shape), dtype: dtype)
    }

    /// The first `count` elements of a buffer.
    func values<T: BitwiseCopyable>(_ buffer: Buffer, count: Int, as type: T.Type = T.self) throws -> [T] {
      try [T](unsafeUninitializedCapacity: count) { storage, initialized in
        let bytes = UnsafeMutableRawBufferPointer(
          start: storage.baseAddress, count: count * MemoryLayout<T>.stride)
        try read(buffer, offset: 0, into: bytes)
        initialized = count
      }
    }

    /// The first `count` floats of a buffer.
    func floats(_ buffer: Buffer, count: Int) throws -> [Float] { try values(buffer, count: count) }
  }
#endif
