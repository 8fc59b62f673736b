#if OpenCL
  import LatheCore

  /// One device of one OpenCL platform with its queue, programs and memory.
  package final class OpenCLBackend: Backend {
    package let counters = CounterStore()
    package var info: DeviceInfo { DeviceInfo() }
    package func allocate(byteCount: Int) throws -> Buffer { throw LatheError.unsupported("allocate") }
    package func write(_ source: UnsafeRawBufferPointer, to buffer: Buffer) throws {}
    package func read(_ buffer: Buffer, offset: Int, into destination: UnsafeMutableRawBufferPointer) throws {}
    package func synchronize() throws {}
    package func emptyCache() {}
  }
#endif
