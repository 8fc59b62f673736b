/// The shape and the type of a tensor, without its elements.
public struct TensorSpec: Sendable, Hashable, CustomStringConvertible {
  /// The sizes of the axes.
  public var shape: Shape
  /// The type of the elements.
  public var dtype: DType

  /// A shape with a type.
  ///
  /// - Parameters:
  ///   - shape: The sizes of the axes.
  ///   - dtype: The type of the elements.
  public init(_ shape: Shape, _ dtype: DType = .float32) {
    self.shape = shape
    self.dtype = dtype
  }

  /// The number of elements.
  public var count: Int { shape.elementCount }
  /// Bytes of the elements.
  public var byteCount: Int { count * dtype.byteCount }
  /// As messages write it: `float32 [2, 3]`.
  public var description: String { "\(dtype) \(shape)" }
}

extension Operand {
  /// Shape and type.
  package var spec: TensorSpec { TensorSpec(shape, dtype) }
}
