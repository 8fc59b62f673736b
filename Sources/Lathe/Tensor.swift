import LatheCPU
import LatheCore

/// An immutable array of numbers with any number of axes, on a device.
///
/// Operations return new tensors. Views (reshape, transpose, slice, expand) share memory. Element-wise operations
/// are deferred and run together when their values are needed. A failure of the device travels inside the
/// tensors that depend on it and is thrown where values are read.
public struct Tensor: Sendable, CustomStringConvertible {
  var storage: Storage
  var layout: Layout
  /// The tape's entry for this tensor; nil where no gradient is wanted.
  var node: GradientNode?

  init(_ storage: Storage, _ layout: Layout, node: GradientNode? = nil) {
    self.storage = storage
    self.layout = layout
    self.node = node
  }

  /// A tensor that carries an error.
  init(failed error: LatheError, shape: Shape, dtype: DType, device: Device) {
    self.init(
      Storage(device: device, dtype: dtype, shape: shape, state: .failed(error)), Layout(shape))
  }

  /// The sizes of the axes.
  public var shape: Shape { layout.shape }
  /// The number of axes.
  public var rank: Int { layout.rank }
  /// The number of elements.
  public var count: Int { layout.elementCount }
  /// The type of the elements.
  public var dtype: DType { storage.dtype }
  /// Where the elements are.
  public var device: Device { storage.device }
  /// Whether operations on the tensor are recorded for gradients.
  public var requiresGradient: Bool { node != nil }

  /// The same values, from here on tracked: gradients with respect to the returned tensor can be asked for.
  public func requiringGradient() -> Tensor {
    require(
      dtype.isFloatingPoint, "requiringGradient: \(dtype) has no gradient, only floating-point types do")
    return Tensor(storage, layout, node: GradientNode(name: "leaf", of: self))
  }

  /// The same values, cut off from the tape.
  public func detached() -> Tensor { Tensor(storage, layout) }

  /// Runs what is deferred and returns the tensor, without waiting for the device.
  ///
  /// - Throws: `LatheError` of whatever failed so far.
  @discardableResult
  public func evaluated() throws -> Tensor {
    _ = try storage.buffer()
    return self
  }

  /// The elements in row-major order without gaps, moved only if they are not so already.
  public func contiguous() -> Tensor {
    if layout.offset == 0 && layout.isContiguous && storage.shape.elementCount == count { return self }
    var result =
      constantValue.map { Tensor.full(shape, $0, dtype: dtype, device: device) }
      ?? Tensor.run(.copy, [self], outputs: [(shape, dtype)])[0]
    result.node = node
    return result
  }

  /// The value of all elements where they are a constant not yet stored.
  private var constantValue: ScalarValue? {
    device.evaluationLock.withLock { storage.expression?.constant }
  }

  /// The tensor on another device; itself where it is there already.
  public func moved(to target: Device) -> Tensor {
    if target == device { return self }
    let source = contiguous()
    let size = count * dtype.byteCount
    let state: Storage.State
    do {
      let buffer = try target.backend.allocate(byteCount: size)
      if size > 0 {
        if device == .cpu {
          let memory = CPUBackend.memory(of: try source.storage.buffer())
          try target.backend.write(UnsafeRawBufferPointer(start: memory, count: size), to: buffer)
        } else {
          try source.bytes().withUnsafeBytes { try target.backend.write($0, to: buffer) }
        }
      }
      state = .ready(buffer)
    } catch {
      state = .failed(Dispatch.typed(error))
    }
    let origin = device
    return Tensor(Storage(device: target, dtype: dtype, shape: shape, state: state), Layout(shape))
      .recorded("moved", [self]) { gradient, _ in [gradient.moved(to: origin)] }
  }
}
