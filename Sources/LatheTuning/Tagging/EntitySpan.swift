import LatheCore

/// A piece of a sentence with a type, such as a person's name.
public struct EntitySpan: Sendable, Hashable, Codable {
  /// Such as `PER`.
  public let type: String
  /// The words, by their places in the sentence.
  public let words: Range<Int>

  /// An entity from its parts.
  public init(_ type: String, _ words: Range<Int>) { (self.type, self.words) = (type, words) }

  /// The entities of tags as conlleval finds them, whatever the scheme: where an entity cannot go on, another begins.
  ///
  /// - Parameter tags: Of one sentence.
  public static func lenient(_ tags: [String]) -> [EntitySpan] {
    var found: [EntitySpan] = []
    var open: (type: String, start: Int)?
    var before = split("O")
    for (place, tag) in (tags + ["O"]).enumerated() {
      let now = split(tag)
      let isOther = before.prefix != "O" && before.type != now.type
      // An entity ends with E and S, and before O, B, S, and another type.
      if let current = open, "ES".contains(before.prefix) || "OBS".contains(now.prefix) || isOther {
        found.append(EntitySpan(current.type, current.start..<place))
        open = nil
      }
      let goesOn = "BI".contains(before.prefix) && !isOther
      if "BS".contains(now.prefix) || ("IE".contains(now.prefix) && !goesOn) { open = (now.type, place) }
      before = now
    }
    return found
  }

  /// The entities of tags that a scheme allows as they stand; others are none.
  ///
  /// - Parameters:
  ///   - tags: Of one sentence.
  ///   - scheme: The scheme.
  public static func strict(_ tags: [String], _ scheme: TagScheme) -> [EntitySpan] {
    let marks = (tags + ["O"]).map { split($0) }
    var found: [EntitySpan] = []
    var place = 0, before = split("O")
    while place < marks.count {
      guard starts(before, marks[place], scheme) else {
        before = marks[place]
        place += 1
        continue
      }
      var end = place + 1
      while end < marks.count, isInside(marks[end - 1], marks[end], scheme) { end += 1 }
      if ends(marks[end - 1], marks[end], scheme) { found.append(EntitySpan(marks[place].type, place..<end)) }
      place = end
      before = marks[end - 1]
    }
    return found
  }

  private typealias Mark = (prefix: Character, type: String)

  /// A tag's prefix and type; `_` where it has none.
  private static func split(_ tag: String) -> Mark {
    let rest = tag.dropFirst()
    let type = rest.first == "-" ? rest.dropFirst() : rest
    return (tag.first ?? "O", type.isEmpty ? "_" : String(type))
  }

  // As seqeval's tables of prefixes say.
  private static func starts(_ before: Mark, _ now: Mark, _ scheme: TagScheme) -> Bool {
    switch scheme {
    case .bio: now.prefix == "B"
    case .bioes: now.prefix == "B" || now.prefix == "S"
    case .iob1:
      switch (before.prefix, now.prefix) {
      case ("O", "I"), ("B", "I"): true
      case ("I", "I"): before.type != now.type
      case ("I", "B"), ("B", "B"): before.type == now.type
      default: false
      }
    }
  }

  private static func isInside(_ before: Mark, _ now: Mark, _ scheme: TagScheme) -> Bool {
    let goesOn = now.prefix == "I" || (scheme == .bioes && now.prefix == "E")
    return "BI".contains(before.prefix) && goesOn && before.type == now.type
  }

  private static func ends(_ before: Mark, _ now: Mark, _ scheme: TagScheme) -> Bool {
    if scheme == .bioes { return before.prefix == "E" || before.prefix == "S" }
    switch (before.prefix, now.prefix) {
    case ("I", "O"), ("B", "O"), ("I", "B"): return true
    case ("I", "I"), ("B", "I"): return before.type != now.type
    case ("B", "B"): return scheme == .bio || before.type == now.type
    default: return false
    }
  }
}
