import LatheCore

// Swift's own comparisons give one truth value. Without these the compiler's answer to `a > b` is a list of
// overloads that do not fit; with them it names the operator to write. Those that give `Bool` are for conditions.

extension Tensor {
  /// Not there: `.==` compares each element.
  @available(*, unavailable, message: "compare element by element with .==, which gives a tensor of bools")
  public static func == (a: Tensor, b: Tensor) -> Tensor { a .== b }
  /// Not there: `.==` compares each element.
  @available(*, unavailable, message: "compare element by element with .==, which gives a tensor of bools")
  @_disfavoredOverload
  public static func == (a: Tensor, b: Tensor) -> Bool { notThere() }
  /// Not there: `.==` compares each element with a number.
  @available(*, unavailable, message: "compare element by element with .==, which gives a tensor of bools")
  public static func == (a: Tensor, b: some TensorScalar) -> Tensor { a .== b }
  /// Not there: `.==` compares each element with a number.
  @available(*, unavailable, message: "compare element by element with .==, which gives a tensor of bools")
  @_disfavoredOverload
  public static func == (a: Tensor, b: some TensorScalar) -> Bool { notThere() }
  /// Not there: `.!=` compares each element.
  @available(*, unavailable, message: "compare element by element with .!=, which gives a tensor of bools")
  public static func != (a: Tensor, b: Tensor) -> Tensor { a .!= b }
  /// Not there: `.!=` compares each element.
  @available(*, unavailable, message: "compare element by element with .!=, which gives a tensor of bools")
  @_disfavoredOverload
  public static func != (a: Tensor, b: Tensor) -> Bool { notThere() }
  /// Not there: `.!=` compares each element with a number.
  @available(*, unavailable, message: "compare element by element with .!=, which gives a tensor of bools")
  public static func != (a: Tensor, b: some TensorScalar) -> Tensor { a .!= b }
  /// Not there: `.!=` compares each element with a number.
  @available(*, unavailable, message: "compare element by element with .!=, which gives a tensor of bools")
  @_disfavoredOverload
  public static func != (a: Tensor, b: some TensorScalar) -> Bool { notThere() }
  /// Not there: `.<` compares each element.
  @available(*, unavailable, message: "compare element by element with .<, which gives a tensor of bools")
  public static func < (a: Tensor, b: Tensor) -> Tensor { a .< b }
  /// Not there: `.<` compares each element.
  @available(*, unavailable, message: "compare element by element with .<, which gives a tensor of bools")
  @_disfavoredOverload
  public static func < (a: Tensor, b: Tensor) -> Bool { notThere() }
  /// Not there: `.<` compares each element with a number.
  @available(*, unavailable, message: "compare element by element with .<, which gives a tensor of bools")
  public static func < (a: Tensor, b: some TensorScalar) -> Tensor { a .< b }
  /// Not there: `.<` compares each element with a number.
  @available(*, unavailable, message: "compare element by element with .<, which gives a tensor of bools")
  @_disfavoredOverload
  public static func < (a: Tensor, b: some TensorScalar) -> Bool { notThere() }
  /// Not there: `.<=` compares each element.
  @available(*, unavailable, message: "compare element by element with .<=, which gives a tensor of bools")
  public static func <= (a: Tensor, b: Tensor) -> Tensor { a .<= b }
  /// Not there: `.<=` compares each element.
  @available(*, unavailable, message: "compare element by element with .<=, which gives a tensor of bools")
  @_disfavoredOverload
  public static func <= (a: Tensor, b: Tensor) -> Bool { notThere() }
  /// Not there: `.<=` compares each element with a number.
  @available(*, unavailable, message: "compare element by element with .<=, which gives a tensor of bools")
  public static func <= (a: Tensor, b: some TensorScalar) -> Tensor { a .<= b }
  /// Not there: `.<=` compares each element with a number.
  @available(*, unavailable, message: "compare element by element with .<=, which gives a tensor of bools")
  @_disfavoredOverload
  public static func <= (a: Tensor, b: some TensorScalar) -> Bool { notThere() }
  /// Not there: `.>` compares each element.
  @available(*, unavailable, message: "compare element by element with .>, which gives a tensor of bools")
  public static func > (a: Tensor, b: Tensor) -> Tensor { a .> b }
  /// Not there: `.>` compares each element.
  @available(*, unavailable, message: "compare element by element with .>, which gives a tensor of bools")
  @_disfavoredOverload
  public static func > (a: Tensor, b: Tensor) -> Bool { notThere() }
  /// Not there: `.>` compares each element with a number.
  @available(*, unavailable, message: "compare element by element with .>, which gives a tensor of bools")
  public static func > (a: Tensor, b: some TensorScalar) -> Tensor { a .> b }
  /// Not there: `.>` compares each element with a number.
  @available(*, unavailable, message: "compare element by element with .>, which gives a tensor of bools")
  @_disfavoredOverload
  public static func > (a: Tensor, b: some TensorScalar) -> Bool { notThere() }
  /// Not there: `.>=` compares each element.
  @available(*, unavailable, message: "compare element by element with .>=, which gives a tensor of bools")
  public static func >= (a: Tensor, b: Tensor) -> Tensor { a .>= b }
  /// Not there: `.>=` compares each element.
  @available(*, unavailable, message: "compare element by element with .>=, which gives a tensor of bools")
  @_disfavoredOverload
  public static func >= (a: Tensor, b: Tensor) -> Bool { notThere() }
  /// Not there: `.>=` compares each element with a number.
  @available(*, unavailable, message: "compare element by element with .>=, which gives a tensor of bools")
  public static func >= (a: Tensor, b: some TensorScalar) -> Tensor { a .>= b }
  /// Not there: `.>=` compares each element with a number.
  @available(*, unavailable, message: "compare element by element with .>=, which gives a tensor of bools")
  @_disfavoredOverload
  public static func >= (a: Tensor, b: some TensorScalar) -> Bool { notThere() }
  /// Not there: `.&&` works element by element.
  @available(*, unavailable, message: "combine element by element with .&&")
  public static func && (a: Tensor, b: Tensor) -> Tensor { a .&& b }
  /// Not there: `.&&` works element by element.
  @available(*, unavailable, message: "combine element by element with .&&")
  @_disfavoredOverload
  public static func && (a: Tensor, b: Tensor) -> Bool { notThere() }
  /// Not there: `.||` works element by element.
  @available(*, unavailable, message: "combine element by element with .||")
  public static func || (a: Tensor, b: Tensor) -> Tensor { a .|| b }
  /// Not there: `.||` works element by element.
  @available(*, unavailable, message: "combine element by element with .||")
  @_disfavoredOverload
  public static func || (a: Tensor, b: Tensor) -> Bool { notThere() }
  /// Not there: `.!` works element by element.
  @available(*, unavailable, message: "negate element by element with .!")
  public static prefix func ! (a: Tensor) -> Tensor { .!a }

  private static func notThere() -> Bool { stop("Tensor: an operator that is not available") }
}
