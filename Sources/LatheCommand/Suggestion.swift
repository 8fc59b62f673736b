/// The nearest of some known words.
enum Suggestion {
  /// "did you mean 'x'? known are a, b, c".
  static func sentence(for word: String, among known: [String]) -> String {
    let list = "known are \(known.joined(separator: ", "))"
    // The beginning of a name is nearer than another name as short.
    if let longer = known.first(where: { $0.hasPrefix(word + "-") }) {
      return "did you mean '\(longer)'? \(list)"
    }
    let nearest = known.map { (distance(word, $0), $0) }.min { $0 < $1 }
    guard let nearest, nearest.0 <= max(2, word.count / 3) else { return list }
    return "did you mean '\(nearest.1)'? \(list)"
  }

  /// Insertions, deletions and exchanges of characters that lead from one word to the other (Levenshtein, 1966).
  static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a), Array(b))
    var row = Array(0...b.count)
    for i in a.indices {
      var diagonal = row[0]
      row[0] = i + 1
      for j in b.indices {
        let next = min(row[j] + 1, row[j + 1] + 1, diagonal + (a[i] == b[j] ? 0 : 1))
        diagonal = row[j + 1]
        row[j + 1] = next
      }
    }
    return row[b.count]
  }
}
