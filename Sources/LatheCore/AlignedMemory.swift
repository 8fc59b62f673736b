import Glibc

/// Host memory for tensors: aligned to 64 bytes, large blocks on huge pages, whose addresses take fewer look-ups.
package enum AlignedMemory {
  private static let hugePage = 2 << 20

  /// Whether a block lies on huge pages.
  package static func isLarge(_ byteCount: Int) -> Bool { byteCount >= 2 * hugePage }

  /// A new block, for `free`; nil where there is no memory for it.
  package static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    guard let pointer = aligned_alloc(isLarge(byteCount) ? hugePage : 64, byteCount) else { return nil }
    if isLarge(byteCount) { madvise(pointer, byteCount, MADV_HUGEPAGE) }
    return pointer
  }

  /// Gives a block back to the system.
  package static func free(_ block: UnsafeMutableRawPointer) { Glibc.free(block) }
}
