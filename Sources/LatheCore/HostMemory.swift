/// An input of an operation in host memory: its elements in row-major order without gaps.
///
/// It is valid while the loop that it was given to runs.
public struct HostInput {
  /// Shape and type.
  public let spec: TensorSpec
  /// The elements' bytes.
  public let bytes: UnsafeRawBufferPointer

  /// Elements at an address.
  package init(_ spec: TensorSpec, _ bytes: UnsafeRawBufferPointer) {
    self.spec = spec
    self.bytes = bytes
  }

  /// The elements as a Swift type, which must be that of the tensor: Float for float32, Float16 for float16, UInt16 with
  /// the bits of bfloat16, Int32, Int64, UInt8, and UInt8 or Bool for bool.
  ///
  /// - Parameter type: The type.
  public func elements<Element: BitwiseCopyable>(
    as type: Element.Type = Element.self
  ) -> UnsafeBufferPointer<Element> {
    spec.require(type)
    return bytes.bindMemory(to: type)
  }
}

/// An output of an operation in host memory, which a loop fills completely: elements in row-major order.
///
/// It is valid while the loop that it was given to runs, and holds anything before.
public struct HostOutput {
  /// Shape and type.
  public let spec: TensorSpec
  /// The elements' bytes.
  public let bytes: UnsafeMutableRawBufferPointer

  /// Elements at an address.
  package init(_ spec: TensorSpec, _ bytes: UnsafeMutableRawBufferPointer) {
    self.spec = spec
    self.bytes = bytes
  }

  /// The elements as a Swift type, which must be that of the tensor; see `HostInput.elements(as:)`.
  ///
  /// - Parameter type: The type.
  public func elements<Element: BitwiseCopyable>(
    as type: Element.Type = Element.self
  ) -> UnsafeMutableBufferPointer<Element> {
    spec.require(type)
    return bytes.bindMemory(to: type)
  }
}

extension TensorSpec {
  /// Stops the program unless a Swift type holds elements of this one's type.
  fileprivate func require<Element>(_ type: Element.Type) {
    let isFloat = type is any BinaryFloatingPoint.Type
    LatheCore.require(
      MemoryLayout<Element>.stride == dtype.byteCount
        && (isFloat == dtype.isFloatingPoint || (dtype == .bfloat16 && type == UInt16.self)),
      "elements: \(type) does not hold the elements of a tensor of type \(dtype)")
  }
}
