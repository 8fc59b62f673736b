import LatheCore

/// The memory behind tensors: computed, still to be computed, or the error that stood in the way.
final class Storage: @unchecked Sendable {
  // Unchecked: `state` and `wasAbsorbed` are only touched under the device's computation lock.

  enum State {
    case ready(Buffer)
    case pending(Expression)
    case failed(LatheError)
    /// Taken by a computation that is under way, perhaps on another thread, which wakes those that wait for it.
    case computing
  }

  let device: Device
  let dtype: DType
  /// The row-major shape in which the elements are (or will be) stored.
  let shape: Shape
  var state: State
  /// Whether a reduction has computed the elements once without storing them.
  var wasAbsorbed = false

  init(device: Device, dtype: DType, shape: Shape, state: State) {
    self.device = device
    self.dtype = dtype
    self.shape = shape
    self.state = state
  }

  /// The memory, computed now if it was still to be.
  func buffer() throws(LatheError) -> Buffer {
    try device.computationLock.withLock { () throws(LatheError) in try lockedBuffer() }
  }

  /// The same where the caller has taken the device's computation lock.
  ///
  /// The lock may be given up meanwhile.
  func lockedBuffer() throws(LatheError) -> Buffer {
    while true {
      switch state {
      case .ready(let buffer): return buffer
      case .failed(let error): throw error
      case .pending: Fusion.run(self)
      case .computing: device.computationLock.wait()
      }
    }
  }

  /// The number of elements.
  var elementCount: Int { shape.elementCount }
  /// Bytes of the elements.
  var byteCount: Int { elementCount * dtype.byteCount }

  /// New memory for the elements, as an operation writes it.
  func newMemory() throws -> Operand {
    Operand(buffer: try device.backend.allocate(byteCount: byteCount), layout: Layout(shape), dtype: dtype)
  }

  /// The pending expression, or nil where there is none.
  var expression: Expression? {
    if case .pending(let expression) = state { return expression }
    return nil
  }
}

/// A layout other than the row-major one of all elements of a storage.
///
/// It has a place of its own in memory, so that tensors, which are copied all the time, stay small.
final class View: Sendable {
  let layout: Layout

  init(_ layout: Layout) { self.layout = layout }

  /// Nil where a layout is the row-major one of all elements.
  convenience init?(_ layout: Layout, of storage: Storage) {
    if layout == Layout(storage.shape) { return nil }
    self.init(layout)
  }
}

/// One deferred element-wise operation.
struct Expression {
  enum Operand {
    /// Elements of a tensor, seen in the expression's shape.
    case storage(Storage, View?)
    /// One number for all elements, of a compute type.
    case scalar(ScalarValue, DType)
  }

  /// Nil for a constant: the operand is then the value.
  var op: ElementwiseOp?
  /// The operands' compute type.
  var dtype: DType
  var operands: Operands<Operand>
  /// Instructions in this expression and the pending ones below it, shared ones counted each time.
  var size: Int
  /// Inputs likewise.
  var leaves: Int

  /// The constant's value where this is one.
  var constant: ScalarValue? {
    if op == nil, case .scalar(let value, _) = operands[0] { return value }
    return nil
  }
}
