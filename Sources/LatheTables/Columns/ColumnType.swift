/// What the values of a column are.
public enum ColumnType: Sendable, Hashable, CustomStringConvertible {
  /// Numbers of 64 bits.
  case float64
  /// Numbers of 32 bits.
  case float32
  /// Whole numbers of 64 bits.
  case int64
  /// Truth values.
  case bool
  /// Texts of which there are few different ones, as indices into a dictionary of them.
  case categorical
  /// Texts.
  case text
  /// Points in time, to the microsecond: those of a clock on the wall where there is no zone, else of UTC, shown as the
  /// zone's clocks do.
  case dateTime(zone: String? = nil)
  /// Lengths of time, to the microsecond.
  case duration

  /// The name, in polars' and pandas' words.
  public var description: String {
    switch self {
    case .float64: "float64"
    case .float32: "float32"
    case .int64: "int64"
    case .bool: "bool"
    case .categorical: "categorical"
    case .text: "text"
    case .dateTime(nil): "dateTime"
    case .dateTime(let zone?): "dateTime(\(zone))"
    case .duration: "duration"
    }
  }

  /// Whether sums and means are those of numbers.
  public var isNumeric: Bool {
    switch self {
    case .float64, .float32, .int64, .bool: true
    default: false
    }
  }
}

/// One value of a table.
public enum TableValue: Sendable, Hashable {
  /// None.
  case missing
  /// A number.
  case float64(Double)
  /// A whole number.
  case int64(Int64)
  /// A truth value.
  case bool(Bool)
  /// A text, or a category.
  case text(String)
  /// Microseconds since 1970.
  case dateTime(Int64)
  /// Microseconds.
  case duration(Int64)
}

extension TableValue: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
  /// A number.
  public init(floatLiteral value: Double) { self = .float64(value) }
  /// A whole number.
  public init(integerLiteral value: Int64) { self = .int64(value) }
  /// A text.
  public init(stringLiteral value: String) { self = .text(value) }
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// None.
  public init(nilLiteral: ()) { self = .missing }
}
