import LatheCore

/// At which end tokens are cut off or added.
public enum TokenSide: String, Sendable {
  case left = "Left"
  case right = "Right"
}

/// How encodings are held to a length.
public struct Truncation: Sendable, Equatable {
  /// Which of two texts is shortened.
  public enum Strategy: String, Sendable {
    /// Always the longer one.
    case longestFirst = "LongestFirst"
    /// The first.
    case onlyFirst = "OnlyFirst"
    /// The second.
    case onlySecond = "OnlySecond"
  }

  /// The most tokens, added ones included.
  public var maximum: Int
  /// Which of two texts is shortened.
  public var strategy: Strategy
  /// How many tokens each part that was cut off repeats of the one before.
  public var stride: Int
  /// Where tokens are cut off.
  public var side: TokenSide

  /// How encodings are held to a length.
  public init(
    maximum: Int, strategy: Strategy = .longestFirst, stride: Int = 0, side: TokenSide = .right
  ) {
    self.maximum = maximum
    self.strategy = strategy
    self.stride = stride
    self.side = side
  }

  /// Shortens one or two encodings to a number of tokens together.
  ///
  /// - Throws: `LatheError.invalidArgument` where the strategy cannot do that.
  func apply(_ first: inout Encoding, _ second: inout Encoding?, to most: Int) throws {
    if most <= 0 {
      try cut(&first, to: 0)
      if var pair = second {
        try cut(&pair, to: 0)
        second = pair
      }
      return
    }
    let total = first.count + (second?.count ?? 0)
    guard total > most else { return }
    switch strategy {
    case .longestFirst:
      guard var pair = second else { return try cut(&first, to: most) }
      let shorter = min(first.count, pair.count)
      var lengths = (shorter, shorter > most ? shorter : max(shorter, most - shorter))
      if lengths.0 + lengths.1 > most { lengths = (most / 2, most / 2 + most % 2) }
      if first.count > pair.count { lengths = (lengths.1, lengths.0) }
      try cut(&first, to: lengths.0)
      try cut(&pair, to: lengths.1)
      second = pair
    case .onlyFirst: try shorten(&first, by: total - most)
    case .onlySecond:
      guard var pair = second else {
        throw LatheError(
          .invalidArgument, "truncation of only the second text, but there is one; choose longest_first")
      }
      try shorten(&pair, by: total - most)
      second = pair
    }
  }

  private func shorten(_ encoding: inout Encoding, by surplus: Int) throws {
    guard encoding.count > surplus else {
      throw LatheError(
        .invalidArgument,
        "truncation to \(maximum) tokens needs \(surplus) fewer, but the text to shorten has \(encoding.count); "
          + "choose longest_first")
    }
    try cut(&encoding, to: encoding.count - surplus)
  }

  /// Leaves the first tokens (or the last), and the others in parts of at most that length.
  private func cut(_ encoding: inout Encoding, to most: Int) throws {
    let count = encoding.count
    guard most < count else { return }
    if most == 0 {
      encoding = Encoding([], overflowing: encoding.overflowing + [Encoding(encoding.tokens)])
      return
    }
    guard stride < most else {
      throw LatheError(
        .invalidArgument,
        "a stride of \(stride) with parts of \(counted(most, "tokens")) of the text; it has to be smaller")
    }
    var parts: [Encoding] = []
    var place = 0
    while true {
      let length = min(most, count - place)
      let start = side == .right ? place : count - place - length
      parts.append(Encoding(Array(encoding.tokens[start..<start + length])))
      if place + length == count { break }
      place += most - stride
    }
    encoding = Encoding(parts[0].tokens, overflowing: Array(parts.dropFirst()))
  }
}

/// How encodings are filled up to a length.
public struct Padding: Sendable, Equatable {
  /// The tokens of each encoding; nil for as many as the longest of its batch has.
  public var length: Int?
  /// The length is made a multiple of this; nil leaves it.
  public var multiple: Int?
  /// Where tokens are added.
  public var side: TokenSide
  /// The number of the token that is added.
  public var id: Int32
  /// Its type.
  public var typeID: Int32
  /// The token itself, for files.
  public var token: String

  /// How encodings are filled up to a length.
  public init(
    length: Int? = nil, multiple: Int? = nil, side: TokenSide = .right, id: Int32 = 0, typeID: Int32 = 0,
    token: String = "[PAD]"
  ) {
    self.length = length
    self.multiple = multiple
    self.side = side
    self.id = id
    self.typeID = typeID
    self.token = token
  }

  /// Fills up the encodings of a batch.
  func apply(_ encodings: inout [Encoding]) {
    var target = length ?? encodings.map(\.count).max() ?? 0
    if let multiple, multiple > 0, target % multiple > 0 { target += multiple - target % multiple }
    for index in encodings.indices { encodings[index].changeAll { fill(&$0, to: target) } }
  }

  private func fill(_ tokens: inout [EncodedToken], to target: Int) {
    guard tokens.count < target else { return }
    var filler = EncodedToken(id, type: typeID)
    filler.isAttended = false
    let added = repeatElement(filler, count: target - tokens.count)
    switch side {
    case .right: tokens.append(contentsOf: added)
    case .left: tokens.insert(contentsOf: added, at: 0)
    }
  }
}

// As `tokenizer.json` writes them.
extension Truncation {
  var json: JSONValue {
    .object([
      .init("direction", .string(side.rawValue)), .init("max_length", .integer(maximum)),
      .init("strategy", .string(strategy.rawValue)), .init("stride", .integer(stride)),
    ])
  }
}

extension Padding {
  var json: JSONValue {
    .object([
      .init("strategy", length.map { .object([.init("Fixed", .integer($0))]) } ?? .string("BatchLongest")),
      .init("direction", .string(side.rawValue)),
      .init("pad_to_multiple_of", multiple.map { .integer($0) } ?? .null),
      .init("pad_id", .integer(Int(id))), .init("pad_type_id", .integer(Int(typeID))),
      .init("pad_token", .string(token)),
    ])
  }
}
