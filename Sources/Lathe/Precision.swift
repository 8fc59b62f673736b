import LatheCore
import Synchronization

/// The type in which products and convolutions take their operands and give their results.
public enum Precision: String, Sendable, Hashable, Codable, CaseIterable {
  /// Everything in float32.
  case float32
  /// 8 bits of exponent as float32, 8 of precision: no scaling of the loss is needed.
  case bfloat16
  /// 5 bits of exponent, 11 of precision: small gradients vanish unless the loss is scaled.
  case float16

  /// The 16-bit type; nil for float32.
  var storage: DType? {
    switch self {
    case .float32: nil
    case .bfloat16: .bfloat16
    case .float16: .float16
    }
  }
}

/// Runs `body` with mixed precision: each operation decides in which type it works, as with PyTorch's `autocast`.
///
/// - Products, convolutions and attention round float32 operands to the 16-bit type, sum in float32 and
///   give the 16-bit type.
/// - Softmax, norms, losses, sums, means, exponentials, logarithms and powers take 16-bit operands to float32 and give
///   float32; batch normalisation computes in float32 and gives its input's type; the state of a recurrence is
///   float32.
/// - Everything else works in the type of its operands, the wider one where they differ.
///
/// Parameters stay float32 and so do their gradients; what is kept for the backward pass is 16-bit. The scope is
/// for the forward pass and the loss: `gradients(of:)` works in the types that the forward pass used, inside and
/// outside. Scopes nest: `.float32` inside switches mixed precision off, though 16-bit tensors stay what they are.
public func withPrecision<R>(_ precision: Precision, _ body: () throws -> R) rethrows -> R {
  try PrecisionScope.$current.withValue(precision.storage.map(PrecisionScope.init), operation: body)
}

/// The mixed precision that operations see; nil where there is none.
final class PrecisionScope: Sendable {
  @TaskLocal static var current: PrecisionScope?

  let storage: DType
  /// The last float32 memory that was rounded, with the result: layers that share an input share one copy.
  private let recent = Mutex<[(source: WeakStorage, result: WeakStorage)]>([])

  init(_ storage: DType) { self.storage = storage }

  private struct WeakStorage: Sendable { weak var storage: Storage? }

  /// The tensor's memory in the 16-bit type, untracked and computed, with the tensor's layout.
  func rounded(_ tensor: Tensor) -> Tensor {
    let source = tensor.storage
    let known = recent.withLock { list -> Storage? in
      list.removeAll { $0.source.storage == nil || $0.result.storage == nil }
      return list.first { $0.source.storage === source }?.result.storage
    }
    // A copy made before a recording began is made anew, so that the graph has it.
    if let known, GraphRecorder.current == nil { return Tensor(known, tensor.layout) }
    guard source.shape.elementCount == tensor.count else {
      return tensor.detached().stored(as: storage)
    }
    let result = tensor.wholeStorage.stored(as: storage).storage
    recent.withLock { list in
      if list.count == 8 { list.removeFirst() }
      list.append((WeakStorage(storage: source), WeakStorage(storage: result)))
    }
    return Tensor(result, tensor.layout)
  }
}

extension Tensor {
  /// In the type in which functions of floating-point numbers compute: float64 as it is, every other type in float32.
  package var inFloatType: Tensor { cast(to: dtype.floatType) }

  /// Whether one of some tensors is of float64.
  static func hasFloat64(_ tensors: Tensor?...) -> Bool { tensors.contains { $0?.dtype == .float64 } }
}

extension DType {
  /// The type of this one's numbers for kernels that know float32, int32 and int64 alone.
  var kernelType: DType { self == .uint8 || self == .bool ? .int32 : computeType }
}

extension Tensor {
  /// An untracked tensor of all the memory in the order in which it lies.
  var wholeStorage: Tensor { Tensor(storage, Layout(storage.shape)) }

  /// The tensor in a floating-point type, computed at once, so that wider memory behind it can go.
  func stored(as target: DType) -> Tensor {
    if dtype == target { return self }
    let result = cast(to: target)
    // A failure stays in the tensor and is thrown where it is read.
    _ = try? result.computed()
    return result
  }

  /// Whether the tensor is 16-bit inside `withPrecision`.
  var isWidened: Bool { dtype.isHalf && PrecisionScope.current != nil }

  /// The tensor in float32 where it is 16-bit inside `withPrecision`, as losses and other sums take their operands.
  package var inFullPrecision: Tensor { isWidened ? cast(to: .float32) : self }

  /// The type of what is computed in float32 from this tensor: its own floating-point type, float32 inside
  /// `withPrecision`.
  var fullPrecisionResult: DType {
    dtype.isFloatingPoint && PrecisionScope.current == nil ? dtype : dtype.floatType
  }
}

/// An operand of a kernel that reads float32, as the tape keeps it: in 16 bits where it was given or rounded so.
struct KernelOperand: Sendable {
  /// What gradients flow to.
  let tensor: Tensor
  /// The type that a float32 tensor's values are rounded to on the way into the kernel.
  private let rounding: DType?

  private init(_ tensor: Tensor, rounding: DType?) {
    self.tensor = tensor
    self.rounding = rounding
  }

  /// An operand taken as it is.
  init(_ tensor: Tensor) { self.init(tensor, rounding: nil) }

  /// An activation, of which the tape is to keep 16 bits inside `withPrecision`.
  init(activation tensor: Tensor) {
    guard let scope = PrecisionScope.current, tensor.dtype.isFloatingPoint, tensor.dtype != .float64,
      tensor.dtype != scope.storage
    else {
      self.init(tensor)
      return
    }
    let original = tensor.dtype
    self.init(
      scope.rounded(tensor).recorded("precision", [tensor]) { gradient, _ in [gradient.cast(to: original)] })
  }

  /// A parameter, which stays in memory as float32 anyway: it is rounded anew whenever it is read, and its gradient
  /// is never rounded.
  init(parameter tensor: Tensor) {
    guard let scope = PrecisionScope.current, tensor.dtype == .float32 else {
      self.init(activation: tensor)
      return
    }
    self.init(tensor, rounding: scope.storage)
  }

  /// A copy for the backward pass alone of an activation that the operation itself reads as it is.
  init(kept tensor: Tensor) {
    guard let scope = PrecisionScope.current, tensor.dtype == .float32 else {
      self.init(tensor)
      return
    }
    self.init(scope.rounded(tensor))
  }

  /// A parameter where the tensor is a tracked leaf, else an activation.
  init(_ tensor: Tensor, ofProduct: Void) {
    if let node = tensor.node, node.inputs.isEmpty {
      self.init(parameter: tensor)
    } else {
      self.init(activation: tensor)
    }
  }

  /// The type of the values.
  var dtype: DType { rounding ?? tensor.dtype }

  /// The values in float32; recorded where gradients are differentiated again.
  var wide: Tensor { GradientMode.isRecording ? converted : kernelInput }

  private var converted: Tensor { (rounding.map { tensor.cast(to: $0) } ?? tensor).inFloatType }

  /// The values in float32 in the layout of the tensor, untracked, for a kernel.
  var kernelInput: Tensor {
    if dtype == .float32 || dtype == .float64 { return tensor.detached() }
    if tensor.storage.shape.elementCount != tensor.count {
      return KernelOperand(tensor.detached(), rounding: rounding).converted
    }
    if tensor.dtype.isHalf, let again = Fusion.recomputed(tensor.storage) {
      GraphRecorder.current?.add(
        .elementwise(.toFloat32, .float32), [.tensor(tensor.wholeStorage)], [Tensor(again)])
      return Tensor(again, tensor.layout)
    }
    // In the memory's own order: what is pending there joins the conversion's kernel.
    return Tensor(KernelOperand(tensor.wholeStorage, rounding: rounding).converted.storage, tensor.layout)
  }

  /// The values in their 16 bits in the layout of the tensor, untracked, for a kernel of `NarrowOperations`.
  var narrowInput: Tensor {
    if rounding == nil {
      if GraphRecorder.current == nil, let again = Fusion.recomputed(tensor.storage, as: dtype) {
        return Tensor(again, tensor.layout)
      }
      return tensor.detached()
    }
    guard tensor.storage.shape.elementCount == tensor.count else {
      return tensor.detached().stored(as: dtype)
    }
    return Tensor(tensor.wholeStorage.stored(as: dtype).storage, tensor.layout)
  }

  /// The operands of an operation as its kernel takes them: in 16 bits where all have one such type and the device's kernels
  /// read it, else in float32.
  static func inputs(_ operands: KernelOperand..., of kind: NarrowOperations) -> [Tensor] {
    areNarrow(operands, for: kind) ? operands.map(\.narrowInput) : operands.map(\.kernelInput)
  }

  /// Whether operands are read in 16 bits.
  static func areNarrow(_ operands: [KernelOperand], for kind: NarrowOperations) -> Bool {
    let type = operands[0].dtype
    return type.isHalf && operands.allSatisfy { $0.dtype == type }
      && operands[0].tensor.device.backend.narrowOperations.contains(kind)
  }

  /// A gradient for several operations of a kind: where their kernels read no 16 bits it is converted here, once.
  init(gradient: Tensor, of kind: NarrowOperations) {
    self.init(
      gradient.device.backend.narrowOperations.contains(kind) ? gradient : gradient.inFloatType)
  }

  /// The operand with its last two axes exchanged.
  var transposed: KernelOperand { viewed { $0.transposed() } }

  /// The same operand behind a view of its tensor.
  func viewed(_ view: (Tensor) -> Tensor) -> KernelOperand {
    KernelOperand(view(tensor), rounding: rounding)
  }
}
