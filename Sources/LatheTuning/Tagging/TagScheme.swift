import LatheCore

/// How tags of words say where entities begin and end.
public enum TagScheme: String, Sendable, Hashable, CaseIterable, Codable {
  /// `I-` inside, `B-` only where an entity follows on another of its type (Ramshaw and Marcus, 1995).
  case iob1
  /// `B-` at the first word of each entity, `I-` at the others; also called IOB2.
  case bio
  /// As `bio`, with `E-` at the last word and `S-` at entities of one word; also called IOBES.
  case bioes

  /// A tag in its parts.
  struct Parts: Hashable {
    /// Such as `B`; `O` outside.
    let prefix: Character
    /// Such as `PER`; empty outside.
    let type: String

    /// Nil where it is no tag.
    init?(_ tag: String) {
      if tag == "O" {
        (prefix, type) = ("O", "")
      } else {
        guard let first = tag.first, "BIES".contains(first), tag.dropFirst().first == "-", tag.count > 2
        else {
          return nil
        }
        (prefix, type) = (first, String(tag.dropFirst(2)))
      }
    }
  }

  private var prefixes: String { self == .bioes ? "BIES" : "BI" }

  /// The tags of some types, `O` first.
  ///
  /// - Parameter types: Such as `PER`.
  public func tags(of types: [String]) -> [String] {
    ["O"] + types.flatMap { type in prefixes.map { "\($0)-\(type)" } }
  }

  /// Whether a tag may stand behind another.
  ///
  /// - Parameters:
  ///   - before: The one before; nil at the beginning of a sentence.
  ///   - behind: The one behind; nil at its end.
  public func allows(_ before: String?, _ behind: String?) -> Bool {
    let outside = Parts("O")
    guard let before = before.map({ Parts($0) }) ?? outside, let behind = behind.map({ Parts($0) }) ?? outside
    else { return false }
    let isOpen = "BI".contains(before.prefix), goesOn = "IE".contains(behind.prefix)
    switch self {
    case .iob1:
      if "ES".contains(before.prefix) || "ES".contains(behind.prefix) { return false }
      // B- only parts two entities of one type.
      return behind.prefix != "B" || (before.prefix != "O" && before.type == behind.type)
    case .bio:
      if "ES".contains(before.prefix) || "ES".contains(behind.prefix) { return false }
      return !goesOn || (isOpen && before.type == behind.type)
    case .bioes: return isOpen == goesOn && (!isOpen || before.type == behind.type)
    }
  }

  /// The first place whose tag may not stand there; the number of tags where the end may not; nil where all may.
  public func firstProblem(_ tags: [String]) -> Int? {
    (0...tags.count).first { place in
      !allows(place == 0 ? nil : tags[place - 1], place == tags.count ? nil : tags[place])
    }
  }

  /// The scheme of sentences: `bioes` where there is an `E-` or an `S-`; else `bio`, unless an `I-` begins an entity and
  /// no `B-` stands where `iob1` has none.
  public static func detect(_ sentences: [[String]]) -> TagScheme {
    var opensByI = false
    for tags in sentences {
      if tags.contains(where: { $0.hasPrefix("E-") || $0.hasPrefix("S-") }) { return .bioes }
      opensByI = opensByI || TagScheme.bio.firstProblem(tags) != nil
    }
    return opensByI && sentences.allSatisfy { TagScheme.iob1.firstProblem($0) == nil } ? .iob1 : .bio
  }

  /// The tags of a sentence's entities.
  ///
  /// - Parameters:
  ///   - entities: None of which overlap.
  ///   - count: Words of the sentence.
  public func tags(of entities: [EntitySpan], count: Int) -> [String] {
    var tags = [String](repeating: "O", count: count)
    var before: EntitySpan?
    for entity in entities.sorted(by: { $0.words.lowerBound < $1.words.lowerBound }) {
      for word in entity.words {
        let isFirst = word == entity.words.lowerBound, isLast = word == entity.words.upperBound - 1
        let prefix =
          switch self {
          case .iob1:
            isFirst && before?.type == entity.type && before?.words.upperBound == word ? "B" : "I"
          case .bio: isFirst ? "B" : "I"
          case .bioes: isFirst && isLast ? "S" : isFirst ? "B" : isLast ? "E" : "I"
          }
        tags[word] = "\(prefix)-\(entity.type)"
      }
      before = entity
    }
    return tags
  }
}
