import LatheCore

/// Texts of a JSON schema as expressions: patterns, formats, and texts that are none of some.
enum SchemaStrings {
  private static let day =
    #"((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"#
  private static let leapYear =
    #"([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)"#
  private static let date = "([0-9]{4}-\(day)|\(leapYear)-02-29)"
  private static let clock = #"([01][0-9]|2[0-3]):[0-5][0-9]"#
  private static let time = #"\#(clock):[0-5][0-9](\.[0-9]+)?(Z|[+-]\#(clock))"#
  private static let hexadecimal = "[0-9a-fA-F]"

  /// The expression of a format; nil for one that is not known.
  static func format(_ name: String) -> String? {
    switch name {
    case "date": "^\(date)$"
    case "time": "^\(time)$"
    case "date-time": "^\(date)T\(time)$"
    case "uuid": "^\(hexadecimal){8}-(\(hexadecimal){4}-){3}\(hexadecimal){12}$"
    default: nil
    }
  }

  /// The texts in which a regular expression is found, as JSON spells them, without quotes.
  ///
  /// - Throws: `LatheError.unsupported` for what is outside the subset, such as looking ahead.
  static func pattern(_ source: String, _ character: GrammarExpression) throws -> GrammarExpression {
    let reader = PatternReader(source: source, any: .repetition(character, least: 0, most: nil))
    return try reader.whole(PatternParser.parse(source, isECMA: true))
  }

  /// Every text but some, as JSON spells them, without quotes and without escapes by numbers for other characters.
  static func texts(besides texts: [String]) -> GrammarExpression {
    // All of them at once, letter by letter: where a text leaves them, anything may follow.
    var children: [[(scalar: UInt32, node: Int)]] = [[]]
    var isEnd = [false]
    for text in texts {
      var node = 0
      for scalar in text.unicodeScalars {
        if let known = children[node].first(where: { $0.scalar == scalar.value }) {
          node = known.node
        } else {
          children[node].append((scalar.value, children.count))
          node = children.count
          children.append([])
          isEnd.append(false)
        }
      }
      isEnd[node] = true
    }
    let rest = SchemaJSON.character(of: ScalarRanges.all).map {
      GrammarExpression.repetition($0, least: 0, most: nil)
    }
    var bodies = [GrammarExpression](repeating: .empty, count: children.count)
    for node in children.indices.reversed() {
      var parts: [GrammarExpression] = isEnd[node] ? [] : [.empty]
      for child in children[node] {
        if let spelled = SchemaJSON.character(of: [child.scalar...child.scalar]) {
          parts.append(.sequence([spelled, bodies[child.node]]))
        }
      }
      let others = ScalarRanges.complement(children[node].map { $0.scalar...$0.scalar })
      if let other = SchemaJSON.character(of: others), let rest { parts.append(.sequence([other, rest])) }
      bodies[node] = .anyOf(parts)
    }
    return bodies[0]
  }
}

/// Makes an expression of a regular one.
private struct PatternReader {
  let source: String
  /// Any text.
  let any: GrammarExpression

  private func unsupported(_ what: String) -> LatheError {
    .unsupported("the regular expression \"\(source)\": \(what) is not supported in a schema")
  }

  /// The texts in which something is found: where it is not bound to their ends, anything may stand around it.
  func whole(_ node: PatternNode) throws -> GrammarExpression {
    guard case .alternation(let parts) = node else { return try alternative(node) }
    return .anyOf(try parts.map { try whole($0) })
  }

  private func alternative(_ node: PatternNode) throws -> GrammarExpression {
    var parts = [node][...]
    if case .sequence(let list) = node { parts = list[...] }
    var isStart = false
    var isEnd = false
    while let first = parts.first, isPlace(first, .lineStart, .textStart) {
      isStart = true
      parts.removeFirst()
    }
    while let last = parts.last, isPlace(last, .lineEnd, .textEnd) {
      isEnd = true
      parts.removeLast()
    }
    // A group that is all there is may be bound to the ends itself.
    if !isStart, !isEnd, parts.count == 1, let only = parts.first, case .alternation = only {
      return try whole(only)
    }
    let inner = try parts.map { try expression($0) }
    return .sequence((isStart ? [] : [any]) + inner + (isEnd ? [] : [any]))
  }

  private func isPlace(_ node: PatternNode, _ places: PatternNode.Place...) -> Bool {
    guard case .place(let place) = node else { return false }
    return places.contains(place)
  }

  private func expression(_ node: PatternNode) throws -> GrammarExpression {
    switch node {
    case .set(let set):
      guard let spelled = SchemaJSON.character(of: set.scalarRanges) else {
        throw unsupported("an empty class")
      }
      return spelled
    case .sequence(let parts): return .sequence(try parts.map { try expression($0) })
    case .alternation(let parts): return .anyOf(try parts.map { try expression($0) })
    case .repetition(let part, let least, let most, let greed):
      guard greed != .possessive else { throw unsupported("a possessive repetition") }
      return .repetition(try expression(part), least: least, most: most)
    case .look: throw unsupported("looking ahead or behind")
    case .atomic: throw unsupported("an atomic group")
    case .place: throw unsupported("a place other than the beginning or the end of an alternative")
    }
  }
}

extension ScalarSet {
  /// The scalars of each general category, by the number of its bit.
  private static let categoryRanges: [[ClosedRange<UInt32>]] = {
    var result = [[ClosedRange<UInt32>]](repeating: [], count: 32)
    for scalar in 0...0x10FFFF as ClosedRange<UInt32> {
      let category = Scalars.category(scalar).trailingZeroBitCount
      if let last = result[category].last, last.upperBound + 1 == scalar {
        result[category][result[category].count - 1] = last.lowerBound...scalar
      } else {
        result[category].append(scalar...scalar)
      }
    }
    return result
  }()

  /// The scalars of the set; it has no white space or words as Unicode has them.
  var scalarRanges: [ClosedRange<UInt32>] {
    let all = items.flatMap { item in
      var ranges = item.ranges
      for category in 0..<32 where item.categories >> UInt32(category) & 1 == 1 {
        ranges += Self.categoryRanges[category]
      }
      return item.isNegated ? ScalarRanges.complement(ranges) : ranges
    }
    return isNegated ? ScalarRanges.complement(all) : ScalarRanges.normalized(all)
  }
}
