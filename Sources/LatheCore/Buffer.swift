/// A piece of device memory; its backend takes it back into a pool when the last reference goes.
///
/// Backends subclass it. The content is written once, by the operation that the buffer was made for, and
/// only read afterwards (an optimizer's in-place update first makes sure that it holds the only reference).
open class Buffer: @unchecked Sendable {
  // Unchecked: immutable here; a subclass's handle is immutable too, and the content is ordered by the
  // device's queue.

  /// The number of bytes asked for.
  public let byteCount: Int

  /// For subclasses.
  public init(byteCount: Int) { self.byteCount = byteCount }
}

/// A buffer with the layout and type in which an operation reads or writes it.
public struct Operand: Sendable {
  /// The memory.
  public var buffer: Buffer
  /// Where the elements are.
  public var layout: Layout
  /// The type of the elements.
  public var dtype: DType

  /// Names the elements of a buffer.
  public init(buffer: Buffer, layout: Layout, dtype: DType) {
    self.buffer = buffer
    self.layout = layout
    self.dtype = dtype
  }

  /// The sizes of the axes.
  @inlinable public var shape: Shape { layout.shape }
  /// The number of elements.
  @inlinable public var elementCount: Int { layout.elementCount }
}
