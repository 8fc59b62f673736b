import LatheCore
import LatheData
import LatheText

/// Which tokens of a text an encoder has to tell, and what stands there instead (Devlin et al., 2019, section 3.1 and appendix A.1).
public struct TokenMasking: Sendable {
  /// The part of the tokens that is to be told.
  public var share = 0.15
  /// Whether all pieces of a word are told together.
  public var wholeWords = false
  /// Of the tokens to be told, the part that the mask stands for, and the part that any other stands for; the rest stay.
  static let masked = 0.8, replaced = 0.1

  private let mask: Int32
  /// What may stand in the place of a token.
  private let others: [Int32]

  /// The masking of a tokeniser.
  ///
  /// - Throws: `LatheError.unsupported` where it has no mask.
  public init(_ tokenizer: Tokenizer, share: Double = 0.15, wholeWords: Bool = false) throws {
    guard let mask = tokenizer.id(of: "[MASK]") ?? tokenizer.id(of: "<mask>") else {
      throw LatheError(
        .unsupported,
        "the tokeniser has no [MASK] or <mask>, which masked words need; take one that has, or --objective lm"
      )
    }
    guard share > 0, share < 1 else {
      throw LatheError(.invalidArgument, "\(share) of the tokens are masked; give a part above 0 and below 1")
    }
    self.mask = mask
    self.share = share
    self.wholeWords = wholeWords
    let special = Set(tokenizer.addedTokens.filter(\.value.isSpecial).keys)
    others = (0..<Int32(tokenizer.vocabularySize)).filter {
      !special.contains($0) && tokenizer.token(of: $0) != nil
    }
    guard !others.isEmpty else {
      throw LatheError(.unsupported, "the tokeniser has special tokens alone; train it on texts")
    }
  }

  /// A text with some of its tokens hidden.
  ///
  /// As many are chosen as the share says, rounded, one at least; of whole words as many as do not exceed it, but one word.
  ///
  /// - Parameters:
  ///   - tokens: Those of the text, without special ones.
  ///   - words: The word of each token, in rising order.
  ///   - random: Chooses.
  /// - Returns: The tokens as the network sees them, and the places that it has to tell, in rising order.
  public func apply(
    to tokens: ArraySlice<Int32>, words: ArraySlice<Int32>, random: inout SampleRandom
  ) -> (seen: [Int32], places: [Int]) {
    var seen = Array(tokens)
    let wanted = max(1, Int((share * Double(seen.count)).rounded()))
    var groups: [Range<Int>] = []
    if wholeWords {
      var start = 0
      for place in 1...seen.count
      where place == seen.count || words[words.startIndex + place] != words[words.startIndex + start] {
        groups.append(start..<place)
        start = place
      }
    } else {
      groups = seen.indices.map { $0..<$0 + 1 }
    }
    var order = Array(groups.indices)
    random.shuffle(&order)
    var places: [Int] = []
    for group in order where places.count < wanted {
      if places.isEmpty || places.count + groups[group].count <= wanted { places += groups[group] }
    }
    places.sort()
    for place in places {
      let chance = random.uniform()
      if chance < Self.masked {
        seen[place] = mask
      } else if chance < Self.masked + Self.replaced {
        seen[place] = others[random.next(below: others.count)]
      }
    }
    return (seen, places)
  }
}
