import LatheCore

extension Operand {
  /// The first element's address; the buffer is the CPU's.
  var pointer: UnsafeMutableRawPointer {
    unsafeDowncast(buffer, to: CPUBuffer.self).pointer + layout.offset * dtype.byteCount
  }

  /// The first element's address as a type's.
  func pointer<T>(as type: T.Type) -> UnsafeMutablePointer<T> { pointer.assumingMemoryBound(to: T.self) }
}
