/// What a parameter of a search is set to.
public enum SearchValue: Sendable, Hashable {
  case number(Double)
  case integer(Int)
  case text(String)
  case truth(Bool)

  /// The number; nil for texts and truths.
  public var number: Double? {
    switch self {
    case .number(let value): value
    case .integer(let value): Double(value)
    case .text, .truth: nil
    }
  }

  /// The whole number; nil for all else.
  public var integer: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    case .text, .truth: nil
    }
  }

  /// The text; nil for all else.
  public var text: String? { if case .text(let value) = self { value } else { nil } }
}

extension SearchValue: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
  ExpressibleByBooleanLiteral
{
  /// A number.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// A whole number.
  public init(integerLiteral value: Int) { self = .integer(value) }
  /// A text.
  public init(stringLiteral value: String) { self = .text(value) }
  /// A truth.
  public init(booleanLiteral value: Bool) { self = .truth(value) }
}

extension SearchValue: CustomStringConvertible {
  /// The value as it is written in a command line.
  public var description: String {
    switch self {
    case .number(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .text(let value): value
    case .truth(let value): "\(value)"
    }
  }
}

extension SearchValue: Codable {
  /// A truth, a number or a text; whole numbers are integers, whatever they were written from.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Bool.self) {
      self = .truth(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else {
      self = .text(try container.decode(String.self))
    }
  }

  /// The value alone.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .number(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    case .truth(let value): try container.encode(value)
    }
  }
}
