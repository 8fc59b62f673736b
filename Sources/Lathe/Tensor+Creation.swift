import LatheCPU
import LatheCore

extension Tensor {
  /// A tensor of values in row-major order, converted to the element type by the rule of `cast(to:)`.
  ///
  /// - Parameters:
  ///   - values: The elements.
  ///   - shape: Sizes whose product is the number of values; one axis where nil.
  ///   - dtype: The element type; the Swift type's own where nil (Float and Double: float32, Int: int64); a float64
  ///     tensor is asked for by `.float64`.
  ///   - device: Where the tensor lives.
  public init<T: TensorScalar>(
    _ values: [T], shape: Shape? = nil, dtype: DType? = nil, device: Device = .default
  ) {
    let shape = shape ?? [values.count]
    require(
      shape.elementCount == values.count, "Tensor: \(values.count) values do not fill shape \(shape)")
    let dtype = dtype ?? T.dtype
    let bytes = HostElements.encode(values, as: dtype)
    self = bytes.withUnsafeBytes { Tensor(bytes: $0, shape: shape, dtype: dtype, device: device) }
  }

  /// A tensor without axes.
  public init<T: TensorScalar>(_ value: T, dtype: DType? = nil, device: Device = .default) {
    self.init([value], shape: [], dtype: dtype, device: device)
  }

  /// A tensor of raw elements in row-major order and the machine's byte order.
  ///
  /// - Parameters:
  ///   - bytes: Exactly as many bytes as the elements take.
  ///   - shape: Its sizes.
  ///   - dtype: Its element type.
  ///   - device: Where the tensor lives.
  public init(bytes: UnsafeRawBufferPointer, shape: Shape, dtype: DType, device: Device = .default) {
    require(
      bytes.count == shape.elementCount * dtype.byteCount,
      "Tensor: \(bytes.count) bytes for shape \(shape) of \(dtype), which takes \(shape.elementCount * dtype.byteCount)"
    )
    let state: Storage.State
    do {
      state = .ready(try device.backend.upload(bytes))
    } catch {
      state = .failed(Dispatch.typed(error))
    }
    self.init(Storage(device: device, dtype: dtype, shape: shape, state: state))
  }

  /// A tensor whose bytes `fill` writes, all of them, in the device's memory where the host reaches it.
  ///
  /// - Throws: `LatheError.outOfMemory`, and what `fill` throws.
  package init(
    shape: Shape, dtype: DType, device: Device, fill: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    shape.requireSizes()
    let size = shape.elementCount * dtype.byteCount
    let buffer = try device.backend.allocate(byteCount: size)
    try device.backend.fill(buffer, byteCount: size, fill)
    self.init(Storage(device: device, dtype: dtype, shape: shape, state: .ready(buffer)))
  }

  /// A tensor of elements that are in host memory: it is that memory where the device can work on it, and a copy elsewhere.
  ///
  /// - Parameters:
  ///   - memory: The elements in row-major order.
  ///   - owner: Keeps the memory, which changes where the tensor is changed in place.
  /// - Throws: `LatheError.outOfMemory`.
  package init(
    shape: Shape, dtype: DType, device: Device, memory: UnsafeMutableRawBufferPointer, owner: AnyObject
  ) throws {
    shape.requireSizes()
    let bytes = UnsafeRawBufferPointer(memory)
    require(bytes.count == shape.elementCount * dtype.byteCount, "Tensor: \(bytes.count) bytes for \(shape)")
    let isAligned = bytes.baseAddress.map { UInt(bitPattern: $0) % UInt(dtype.byteCount) == 0 } ?? false
    if isAligned, let buffer = try device.backend.adopt(memory, owner: owner) {
      self.init(Storage(device: device, dtype: dtype, shape: shape, state: .ready(buffer)))
    } else {
      try self.init(shape: shape, dtype: dtype, device: device) { $0.copyMemory(from: bytes) }
    }
  }

  /// All elements 0; takes no memory until it is needed.
  public static func zeros(_ shape: Shape, dtype: DType = .float32, device: Device = .default) -> Tensor {
    full(shape, 0, dtype: dtype, device: device)
  }

  /// All elements 1; takes no memory until it is needed.
  public static func ones(_ shape: Shape, dtype: DType = .float32, device: Device = .default) -> Tensor {
    full(shape, 1, dtype: dtype, device: device)
  }

  /// All elements equal; takes no memory until it is needed.
  public static func full(
    _ shape: Shape, _ value: some TensorScalar, dtype: DType = .float32, device: Device = .default
  ) -> Tensor {
    shape.requireSizes()
    let compute = dtype.computeType
    // What is read back from memory must equal what a kernel folds in.
    let scalar: ScalarValue =
      dtype.isHalf
      ? .float(Double(value.scalarValue.floatValue.rounded(to: dtype))) : value.wholeValue(as: dtype)
    let expression = Expression(
      op: nil, dtype: compute, operands: Operands(.scalar(scalar, compute)), size: 0, leaves: 0)
    return Tensor(Storage(device: device, dtype: dtype, shape: shape, state: .pending(expression)))
  }

  /// Numbers from `start` on at distance `step`, as long as they stay before `end`.
  public static func arange(
    _ start: Double, _ end: Double, step: Double = 1, dtype: DType = .float32, device: Device = .default
  ) -> Tensor {
    require(step != 0 && step.isFinite, "arange: step \(step)")
    let length = ((end - start) / step).rounded(.up)
    require(length < 0x1p62, "arange: from \(start) to \(end) by \(step)")
    return Tensor(
      (0..<Swift.max(0, Int(length))).map { start + Double($0) * step }, dtype: dtype, device: device)
  }

  /// Whole numbers from `start` on at distance `step`, as long as they stay before `end`.
  public static func arange(
    _ start: Int, _ end: Int, step: Int = 1, dtype: DType = .float32, device: Device = .default
  ) -> Tensor {
    require(step != 0, "arange: step 0")
    return Tensor(Array(stride(from: start, to: end, by: step)), dtype: dtype, device: device)
  }

  /// The whole numbers from 0 up to but without `count`.
  public static func arange(_ count: Int, dtype: DType = .int32, device: Device = .default) -> Tensor {
    require(count >= 0, "arange: \(count) numbers; give 0 or more")
    return Tensor(Array(0..<count), dtype: dtype, device: device)
  }

  /// `count` numbers from `start` to `end`, both included, at equal distances.
  public static func linspace(
    _ start: Double, _ end: Double, count: Int, dtype: DType = .float32, device: Device = .default
  ) -> Tensor {
    require(count >= 0, "linspace: \(count) numbers; give 0 or more")
    let values = (0..<count).map { i in
      i == count - 1 && count > 1 ? end : start + (end - start) * Double(i) / Double(Swift.max(count - 1, 1))
    }
    return Tensor(values, dtype: dtype, device: device)
  }

  /// A matrix with ones on the main diagonal.
  public static func eye(
    _ rows: Int, _ columns: Int? = nil, dtype: DType = .float32, device: Device = .default
  ) -> Tensor {
    let row = arange(rows, device: device).reshaped(to: [rows, 1])
    return (row .== arange(columns ?? rows, device: device)).cast(to: dtype)
  }
}
