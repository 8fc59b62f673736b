import LatheCore
import LatheFiles

extension WordVectors {
  /// How well cosines agree with what people say of pairs of words.
  public struct SimilarityScore: Sendable, Hashable {
    /// Spearman's correlation of ranks; nil where fewer than two pairs are known or all are alike.
    public let spearman: Double?
    /// Pairs of which both words are known.
    public let pairs: Int
    /// Pairs that were left out.
    public let unknown: Int
  }

  /// Compares cosines with scores of pairs, as of WordSim-353 (Finkelstein et al., 2002) and SimLex-999 (Hill et al., 2015).
  public func evaluate(pairs: [(first: String, second: String, score: Double)]) -> SimilarityScore {
    var own: [Double] = []
    var people: [Double] = []
    for pair in pairs {
      guard let cosine = try? similarity(pair.first, pair.second) else { continue }
      own.append(cosine)
      people.append(pair.score)
    }
    return SimilarityScore(
      spearman: Self.correlation(Self.ranks(own), Self.ranks(people)), pairs: own.count,
      unknown: pairs.count - own.count)
  }

  /// Pairs of a file with a word, a word and a number on each line, apart by tabs, commas or spaces.
  ///
  /// A first line whose third field is no number is taken for names of columns; lines that start with # are left out.
  ///
  /// - Throws: `LatheError` for what cannot be read, with the line.
  public static func pairs(path: String) throws -> [(first: String, second: String, score: Double)] {
    var result: [(String, String, Double)] = []
    var isFirst = true
    let lines = try TextLineReader(path: path)
    while let line = try lines.next() {
      if line.hasPrefix("#") || line.allSatisfy(\.isWhitespace) { continue }
      let separator: Character = line.contains("\t") ? "\t" : line.contains(",") ? "," : " "
      let fields = line.split(separator: separator).map(String.init)
      defer { isFirst = false }
      guard fields.count >= 3, let score = Double(fields[2]), score.isFinite else {
        if isFirst && fields.count >= 3 { continue }
        throw LatheError(.format, "\(path): line \(lines.line): not two words and a number")
      }
      result.append((fields[0], fields[1], score))
    }
    return result
  }

  /// How many analogies are solved.
  public struct AnalogyScore: Sendable, Hashable {
    /// Questions whose answer is the nearest word.
    public let right: Int
    /// Questions of which all four words are known.
    public let questions: Int
    /// Questions that were left out.
    public let unknown: Int
    /// The share that is solved; 0 without questions.
    public var accuracy: Double { questions > 0 ? Double(right) / Double(questions) : 0 }
  }

  /// Solves analogies, `a` is to `b` as `c` is to the fourth, by 3CosAdd over all words.
  public func evaluate(analogies: [(a: String, b: String, c: String, d: String)]) -> AnalogyScore {
    var (right, questions) = (0, 0)
    for item in analogies {
      guard number(of: item.d) != nil, let best = try? analogy(item.a, item.b, item.c).first else { continue }
      questions += 1
      if WordKey(best.word) == WordKey(item.d) { right += 1 }
    }
    return AnalogyScore(right: right, questions: questions, unknown: analogies.count - questions)
  }

  /// Analogies of a file with four words a line; lines that start with a colon are names of sections.
  ///
  /// - Throws: `LatheError` for what cannot be read, with the line.
  public static func analogies(path: String) throws -> [(a: String, b: String, c: String, d: String)] {
    var result: [(String, String, String, String)] = []
    let lines = try TextLineReader(path: path)
    while let line = try lines.next() {
      if line.hasPrefix(":") || line.allSatisfy(\.isWhitespace) { continue }
      let fields = line.split { $0 == " " || $0 == "\t" }.map(String.init)
      guard fields.count == 4 else {
        throw LatheError(.format, "\(path): line \(lines.line): \(fields.count) words, not four")
      }
      result.append((fields[0], fields[1], fields[2], fields[3]))
    }
    return result
  }

  /// Places in order, equal values at the mean of theirs.
  private static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var result = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count && values[order[end]] == values[order[start]] { end += 1 }
      for place in start..<end { result[order[place]] = Double(start + end - 1) / 2 }
      start = end
    }
    return result
  }

  private static func correlation(_ a: [Double], _ b: [Double]) -> Double? {
    guard a.count > 1 else { return nil }
    let meanA = a.reduce(0, +) / Double(a.count), meanB = b.reduce(0, +) / Double(b.count)
    var (both, first, second) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      both += (x - meanA) * (y - meanB)
      first += (x - meanA) * (x - meanA)
      second += (y - meanB) * (y - meanB)
    }
    return first > 0 && second > 0 ? both / (first * second).squareRoot() : nil
  }
}
