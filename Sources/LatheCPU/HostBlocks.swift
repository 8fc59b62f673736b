import LatheCore

/// The host's memory.
struct HostBlocks: MemorySource {
  func make(_ byteCount: Int) -> UInt? { AlignedMemory.allocate(byteCount).map { UInt(bitPattern: $0) } }

  func free(_ block: UInt) { UnsafeMutableRawPointer(bitPattern: block).map(AlignedMemory.free) }
}
