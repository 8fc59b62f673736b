import LatheCore

/// The CPU path: BLAS for large matrix products, the vectorised loops of kernels/cpu for everything else.
package final class CPUBackend: Backend {
  package static let shared = CPUBackend()
  package let counters = CounterStore()
  package var info: DeviceInfo { DeviceInfo() }

  package func allocate(byteCount: Int) throws -> Buffer { CPUBuffer(byteCount: byteCount) }
  package func write(_ source: UnsafeRawBufferPointer, to buffer: Buffer) throws {
    guard let from = source.baseAddress, source.count > 0 else { return }
    unsafeDowncast(buffer, to: CPUBuffer.self).pointer.copyMemory(from: from, byteCount: source.count)
  }
  package func read(_ buffer: Buffer, offset: Int, into destination: UnsafeMutableRawBufferPointer) throws {
    guard let to = destination.baseAddress, destination.count > 0 else { return }
    to.copyMemory(from: unsafeDowncast(buffer, to: CPUBuffer.self).pointer + offset, byteCount: destination.count)
  }
  package func synchronize() throws {}
  package func emptyCache() {}
}
