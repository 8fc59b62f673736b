import LatheCore
import LatheTables

/// Different spellings of one category, and which of them stays.
public struct CategoryMerges: Sendable, Hashable {
  /// One spelling that becomes another.
  public struct Merge: Sendable, Hashable {
    /// What stands in the table.
    public let from: String
    /// What it becomes.
    public let to: String
    /// In how many rows.
    public let count: Int
    /// How they differ.
    public let reason: String
  }

  /// The merges, the most frequent first.
  public let merges: [Merge]
  /// Categories beyond which near spellings are not looked for.
  private static let mostCompared = 3000

  /// Finds spellings that differ in case, blanks and punctuation alone, and, where asked for, in a letter or two.
  ///
  /// A near spelling is merged where the other is at least ten times as frequent: one letter of five and more, two of ten and
  /// more, none of which is a digit.
  ///
  /// - Throws: `LatheError.invalidArgument` where the column is not of texts.
  public init(of column: Column, nearSpellings: Bool = true) throws {
    guard column.type == .text || column.type == .categorical else {
      throw LatheError(
        .invalidArgument, "column '\(column.name)' is of \(column.type), not of texts or categories")
    }
    var counts: [String: Int] = [:]
    for text in column.strings() { if let text { counts[text, default: 0] += 1 } }
    let frequent: (String, String) -> Bool = { (-(counts[$0] ?? 0), $0) < (-(counts[$1] ?? 0), $1) }
    var merges: [Merge] = []
    var kept: [(text: String, plain: [Character], count: Int)] = []
    for (plain, texts) in Dictionary(grouping: counts.keys, by: Self.plain) {
      let sorted = texts.sorted(by: frequent)
      for other in sorted.dropFirst() {
        merges.append(
          Merge(from: other, to: sorted[0], count: counts[other] ?? 0, reason: "case, blanks or punctuation"))
      }
      kept.append((sorted[0], Array(plain), sorted.reduce(0) { $0 + (counts[$1] ?? 0) }))
    }
    if nearSpellings && kept.count <= Self.mostCompared {
      kept.sort { (-$0.count, $0.text) < (-$1.count, $1.text) }
      for (index, rare) in kept.enumerated()
      where rare.plain.count >= 5 && !rare.plain.contains(where: \.isNumber) {
        let most = rare.plain.count >= 10 ? 2 : 1
        let near = kept[..<index].first {
          $0.count >= 10 * rare.count && Self.distance($0.plain, rare.plain, most: most) <= most
        }
        guard let near else { continue }
        merges.append(
          Merge(
            from: rare.text, to: near.text, count: counts[rare.text] ?? 0, reason: "spelt nearly the same"))
        // Its own other spellings follow it.
        merges = merges.map {
          $0.to == rare.text ? Merge(from: $0.from, to: near.text, count: $0.count, reason: $0.reason) : $0
        }
      }
    }
    self.merges = merges.sorted { (-$0.count, $0.from) < (-$1.count, $1.from) }
  }

  /// The column with merged spellings, for other rows, too.
  public func apply(to column: Column) throws -> Column {
    let targets = Dictionary(uniqueKeysWithValues: merges.map { ($0.from, $0.to) })
    return try Column(column.name, column.strings().map { $0.map { targets[$0] ?? $0 } }).cast(
      to: column.type)
  }

  /// A text without case, punctuation and surplus blanks; as it is where nothing would be left.
  private static func plain(_ text: String) -> String {
    let words = text.lowercased().split {
      $0.isWhitespace || $0 == "." || $0 == "," || $0 == "-" || $0 == "_"
    }
    return words.isEmpty ? text : words.joined(separator: " ")
  }

  /// How many letters differ, are too many or have changed places; more than `most` where it is plain that it is more.
  static func distance(_ a: [Character], _ b: [Character], most: Int) -> Int {
    guard abs(a.count - b.count) <= most else { return most + 1 }
    var before = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in a.indices {
      var next = [i + 1] + [Int](repeating: 0, count: b.count)
      for j in b.indices {
        let cost = a[i] == b[j] ? 0 : 1
        next[j + 1] = min(last[j + 1] + 1, next[j] + 1, last[j] + cost)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          next[j + 1] = min(next[j + 1], before[j - 1] + 1)
        }
      }
      (before, last) = (last, next)
    }
    return last[b.count]
  }
}

extension TableCleaner {
  /// Gives categories that are spelt in several ways one spelling.
  ///
  /// - Returns: What was merged, which goes for other rows, too.
  @discardableResult
  public mutating func mergeCategories(_ column: String, nearSpellings: Bool = true) throws -> CategoryMerges
  {
    let old = try table[column]
    let found = try CategoryMerges(of: old, nearSpellings: nearSpellings)
    let reasons = Dictionary(uniqueKeysWithValues: found.merges.map { ($0.from, $0) })
    try change(
      "categories of '\(column)'", found.apply(to: old),
      old.strings().enumerated().compactMap { row, text in
        text.flatMap { reasons[$0] }.map { (row, "'\($0.from)' is '\($0.to)' (\($0.reason))") }
      })
    return found
  }
}
