import LatheCore

extension Tensor {
  /// The tangent of radians.
  public func tan() -> Tensor { floatUnary(.tan, name: "tan") }

  /// The angle from -pi / 2 to pi / 2 that has this sine; NaN beyond -1...1.
  public func asin() -> Tensor { floatUnary(.asin, name: "asin") }

  /// The angle from 0 to pi that has this cosine; NaN beyond -1...1.
  public func acos() -> Tensor { floatUnary(.acos, name: "acos") }

  /// The angle from -pi / 2 to pi / 2 that has this tangent.
  public func atan() -> Tensor { floatUnary(.atan, name: "atan") }

  /// The hyperbolic sine.
  public func sinh() -> Tensor { floatUnary(.sinh, name: "sinh") }

  /// The hyperbolic cosine.
  public func cosh() -> Tensor { floatUnary(.cosh, name: "cosh") }

  /// The number that has this hyperbolic sine.
  public func asinh() -> Tensor { floatUnary(.asinh, name: "asinh") }

  /// The number from 0 on that has this hyperbolic cosine; NaN below 1.
  public func acosh() -> Tensor { floatUnary(.acosh, name: "acosh") }

  /// The number that has this hyperbolic tangent; NaN beyond -1...1.
  public func atanh() -> Tensor { floatUnary(.atanh, name: "atanh") }

  /// The angle from -pi to pi of the points whose second coordinate is this tensor, as C's atan2; its gradient at the
  /// origin is 0.
  ///
  /// - Parameter x: The first coordinate.
  public func atan2(_ x: Tensor) -> Tensor {
    Tensor.binary(.atan2, .tensor(self), .tensor(x), name: "atan2", floatOnly: true)
  }
}
