import LatheCore

/// Host memory aligned to 64 bytes.
package final class CPUBuffer: Buffer, @unchecked Sendable {
  package let pointer: UnsafeMutableRawPointer

  package override init(byteCount: Int) {
    pointer = .allocate(byteCount: max(byteCount, 1), alignment: 64)
    super.init(byteCount: byteCount)
  }

  deinit { pointer.deallocate() }
}
