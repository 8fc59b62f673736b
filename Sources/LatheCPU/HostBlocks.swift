import Glibc
import LatheCore

/// Host memory aligned to 64 bytes, large blocks to a huge page.
struct HostBlocks: MemorySource {
  func make(_ byteCount: Int) -> UInt? {
    let isLarge = byteCount >= 4 << 20
    guard let pointer = aligned_alloc(isLarge ? 2 << 20 : 64, byteCount) else { return nil }
    if isLarge { madvise(pointer, byteCount, MADV_HUGEPAGE) }
    return UInt(bitPattern: pointer)
  }

  func free(_ block: UInt) { Glibc.free(UnsafeMutableRawPointer(bitPattern: block)) }
}
