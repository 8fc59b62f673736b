import LatheCore

/// What a rule of a grammar says, before it is compiled.
indirect enum GrammarExpression: Sendable {
  /// Bytes as they are; without any, nothing.
  case literal([UInt8])
  /// One scalar of ranges that ascend and do not overlap.
  case scalars([ClosedRange<UInt32>])
  /// What a rule says, by its number.
  case rule(Int)
  case sequence([GrammarExpression])
  case alternation([GrammarExpression])
  case repetition(GrammarExpression, least: Int, most: Int?)

  /// Nothing, which is always there.
  static let empty = GrammarExpression.literal([])

  /// A text as it is.
  static func text(_ text: String) -> GrammarExpression { .literal(Array(text.utf8)) }

  /// What may be missing.
  static func optional(_ part: GrammarExpression) -> GrammarExpression {
    .repetition(part, least: 0, most: 1)
  }

  /// One of several; a single one is itself.
  static func anyOf(_ parts: [GrammarExpression]) -> GrammarExpression {
    parts.count == 1 ? parts[0] : .alternation(parts)
  }
}

/// The rules of a grammar, by their numbers.
struct GrammarRules: Sendable {
  /// More than any grammar that a person writes has.
  static let limit = 1 << 16
  private(set) var names: [String] = []
  private(set) var bodies: [GrammarExpression] = []
  /// The rule that the whole text has to be.
  var root = 0

  /// Adds a rule, whose body may follow later.
  ///
  /// - Throws: `LatheError.unsupported` where there are too many.
  mutating func add(_ name: String, _ body: GrammarExpression = .empty) throws -> Int {
    guard names.count < Self.limit else {
      throw LatheError(.unsupported, "the grammar has more than \(Self.limit) rules")
    }
    names.append(name)
    bodies.append(body)
    return names.count - 1
  }

  /// Says what a rule is.
  mutating func define(_ rule: Int, _ body: GrammarExpression) { bodies[rule] = body }
}

/// Sets of scalars as ranges that ascend and do not overlap.
enum ScalarRanges {
  /// Every scalar: surrogates are none.
  static let all: [ClosedRange<UInt32>] = [0...0xD7FF, 0xE000...0x10FFFF]

  /// Ranges in order, joined where they touch; surrogates are left out.
  static func normalized(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    var result: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = result.last,
        range.lowerBound <= last.upperBound || range.lowerBound == last.upperBound + 1
      {
        result[result.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        result.append(range)
      }
    }
    return result.flatMap { range in all.compactMap { intersection(range, $0) } }
  }

  private static func intersection(_ a: ClosedRange<UInt32>, _ b: ClosedRange<UInt32>) -> ClosedRange<UInt32>?
  {
    a.overlaps(b) ? a.clamped(to: b) : nil
  }

  /// What is in both.
  static func intersection(_ a: [ClosedRange<UInt32>], _ b: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    normalized(a.flatMap { range in b.compactMap { intersection(range, $0) } })
  }

  /// What is in none of them.
  static func complement(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    var result: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in normalized(ranges) {
      if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
      next = range.upperBound + 1
    }
    if next <= 0x10FFFF { result.append(next...0x10FFFF) }
    return normalized(result)
  }
}
