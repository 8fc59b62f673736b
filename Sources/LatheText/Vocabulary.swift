import LatheCore

/// The tokens of a model with their numbers, which need not be without holes.
final class Vocabulary: Sendable {
  /// No model has more; a number beyond it would only take memory.
  static let largestID = 1 << 24
  /// From texts to numbers.
  let table: ByteTable
  private let texts: [String?]
  /// How many tokens there are.
  let count: Int

  /// One more than the largest number.
  var size: Int { texts.count }

  /// - Throws: `LatheError.format` for a text or a number that comes twice, and numbers out of all bounds.
  init(_ tokens: some Collection<(String, Int)>) throws {
    var table = ByteTable(capacity: tokens.count)
    var largest = -1
    for (token, id) in tokens {
      guard id >= 0, id < Self.largestID else {
        throw LatheError(
          .format,
          "the token '\(token)' has the number \(id); numbers from 0 to \(Self.largestID - 1) are possible")
      }
      largest = max(largest, id)
    }
    var texts = [String?](repeating: nil, count: largest + 1)
    for (token, id) in tokens {
      if let other = texts[id] {
        throw LatheError(.format, "the tokens '\(other)' and '\(token)' have the same number \(id)")
      }
      guard table.insert(token, Int32(id)) else {
        throw LatheError(
          .format, "the token '\(token)' comes twice, as \(table.value(token)) and \(id)")
      }
      texts[id] = token
    }
    self.table = table
    self.texts = texts
    count = tokens.count
  }

  /// A token's number; nil where there is no such token.
  func id(_ token: String) -> Int32? {
    let id = table.value(token)
    return id < 0 ? nil : id
  }

  /// The token of a number; nil in a hole.
  func token(_ id: Int32) -> String? {
    id >= 0 && Int(id) < texts.count ? texts[Int(id)] : nil
  }
}
