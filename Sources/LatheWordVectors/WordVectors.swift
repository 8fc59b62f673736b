import LatheCore

/// Words with a vector each.
public struct WordVectors: Sendable {
  /// The words, in the order of their vectors.
  public let words: [String]
  /// The vectors one behind the other, [words, width].
  public let values: [Float]
  /// Elements of a vector.
  public let width: Int
  /// Words of a file that were left out because they had come before.
  public internal(set) var duplicates = 0
  private let numbers: [WordKey: Int]
  /// One over each vector's length; 0 for vectors of zeros.
  private let scales: [Float]

  /// Words with their vectors.
  ///
  /// - Throws: `LatheError.invalidArgument` where counts do not fit or a word comes twice.
  public init(words: [String], values: [Float], width: Int) throws {
    let product = words.count.multipliedReportingOverflow(by: width)
    guard width > 0, !product.overflow, product.partialValue == values.count else {
      throw LatheError(
        .invalidArgument, "word vectors: \(values.count) numbers for \(words.count) words of \(width)")
    }
    var seen: Set<WordKey> = []
    for word in words where !seen.insert(WordKey(word)).inserted {
      throw LatheError(.invalidArgument, "word vectors: '\(word)' comes twice")
    }
    self.init(trusted: words, values, width: width)
  }

  /// Words known to differ, as many as vectors.
  init(trusted words: [String], _ values: [Float], width: Int) {
    (self.words, self.values, self.width) = (words, values, width)
    numbers = Dictionary(uniqueKeysWithValues: words.enumerated().map { (WordKey($0.element), $0.offset) })
    scales = words.indices.map { number in
      let row = values[number * width..<(number + 1) * width]
      let square = row.reduce(0.0) { $0 + Double($1) * Double($1) }
      return square > 0 ? Float(1 / square.squareRoot()) : 0
    }
  }

  /// The number of a word, nil where there is none.
  public func number(of word: String) -> Int? { numbers[WordKey(word)] }

  /// The vector of a word, nil where there is none.
  public subscript(word: String) -> [Float]? {
    number(of: word).map { [Float](values[$0 * width..<($0 + 1) * width]) }
  }

  /// The cosine of two words' vectors.
  ///
  /// - Throws: `LatheError.invalidArgument` where a word is not there.
  public func similarity(_ first: String, _ second: String) throws -> Double {
    let a = try unit(first), b = try unit(second)
    return zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  /// The words whose vectors have the largest cosine with a word's, that word left out.
  ///
  /// - Throws: `LatheError.invalidArgument` where the word is not there.
  public func mostSimilar(to word: String, count: Int = 10) throws -> [(word: String, score: Double)] {
    try mostSimilar(positive: [word], count: count)
  }

  /// The words nearest to the sum of some words' directions less that of others, those words left out (3CosAdd, Mikolov et al., 2013).
  ///
  /// - Throws: `LatheError.invalidArgument` where a word is not there, or none is given.
  public func mostSimilar(
    positive: [String], negative: [String] = [], count: Int = 10
  ) throws -> [(word: String, score: Double)] {
    guard !(positive.isEmpty && negative.isEmpty) else {
      throw LatheError(.invalidArgument, "word vectors: no word to compare with")
    }
    var query = [Float](repeating: 0, count: width)
    for (words, sign) in [(positive, Float(1)), (negative, -1)] {
      for word in words {
        for (column, value) in try unit(word).enumerated() { query[column] += sign * value }
      }
    }
    let own = Set((positive + negative).compactMap(number))
    return nearest(query, count: count, excluding: own).map { (words[$0.number], $0.score) }
  }

  /// The word that is to `c` as `b` is to `a`.
  ///
  /// - Throws: `LatheError.invalidArgument` where a word is not there.
  public func analogy(_ a: String, _ b: String, _ c: String, count: Int = 1) throws -> [(
    word: String, score: Double
  )] {
    try mostSimilar(positive: [b, c], negative: [a], count: count)
  }

  /// The vectors with the largest cosine, the first of equals first.
  package func nearest(
    _ query: [Float], count: Int, excluding own: Set<Int>
  ) -> [(number: Int, score: Double)] {
    let square = query.reduce(0.0) { $0 + Double($1) * Double($1) }
    guard square > 0, count > 0 else { return [] }
    let scale = 1 / square.squareRoot()
    var best: [(number: Int, score: Double)] = []
    values.withUnsafeBufferPointer { values in
      query.withUnsafeBufferPointer { query in
        for number in words.indices where !own.contains(number) {
          let score = Double(Self.dot(values, number * width, query, width)) * Double(scales[number]) * scale
          if best.count == count, let last = best.last, score <= last.score { continue }
          let place = best.firstIndex { $0.score < score } ?? best.count
          best.insert((number, score), at: place)
          if best.count > count { best.removeLast() }
        }
      }
    }
    return best
  }

  /// The product of a row and a vector, eight elements at a time.
  @inline(__always) private static func dot(
    _ values: UnsafeBufferPointer<Float>, _ start: Int, _ query: UnsafeBufferPointer<Float>, _ width: Int
  ) -> Float {
    guard let row = UnsafeRawPointer(values.baseAddress), let other = UnsafeRawPointer(query.baseAddress)
    else {
      return 0
    }
    var sums = SIMD8<Float>()
    var column = 0
    while column + 8 <= width {
      sums +=
        row.loadUnaligned(fromByteOffset: 4 * (start + column), as: SIMD8<Float>.self)
        * other.loadUnaligned(fromByteOffset: 4 * column, as: SIMD8<Float>.self)
      column += 8
    }
    var sum = sums.sum()
    while column < width {
      sum += values[start + column] * query[column]
      column += 1
    }
    return sum
  }

  /// A word's vector at length one.
  func unit(_ word: String) throws -> [Float] {
    guard let number = number(of: word) else {
      throw LatheError(.invalidArgument, "word vectors: '\(word)' is not among the \(words.count) words")
    }
    return unit(number)
  }

  func unit(_ number: Int) -> [Float] {
    values[number * width..<(number + 1) * width].map { $0 * scales[number] }
  }
}
