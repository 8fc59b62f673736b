/// What a device must do: hold memory, move bytes, run operations.
///
/// A new device is one new target with a type that conforms, and one line in `Lathe/Device+Discovery.swift`. Methods
/// may be called from any thread; work runs in the order of the calls.
public protocol Backend: AnyObject, Sendable {
  /// What is known of the device.
  var info: DeviceInfo { get }
  /// Whether the device computes in float64, as `info` says.
  var hasFloat64: Bool { get }
  /// Operations that the device takes 16-bit operands for; none unless it says so.
  var narrowOperations: NarrowOperations { get }
  /// Launches and memory.
  var counters: CounterStore { get }

  /// A buffer of at least `byteCount` bytes with any content, from the pool where it has one.
  ///
  /// - Throws: `LatheError.outOfMemory`.
  func allocate(byteCount: Int) throws -> Buffer

  /// A buffer that is host memory as it lies, where the device can work on that; nil where it has to be copied.
  ///
  /// - Parameters:
  ///   - memory: What it is, aligned to its elements.
  ///   - owner: Kept as long as the buffer, and the memory with it.
  /// - Throws: `LatheError` where the device refuses to work.
  func adopt(_ memory: UnsafeMutableRawBufferPointer, owner: AnyObject) throws -> Buffer?

  /// Copies host bytes into the start of a buffer; the source may be changed once the call returns.
  func write(_ source: UnsafeRawBufferPointer, to buffer: Buffer) throws

  /// A new buffer with host bytes, which come beside the device's work where it has memory of its own.
  ///
  /// - Throws: `LatheError.outOfMemory`.
  func upload(_ source: UnsafeRawBufferPointer) throws -> Buffer

  /// Has a function write the start of a buffer that nothing reads yet, in place where the host can reach it.
  ///
  /// - Parameters:
  ///   - buffer: What is written.
  ///   - byteCount: How many bytes.
  ///   - body: Is given exactly `byteCount` bytes of any content and fills all of them.
  /// - Throws: what `body` throws, too.
  func fill(
    _ buffer: Buffer, byteCount: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Void) throws

  /// Gives a function a buffer's bytes from `offset` on, after all earlier work on the buffer, in place where the host can
  /// reach them.
  ///
  /// - Throws: what `body` throws, and what earlier work did wrong.
  func withBytes(
    of buffer: Buffer, offset: Int, count: Int, _ body: (UnsafeRawBufferPointer) throws -> Void) throws

  /// Copies a buffer's bytes from `offset` on to the host, after all earlier work on the buffer.
  ///
  /// - Throws: what earlier work did wrong, too: a bad index, a kernel that failed.
  func read(_ buffer: Buffer, offset: Int, into destination: UnsafeMutableRawBufferPointer) throws

  /// Starts an operation.
  ///
  /// - Throws: `LatheError` of kind `unsupported` where there is no kernel for it: the caller then has the CPU do
  ///   it, and counts that.
  func run(_ operation: Operation, inputs: [Operand], outputs: [Operand]) throws

  /// Waits for all work.
  ///
  /// A bad index is no error here: it is one of what was made with it, and thrown where that is read.
  func synchronize() throws

  /// Gives free buffers back to the system.
  func emptyCache()
}

extension Backend {
  /// None.
  public var narrowOperations: NarrowOperations { [] }

  /// Nothing: memory of the host is copied.
  public func adopt(_ memory: UnsafeMutableRawBufferPointer, owner: AnyObject) throws -> Buffer? { nil }

  /// Writes a buffer like any other.
  public func upload(_ source: UnsafeRawBufferPointer) throws -> Buffer {
    let buffer = try allocate(byteCount: source.count)
    if source.count > 0 { try write(source, to: buffer) }
    return buffer
  }
}
