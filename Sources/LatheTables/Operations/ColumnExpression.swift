import LatheCore

/// What is computed of each row: `col("age") >= 18 && col("city") == "Berlin"`.
///
/// Where an operand is missing, so is the result, except of `&&` and `||` where the other operand alone decides.
public indirect enum ColumnExpression: Sendable {
  /// A column's values.
  case column(String)
  /// The same value for every row.
  case literal(TableValue)
  /// Two numbers, joined.
  case arithmetic(Arithmetic, ColumnExpression, ColumnExpression)
  /// Two values, compared.
  case comparison(Comparison, ColumnExpression, ColumnExpression)
  /// Whether both hold.
  case and(ColumnExpression, ColumnExpression)
  /// Whether one holds at least.
  case or(ColumnExpression, ColumnExpression)
  /// Whether it does not hold.
  case not(ColumnExpression)
  /// Whether there is no value.
  case isMissing(ColumnExpression)
  /// Whether it is one of these values.
  case isIn(ColumnExpression, [TableValue])
  /// A function of a number.
  case function(Function, ColumnExpression)
  /// A question about a text.
  case text(TextTest, ColumnExpression, String)

  /// The arithmetic there is.
  public enum Arithmetic: String, Sendable {
    /// A sum.
    case add = "+"
    /// A difference.
    case subtract = "-"
    /// A product.
    case multiply = "*"
    /// A quotient, which is a number of 64 bits.
    case divide = "/"
  }

  /// The comparisons there are.
  public enum Comparison: String, Sendable {
    /// Equal.
    case equal = "=="
    /// Not equal.
    case notEqual = "!="
    /// Less.
    case less = "<"
    /// Less or equal.
    case lessOrEqual = "<="
    /// Greater.
    case greater = ">"
    /// Greater or equal.
    case greaterOrEqual = ">="
  }

  /// The functions there are.
  public enum Function: String, Sendable {
    /// Without the sign.
    case abs
    /// The square root.
    case sqrt
    /// The natural logarithm.
    case log
    /// The natural logarithm of 1 + x.
    case log1p
    /// e to the power of x.
    case exp
    /// Whether it is not NaN or infinite.
    case isFinite
  }

  /// The questions there are.
  public enum TextTest: String, Sendable {
    /// Whether the text is somewhere in it.
    case contains
    /// Whether it begins with the text.
    case hasPrefix
    /// Whether it ends with the text.
    case hasSuffix
  }

  /// Whether there is no value.
  public var isMissing: ColumnExpression { .isMissing(self) }
  /// Without the sign.
  public var abs: ColumnExpression { .function(.abs, self) }
  /// The square root.
  public var sqrt: ColumnExpression { .function(.sqrt, self) }
  /// The natural logarithm.
  public var log: ColumnExpression { .function(.log, self) }
  /// The natural logarithm of 1 + x.
  public var log1p: ColumnExpression { .function(.log1p, self) }
  /// e to the power of x.
  public var exp: ColumnExpression { .function(.exp, self) }
  /// Whether it is not NaN or infinite.
  public var isFinite: ColumnExpression { .function(.isFinite, self) }

  /// Whether it is one of these values.
  public func isIn(_ values: [TableValue]) -> ColumnExpression { .isIn(self, values) }
  /// Whether the text is somewhere in it.
  public func contains(_ text: String) -> ColumnExpression { .text(.contains, self, text) }
  /// Whether it begins with the text.
  public func hasPrefix(_ text: String) -> ColumnExpression { .text(.hasPrefix, self, text) }
  /// Whether it ends with the text.
  public func hasSuffix(_ text: String) -> ColumnExpression { .text(.hasSuffix, self, text) }
}

/// A column's values, in an expression.
public func col(_ name: String) -> ColumnExpression { .column(name) }

extension ColumnExpression: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByStringLiteral,
  ExpressibleByBooleanLiteral
{
  /// A number.
  public init(floatLiteral value: Double) { self = .literal(.float64(value)) }
  /// A whole number.
  public init(integerLiteral value: Int64) { self = .literal(.int64(value)) }
  /// A text.
  public init(stringLiteral value: String) { self = .literal(.text(value)) }
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .literal(.bool(value)) }
}

extension ColumnExpression {
  /// A sum.
  public static func + (a: Self, b: Self) -> Self { .arithmetic(.add, a, b) }
  /// A difference.
  public static func - (a: Self, b: Self) -> Self { .arithmetic(.subtract, a, b) }
  /// A product.
  public static func * (a: Self, b: Self) -> Self { .arithmetic(.multiply, a, b) }
  /// A quotient.
  public static func / (a: Self, b: Self) -> Self { .arithmetic(.divide, a, b) }
  /// Equal.
  public static func == (a: Self, b: Self) -> Self { .comparison(.equal, a, b) }
  /// Not equal.
  public static func != (a: Self, b: Self) -> Self { .comparison(.notEqual, a, b) }
  /// Less.
  public static func < (a: Self, b: Self) -> Self { .comparison(.less, a, b) }
  /// Less or equal.
  public static func <= (a: Self, b: Self) -> Self { .comparison(.lessOrEqual, a, b) }
  /// Greater.
  public static func > (a: Self, b: Self) -> Self { .comparison(.greater, a, b) }
  /// Greater or equal.
  public static func >= (a: Self, b: Self) -> Self { .comparison(.greaterOrEqual, a, b) }
  /// Both.
  public static func && (a: Self, b: Self) -> Self { .and(a, b) }
  /// One at least.
  public static func || (a: Self, b: Self) -> Self { .or(a, b) }
  /// Not.
  public static prefix func ! (a: Self) -> Self { .not(a) }
}

extension Table {
  /// The rows for which an expression holds; those for which it is missing are left out.
  ///
  /// - Throws: `LatheError.invalidArgument` where a column is not there, or an operation cannot be done with its type.
  public func filter(_ condition: ColumnExpression) throws -> Table {
    let result = try ExpressionEvaluator(self).evaluate(condition)
    guard case .bool(let values) = result.storage else {
      throw LatheError(
        .invalidArgument, "filter: the condition is of \(result.type), not of truth values; compare it")
    }
    return taking((0..<rowCount).filter { result.isValid($0) && values.pointer[$0] != 0 })
  }

  /// The table with a column that is computed of the others.
  public func with(_ name: String, _ expression: ColumnExpression) throws -> Table {
    try with(evaluate(expression).renamed(name))
  }

  /// What an expression is for each row.
  public func evaluate(_ expression: ColumnExpression) throws -> Column {
    try ExpressionEvaluator(self).evaluate(expression)
  }
}
