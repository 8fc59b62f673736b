/// Numbers for words, so that n-grams compare fast.
struct WordNumbers {
  private var known: [Scalars: Int] = [:]

  /// The numbers of words; new words get new ones.
  mutating func numbers(_ words: [Scalars]) -> [Int] {
    words.map { word in
      if let number = known[word] { return number }
      known[word] = known.count
      return known.count - 1
    }
  }
}

/// Runs of neighbours.
enum NGrams {
  /// How often each run of `order` elements occurs.
  static func counts<Element: Hashable>(_ elements: [Element], _ order: Int) -> [ArraySlice<Element>: Int] {
    var result: [ArraySlice<Element>: Int] = [:]
    guard elements.count >= order else { return result }
    for start in 0...elements.count - order { result[elements[start..<start + order], default: 0] += 1 }
    return result
  }
}
