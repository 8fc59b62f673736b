import LatheCPU
import LatheCore

/// An immutable array of numbers with any number of axes, on a device.
///
/// Operations return new tensors. Views (reshape, transpose, slice, expand) share memory. Element-wise operations
/// are deferred and run together when their values are needed. A failure of the device travels inside the
/// tensors that depend on it and is thrown where values are read.
public struct Tensor: Sendable, CustomStringConvertible {
  var storage: Storage
  /// Which elements of the memory a view has; nil for all of them in row-major order, as most tensors have them.
  private(set) var view: View?
  /// The tape's entry for this tensor; nil where no gradient is wanted.
  var node: GradientNode?

  /// All elements of some memory.
  init(_ storage: Storage) { self.storage = storage }

  /// Elements of some memory under a layout.
  init(_ storage: Storage, _ layout: Layout) {
    self.storage = storage
    view = View(layout, of: storage)
  }

  /// A tensor that carries an error.
  init(failed error: LatheError, shape: Shape, dtype: DType, device: Device) {
    self.init(Storage(device: device, dtype: dtype, shape: shape, state: .failed(error)))
  }

  /// The same with an error in it, which is thrown where a value that depends on it is read: for what data got wrong in a
  /// computation that cannot throw.
  package func failing(_ error: LatheError) -> Tensor {
    self + Tensor(failed: error, shape: [], dtype: dtype, device: device)
  }

  /// The sizes of the axes.
  public var shape: Shape { view?.layout.shape ?? storage.shape }
  /// The number of axes.
  public var rank: Int { view?.layout.rank ?? storage.shape.rank }
  /// The number of elements.
  public var count: Int { view?.layout.elementCount ?? storage.elementCount }
  /// Where the elements lie in the memory.
  var layout: Layout { view?.layout ?? Layout(storage.shape) }
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
    var result = self
    result.node = GradientNode(name: "leaf", of: self)
    return result
  }

  /// The same values, cut off from the tape.
  public func detached() -> Tensor {
    var result = self
    result.node = nil
    return result
  }

  /// Runs what is deferred and returns the tensor, without waiting for the device.
  ///
  /// - Throws: `LatheError` of whatever failed so far.
  @discardableResult
  public func computed() throws -> Tensor {
    _ = try storage.buffer()
    return self
  }

  /// The elements in row-major order without gaps, moved only if they are not so already.
  public func contiguous() -> Tensor {
    guard let layout = view?.layout else { return self }
    if layout.offset == 0 && layout.isContiguous && storage.elementCount == count { return self }
    var result =
      constantValue.map { Tensor.full(shape, $0, dtype: dtype, device: device) }
      ?? Tensor.run(.copy, [self], output: shape, dtype: dtype)
    result.node = node
    return result
  }

  /// The value of all elements where they are a constant not yet stored.
  private var constantValue: ScalarValue? {
    device.computationLock.withLock { storage.expression?.constant }
  }

  /// The tensor on another device; itself where it is there already.
  public func moved(to target: Device) -> Tensor {
    if target == device { return self }
    let source = contiguous()
    let size = count * dtype.byteCount
    let state: Storage.State
    do {
      if device == .cpu {
        let memory = CPUBackend.memory(of: try source.storage.buffer())
        state = .ready(try target.backend.upload(UnsafeRawBufferPointer(start: memory, count: size)))
      } else {
        state = .ready(try source.bytes().withUnsafeBytes { try target.backend.upload($0) })
      }
    } catch {
      state = .failed(Dispatch.typed(error))
    }
    let origin = device
    let result = Tensor(Storage(device: target, dtype: dtype, shape: shape, state: state))
    GraphRecorder.current?.add(.moved(target), [.tensor(source)], [result])
    return result.recorded("moved", [self]) { gradient, _ in [gradient.moved(to: origin)] }
  }
}
