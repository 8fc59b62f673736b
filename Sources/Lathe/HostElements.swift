import LatheCore

/// Conversion between Swift values and the bytes of elements.
enum HostElements {
  static func encode<T: TensorScalar>(_ values: [T], as dtype: DType) -> [UInt8] {
    if isStored(T.self, as: dtype) { return values.withUnsafeBytes { [UInt8]($0) } }
    return switch dtype {
    case .float32: bytes(values) { $0.scalarValue.floatValue }
    case .float64: bytes(values) { $0.scalarValue.doubleValue }
    case .float16: bytes(values) { Float16($0.scalarValue.floatValue) }
    case .bfloat16: bytes(values) { BFloat16Bits.bits($0.scalarValue.floatValue) }
    case .int32: bytes(values) { Int32(truncatingIfNeeded: $0.wholeValue(as: .int32).intValue) }
    case .int64: bytes(values) { $0.wholeValue(as: .int64).intValue }
    case .int8: bytes(values) { Int8(truncatingIfNeeded: $0.wholeValue(as: .int8).intValue) }
    case .int16: bytes(values) { Int16(truncatingIfNeeded: $0.wholeValue(as: .int16).intValue) }
    case .uint16: bytes(values) { UInt16(truncatingIfNeeded: $0.wholeValue(as: .uint16).intValue) }
    case .uint32: bytes(values) { UInt32(truncatingIfNeeded: $0.wholeValue(as: .uint32).intValue) }
    case .uint8, .bool: bytes(values) { UInt8(truncatingIfNeeded: $0.wholeValue(as: dtype).intValue) }
    }
  }

  static func decode<T: TensorScalar>(_ bytes: [UInt8], dtype: DType, as type: T.Type) -> [T] {
    if isStored(type, as: dtype) {
      let count = bytes.count / MemoryLayout<T>.stride
      return [T](unsafeUninitializedCapacity: count) { buffer, initialized in
        UnsafeMutableRawBufferPointer(buffer).copyBytes(from: bytes)
        initialized = count
      }
    }
    return switch dtype {
    case .float32: elements(bytes) { (x: Float) in T(element: Double(x)) }
    case .float64: elements(bytes) { (x: Double) in T(element: x) }
    case .float16: elements(bytes) { (x: Float16) in T(element: Double(x)) }
    case .bfloat16: elements(bytes) { (x: UInt16) in T(element: Double(BFloat16Bits.float(x))) }
    case .int32: elements(bytes) { (x: Int32) in T(element: Int64(x)) }
    case .int64: elements(bytes) { (x: Int64) in T(element: x) }
    case .int8: elements(bytes) { (x: Int8) in T(element: Int64(x)) }
    case .int16: elements(bytes) { (x: Int16) in T(element: Int64(x)) }
    case .uint16: elements(bytes) { (x: UInt16) in T(element: Int64(x)) }
    case .uint32: elements(bytes) { (x: UInt32) in T(element: Int64(x)) }
    case .uint8, .bool: elements(bytes) { (x: UInt8) in T(element: Int64(x)) }
    }
  }

  /// Whether the elements of a type are the Swift values' own bytes, so that nothing is converted one by one.
  private static func isStored(_ type: Any.Type, as dtype: DType) -> Bool {
    switch dtype {
    case .float32: type == Float.self
    case .float64: type == Double.self
    case .float16: type == Float16.self
    case .int32: type == Int32.self
    case .int64: type == Int64.self || type == Int.self
    case .uint8: type == UInt8.self
    case .int8: type == Int8.self
    case .int16: type == Int16.self
    case .uint16: type == UInt16.self
    case .uint32: type == UInt32.self
    case .bfloat16, .bool: false
    }
  }

  private static func bytes<T, U: BitwiseCopyable>(_ values: [T], _ convert: (T) -> U) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: values.count * MemoryLayout<U>.stride) { buffer, count in
      for (i, value) in values.enumerated() {
        UnsafeMutableRawBufferPointer(buffer).storeBytes(
          of: convert(value), toByteOffset: i * MemoryLayout<U>.stride, as: U.self)
      }
      count = values.count * MemoryLayout<U>.stride
    }
  }

  private static func elements<T, U: BitwiseCopyable>(_ bytes: [UInt8], _ convert: (U) -> T) -> [T] {
    bytes.withUnsafeBytes { raw in
      (0..<(raw.count / MemoryLayout<U>.stride)).map {
        convert(raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<U>.stride, as: U.self))
      }
    }
  }
}

extension Tensor {
  /// The elements' bytes in row-major order.
  ///
  /// - Throws: `LatheError` of whatever failed on the way to these values.
  public func bytes() throws -> [UInt8] {
    let source = contiguous()
    let buffer = try source.storage.buffer()
    let size = count * dtype.byteCount
    if size == 0 { return [] }
    return try [UInt8](unsafeUninitializedCapacity: size) { bytes, initialized in
      try device.backend.read(buffer, offset: 0, into: UnsafeMutableRawBufferPointer(bytes))
      initialized = size
    }
  }

  /// The elements' bytes in row-major order, at most `size` at a time, where they lie if the host reaches them there.
  ///
  /// - Throws: `LatheError` of whatever failed on the way to these values, and what `body` throws.
  package func forEachChunk(of size: Int, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let source = contiguous()
    let buffer = try source.storage.buffer()
    let total = count * dtype.byteCount
    // More is not copied at once from a device with memory of its own.
    let piece = 64 << 20
    for offset in stride(from: 0, to: total, by: piece) {
      let count = Swift.min(piece, total - offset)
      try device.backend.withBytes(of: buffer, offset: offset, count: count) { bytes in
        for start in stride(from: 0, to: count, by: size) {
          try body(UnsafeRawBufferPointer(rebasing: bytes[start..<Swift.min(start + size, count)]))
        }
      }
    }
  }

  /// The elements in row-major order, converted to a Swift type by the rule of `cast(to:)`.
  ///
  /// - Throws: `LatheError` of whatever failed on the way to these values.
  public func scalars<T: TensorScalar>(as type: T.Type = T.self) throws -> [T] {
    HostElements.decode(try bytes(), dtype: dtype, as: type)
  }

  /// The value of a tensor with one element.
  ///
  /// - Throws: `LatheError` of whatever failed on the way to it.
  public func item() throws -> Float { try item(as: Float.self) }

  /// The value of a tensor with one element, as a Swift type.
  ///
  /// - Throws: `LatheError` of whatever failed on the way to it.
  public func item<T: TensorScalar>(as type: T.Type) throws -> T {
    require(count == 1, "item: a tensor of shape \(shape) has \(count) elements, not 1")
    return try scalars(as: type)[0]
  }
}
