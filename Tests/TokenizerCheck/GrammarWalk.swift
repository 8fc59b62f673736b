import Foundation
import LatheText

/// Texts that a grammar allows, of tokens chosen at random.
struct GrammarWalk {
  /// Tokens after which a text is brought to its end.
  private static let preferredTokens = 40
  private static let mostTokens = 600
  let tokenizer: Tokenizer
  let constraint: TokenConstraint
  let end: Int32
  /// Tokens of one byte, which end texts and lists sooner than long ones.
  private let short: [UInt8?]

  init(_ tokenizer: Tokenizer) throws {
    self.tokenizer = tokenizer
    end = tokenizer.addedTokens.filter { $0.value.isSpecial }.keys.min() ?? Int32(tokenizer.vocabularySize)
    constraint = try TokenConstraint(tokenizer, endTokens: [end])
    short = try (0..<Int32(tokenizer.vocabularySize)).map { id in
      let bytes = try tokenizer.bytes(of: id)
      return bytes?.count == 1 ? bytes?.first : nil
    }
  }

  /// A text; nil where none came to its end.
  func text(_ grammar: Grammar) throws -> String? {
    var state = grammar.start
    var bytes: [UInt8] = []
    for count in 0..<Self.mostTokens {
      let ids = try constraint.mask(for: state).ids
      guard var id = ids.randomElement() else { return nil }
      if count >= Self.preferredTokens {
        id = ending(ids) ?? id
      } else if Bool.random() {
        id = ids.filter { $0 == end || short[Int($0)] != nil }.randomElement() ?? id
      }
      guard try constraint.accept(id, in: &state) else {
        fail("the mask allows the token \(id), the grammar does not")
      }
      if id == end { return String(validating: bytes, as: UTF8.self) }
      bytes += try tokenizer.bytes(of: id) ?? []
      if !state.canContinue { return String(validating: bytes, as: UTF8.self) }
    }
    return nil
  }

  /// A token that brings JSON to its end soonest.
  private func ending(_ ids: [Int32]) -> Int32? {
    if ids.contains(end) { return end }
    let order = Array("\"}]0n:,".utf8)
    let found = ids.filter { short[Int($0)] != nil }
    return found.min { a, b in
      let places = [a, b].map { id in
        order.firstIndex { $0 == short[Int(id)] } ?? order.count + Int.random(in: 0..<1000)
      }
      return places[0] < places[1]
    }
  }
}

/// Prints texts of each schema of a file, a JSON text a line.
func walk(_ arguments: [String]) throws {
  let walk = try GrammarWalk(Tokenizer(path: arguments[0]))
  guard let count = Int(arguments[2]) else { fail("'\(arguments[2])' is no number of texts") }
  for schema in try lines(arguments[1]) {
    let grammar = try Grammar(schema: schema)
    var found: [String] = []
    for _ in 0..<4 * count where found.count < count {
      if let text = try walk.text(grammar) { found.append(text) }
    }
    print(String(decoding: try JSONEncoder().encode(found), as: UTF8.self))
  }
}

/// Prints how long masks of a grammar take on the way through a text: for the first time, and remembered.
func maskTimes(_ arguments: [String]) throws {
  let tokenizer = try Tokenizer(path: arguments[0])
  var start = ContinuousClock.now
  let constraint = try TokenConstraint(tokenizer, endTokens: [])
  print("vocabulary of \(tokenizer.vocabularySize) tokens: \(ContinuousClock.now - start)")
  let text = try String(contentsOfFile: arguments[1], encoding: .utf8)
  for round in ["first", "again"] {
    var state = Grammar.json.start
    var times: [Double] = []
    for id in try tokenizer.encode(text, addsSpecialTokens: false).ids {
      start = ContinuousClock.now
      let mask = try constraint.mask(for: state)
      times.append((ContinuousClock.now - start) / .milliseconds(1))
      guard mask.contains(id), try constraint.accept(id, in: &state) else { fail("the text is not JSON") }
    }
    times.sort()
    let sum = times.reduce(0, +)
    print(
      "\(round): \(times.count) masks, milliseconds: mean \(sum / Double(times.count)), median \(times[times.count / 2]), "
        + "most \(times[times.count - 1])")
  }
}
