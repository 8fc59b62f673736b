import LatheCore

extension Operand {
  /// The first element's address.
  func pointer<T>(as type: T.Type) -> UnsafeMutablePointer<T> {
    (unsafeDowncast(buffer, to: CPUBuffer.self).pointer + layout.offset * dtype.byteCount)
      .assumingMemoryBound(to: T.self)
  }
}
