import LatheCore

infix operator .== : ComparisonPrecedence
infix operator .!= : ComparisonPrecedence
infix operator .< : ComparisonPrecedence
infix operator .<= : ComparisonPrecedence
infix operator .> : ComparisonPrecedence
infix operator .>= : ComparisonPrecedence
infix operator .&& : LogicalConjunctionPrecedence
infix operator .|| : LogicalDisjunctionPrecedence
prefix operator .!

extension Tensor {
  /// The sum, element by element.
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    binary(.add, .tensor(a), .tensor(b), name: "add")
  }
  /// The sum, with one number for all elements on the right.
  public static func + (a: Tensor, b: some TensorScalar) -> Tensor {
    binary(.add, .tensor(a), .scalar(b.scalarValue), name: "add")
  }
  /// The sum, with one number for all elements on the left.
  public static func + (a: some TensorScalar, b: Tensor) -> Tensor {
    binary(.add, .scalar(a.scalarValue), .tensor(b), name: "add")
  }

  /// The difference, element by element.
  public static func - (a: Tensor, b: Tensor) -> Tensor {
    binary(.subtract, .tensor(a), .tensor(b), name: "subtract")
  }
  /// The difference, with one number for all elements on the right.
  public static func - (a: Tensor, b: some TensorScalar) -> Tensor {
    binary(.subtract, .tensor(a), .scalar(b.scalarValue), name: "subtract")
  }
  /// The difference, with one number for all elements on the left.
  public static func - (a: some TensorScalar, b: Tensor) -> Tensor {
    binary(.subtract, .scalar(a.scalarValue), .tensor(b), name: "subtract")
  }

  /// The product, element by element.
  public static func * (a: Tensor, b: Tensor) -> Tensor {
    binary(.multiply, .tensor(a), .tensor(b), name: "multiply")
  }
  /// The product, with one number for all elements on the right.
  public static func * (a: Tensor, b: some TensorScalar) -> Tensor {
    binary(.multiply, .tensor(a), .scalar(b.scalarValue), name: "multiply")
  }
  /// The product, with one number for all elements on the left.
  public static func * (a: some TensorScalar, b: Tensor) -> Tensor {
    binary(.multiply, .scalar(a.scalarValue), .tensor(b), name: "multiply")
  }

  /// The quotient; whole numbers give float32, element by element.
  public static func / (a: Tensor, b: Tensor) -> Tensor {
    binary(.divide, .tensor(a), .tensor(b), name: "divide", floatOnly: true)
  }
  /// The quotient; whole numbers give float32, with one number for all elements on the right.
  public static func / (a: Tensor, b: some TensorScalar) -> Tensor {
    binary(.divide, .tensor(a), .scalar(b.scalarValue), name: "divide", floatOnly: true)
  }
  /// The quotient; whole numbers give float32, with one number for all elements on the left.
  public static func / (a: some TensorScalar, b: Tensor) -> Tensor {
    binary(.divide, .scalar(a.scalarValue), .tensor(b), name: "divide", floatOnly: true)
  }

  /// The remainder with the divisor's sign, as NumPy's, element by element.
  public static func % (a: Tensor, b: Tensor) -> Tensor {
    binary(.remainder, .tensor(a), .tensor(b), name: "remainder")
  }
  /// The remainder with the divisor's sign, as NumPy's, with one number for all elements on the right.
  public static func % (a: Tensor, b: some TensorScalar) -> Tensor {
    binary(.remainder, .tensor(a), .scalar(b.scalarValue), name: "remainder")
  }
  /// The remainder with the divisor's sign, as NumPy's, with one number for all elements on the left.
  public static func % (a: some TensorScalar, b: Tensor) -> Tensor {
    binary(.remainder, .scalar(a.scalarValue), .tensor(b), name: "remainder")
  }

  /// Where the elements are equal, element by element.
  public static func .== (a: Tensor, b: Tensor) -> Tensor {
    binary(.equal, .tensor(a), .tensor(b), name: "equal")
  }
  /// Where the elements are equal, with one number for all elements on the right.
  public static func .== (a: Tensor, b: some TensorScalar) -> Tensor {
    binary(.equal, .tensor(a), .scalar(b.scalarValue), name: "equal")
  }

  /// Where the elements differ, element by element.
  public static func .!= (a: Tensor, b: Tensor) -> Tensor {
    binary(.notEqual, .tensor(a), .tensor(b), name: "notEqual")
  }
  /// Where the elements differ, with one number for all elements on the right.
  public static func .!= (a: Tensor, b: some TensorScalar) -> Tensor {
    binary(.notEqual, .tensor(a), .scalar(b.scalarValue), name: "notEqual")
  }

  /// Where the left element is smaller, element by element.
  public static func .< (a: Tensor, b: Tensor) -> Tensor {
    binary(.less, .tensor(a), .tensor(b), name: "less")
  }
  /// Where the left element is smaller, with one number for all elements on the right.
  public static func .< (a: Tensor, b: some TensorScalar) -> Tensor {
    binary(.less, .tensor(a), .scalar(b.scalarValue), name: "less")
  }

  /// Where the left element is smaller or equal, element by element.
  public static func .<= (a: Tensor, b: Tensor) -> Tensor {
    binary(.lessEqual, .tensor(a), .tensor(b), name: "lessEqual")
  }
  /// Where the left element is smaller or equal, with one number for all elements on the right.
  public static func .<= (a: Tensor, b: some TensorScalar) -> Tensor {
    binary(.lessEqual, .tensor(a), .scalar(b.scalarValue), name: "lessEqual")
  }

  /// Where the left element is larger, element by element.
  public static func .> (a: Tensor, b: Tensor) -> Tensor {
    binary(.greater, .tensor(a), .tensor(b), name: "greater")
  }
  /// Where the left element is larger, with one number for all elements on the right.
  public static func .> (a: Tensor, b: some TensorScalar) -> Tensor {
    binary(.greater, .tensor(a), .scalar(b.scalarValue), name: "greater")
  }

  /// Where the left element is larger or equal, element by element.
  public static func .>= (a: Tensor, b: Tensor) -> Tensor {
    binary(.greaterEqual, .tensor(a), .tensor(b), name: "greaterEqual")
  }
  /// Where the left element is larger or equal, with one number for all elements on the right.
  public static func .>= (a: Tensor, b: some TensorScalar) -> Tensor {
    binary(.greaterEqual, .tensor(a), .scalar(b.scalarValue), name: "greaterEqual")
  }

  /// Where both hold; numbers count as true unless 0.
  public static func .&& (a: Tensor, b: Tensor) -> Tensor { a.logicalAnd(b) }

  /// Where at least one holds; numbers count as true unless 0.
  public static func .|| (a: Tensor, b: Tensor) -> Tensor { a.logicalOr(b) }

  /// Where the element does not hold; numbers count as true unless 0.
  public static prefix func .! (a: Tensor) -> Tensor { a.logicalNot() }

  /// The elements with their sign changed.
  public static prefix func - (a: Tensor) -> Tensor {
    a.unary(.negate, name: "negate", type: a.dtype == .bool ? .int64 : nil)
  }

  /// `a = a + b`.
  public static func += (a: inout Tensor, b: Tensor) { a = a + b }
  /// `a = a + b` with one number for all elements.
  public static func += (a: inout Tensor, b: some TensorScalar) { a = a + b }
  /// `a = a - b`.
  public static func -= (a: inout Tensor, b: Tensor) { a = a - b }
  /// `a = a - b` with one number for all elements.
  public static func -= (a: inout Tensor, b: some TensorScalar) { a = a - b }
  /// `a = a * b`.
  public static func *= (a: inout Tensor, b: Tensor) { a = a * b }
  /// `a = a * b` with one number for all elements.
  public static func *= (a: inout Tensor, b: some TensorScalar) { a = a * b }
  /// `a = a / b`.
  public static func /= (a: inout Tensor, b: Tensor) { a = a / b }
  /// `a = a / b` with one number for all elements.
  public static func /= (a: inout Tensor, b: some TensorScalar) { a = a / b }
}
