import LatheCore

/// A step that adds beginnings and ends to encodings.
indirect enum PostProcessor: Sendable {
  /// A part of a template.
  enum Part: Sendable, Equatable {
    case sequence(Int, type: Int32)
    case special(String, type: Int32)
  }

  case template(single: [Part], pair: [Part], special: [String: [Int32]])
  case bert(end: Special, start: Special)
  case roberta(end: Special, start: Special, trims: Bool, addsPrefixSpace: Bool)
  case byteLevel(trims: Bool, addsPrefixSpace: Bool)
  case sequence([PostProcessor])

  /// A token with its number.
  struct Special: Sendable, Equatable {
    var token: String
    var id: Int32
  }

  /// How many tokens it adds.
  func added(isPair: Bool) -> Int {
    switch self {
    case .template(let single, let pair, let special):
      (isPair ? pair : single).reduce(0) { sum, part in
        if case .special(let name, _) = part { return sum + (special[name]?.count ?? 0) }
        return sum
      }
    case .bert: isPair ? 3 : 2
    case .roberta: isPair ? 4 : 2
    case .byteLevel: 0
    case .sequence(let steps): steps.reduce(0) { $0 + $1.added(isPair: isPair) }
    }
  }

  /// Adds to encodings of one or two texts.
  ///
  /// - Parameter spaces: Of a token the spaces at its beginning and end, for trimming.
  func apply(
    _ encodings: [Encoding], addsSpecial: Bool, spaces: (EncodedToken) -> (Int32, Int32)
  ) -> [Encoding] {
    switch self {
    case .sequence(let steps):
      return steps.reduce(encodings) { $1.apply($0, addsSpecial: addsSpecial, spaces: spaces) }
    case .byteLevel(let trims, let addsPrefixSpace):
      guard trims else { return encodings }
      return encodings.map { Self.trimmed($0, addsPrefixSpace, spaces) }
    case .template(let single, let pair, let special):
      let parts = encodings.count > 1 ? pair : single
      return parts.compactMap { part in
        switch part {
        case .sequence(let index, let type):
          guard index < encodings.count else { return nil }
          var encoding = encodings[index]
          encoding.changeAll { tokens in for place in tokens.indices { tokens[place].typeID = type } }
          return encoding
        case .special(let name, let type):
          guard addsSpecial else { return nil }
          return Encoding((special[name] ?? []).map { EncodedToken($0, type: type) })
        }
      }
    case .bert(let end, let start):
      guard addsSpecial else { return encodings }
      return encodings.enumerated().map { index, encoding in
        Self.enclosed(encoding, index == 0 ? start.id : nil, end.id, type: Int32(index))
      }
    case .roberta(let end, let start, let trims, let addsPrefixSpace):
      return encodings.enumerated().map { index, encoding in
        var result = trims ? Self.trimmed(encoding, addsPrefixSpace, spaces) : encoding
        result.changeAll { tokens in for place in tokens.indices { tokens[place].typeID = 0 } }
        return addsSpecial ? Self.enclosed(result, index == 0 ? start.id : end.id, end.id, type: 0) : result
      }
    }
  }

  private static func enclosed(_ encoding: Encoding, _ start: Int32?, _ end: Int32, type: Int32) -> Encoding {
    var result = encoding
    result.changeAll { tokens in
      tokens.append(EncodedToken(end, type: type))
      if let start { tokens.insert(EncodedToken(start, type: type), at: 0) }
    }
    return result
  }

  /// Leaves spaces out of the tokens' places.
  private static func trimmed(
    _ encoding: Encoding, _ addsPrefixSpace: Bool, _ spaces: (EncodedToken) -> (Int32, Int32)
  ) -> Encoding {
    var result = encoding
    result.changeAll { tokens in
      for index in tokens.indices {
        var (leading, trailing) = spaces(tokens[index])
        if leading > 0 {
          // One space in front of all may be none of the text; several are its own.
          let isFirst = index == 0 || tokens[index].start == 0
          if addsPrefixSpace && isFirst && leading == 1 { leading = 0 }
          tokens[index].start = min(tokens[index].start + leading, tokens[index].end)
        }
        if trailing > 0 && tokens[index].end >= trailing {
          trailing = max(tokens[index].end - trailing, tokens[index].start)
          tokens[index].end = trailing
        }
      }
    }
    return result
  }
}
