import CPUKernels
import Foundation
import LatheCore
import Synchronization

/// Learns vectors of words: word2vec's skip-gram and CBOW with negative sampling (Mikolov et al., 2013), fastText's sub-words.
public final class WordVectorTrainer {
  /// The words.
  public let vocabulary: CorpusVocabulary
  /// How they are learnt.
  public let options: WordVectorOptions
  /// Told how many of all words have been gone through, after each part of some thousand words of the first thread.
  public var progress: (@Sendable (_ done: Int, _ total: Int) -> Void)?

  let input: RowTable
  let output: RowTable
  private let starts: [Int32]
  private let bags: [Int32]
  private let keep: [UInt32]
  private let negatives: AliasTable
  /// Words that a thread takes at a time.
  private static let part = 10_000

  /// Tables with their first values.
  ///
  /// - Throws: `LatheError` for values that cannot be used, or where there is no memory for the tables.
  public init(_ vocabulary: CorpusVocabulary, options: WordVectorOptions = WordVectorOptions()) throws {
    try options.check()
    self.vocabulary = vocabulary
    self.options = options
    let count = vocabulary.words.count
    let rows = count + (options.subwords?.buckets ?? 0)
    guard rows <= Int(Int32.max) else {
      throw LatheError(.invalidArgument, "word vectors: \(rows) words and buckets, more than \(Int32.max)")
    }
    input = try RowTable(rows: rows, width: options.width)
    output = try RowTable(rows: count, width: options.width)
    var random = WordRandom(seed: options.seed)
    input.fill(bound: (options.subwords == nil ? 0.5 : 1) / Float(options.width), random: &random)
    (starts, bags) = Self.bags(vocabulary, options.subwords)
    keep = Self.kept(vocabulary, options.sample)
    negatives = AliasTable(vocabulary.counts.map { pow(Double($0), options.negativePower) })
  }

  /// Goes through sentences as often as the options say.
  ///
  /// - Throws: `LatheError.invalidArgument` where no sentence has a word of the vocabulary.
  public func train(_ sentences: some Sequence<[String]>) throws {
    try train(tokens: vocabulary.tokens(sentences))
  }

  /// The same of a text whose lines are sentences.
  ///
  /// - Throws: `LatheError` for what cannot be read, or where no line has a word of the vocabulary.
  public func train(path: String) throws { try train(tokens: vocabulary.tokens(path: path)) }

  /// The vectors: rows of words, or the means of their rows and those of their n-grams.
  public func vectors() -> WordVectors {
    var values: [Float] = []
    values.reserveCapacity(vocabulary.words.count * options.width)
    for word in vocabulary.words.indices { values += vector(bag(word)) }
    return WordVectors(trusted: vocabulary.words, values, width: options.width)
  }

  /// The vector of any word by its n-grams; nil where it is unknown and has none.
  public func vector(of word: String) -> [Float]? {
    if let number = vocabulary.number(of: word) { return vector(bag(number)) }
    guard let subwords = options.subwords else { return nil }
    let rows = subwords.buckets(of: word).map { $0 + vocabulary.words.count }
    return rows.isEmpty ? nil : vector(rows)
  }

  private func bag(_ word: Int) -> [Int] {
    starts.isEmpty ? [word] : bags[Int(starts[word])..<Int(starts[word + 1])].map(Int.init)
  }

  private func vector(_ rows: [Int]) -> [Float] {
    var sum = [Float](repeating: 0, count: options.width)
    for row in rows { for (column, value) in input.row(row).enumerated() { sum[column] += value } }
    return rows.count == 1 ? sum : sum.map { $0 / Float(rows.count) }
  }

  /// Goes through words by their numbers, of which -1 ends a sentence.
  package func train(tokens: [Int32]) throws {
    let parts = Self.parts(tokens)
    let total = tokens.count { $0 >= 0 } * options.epochs
    guard total > 0 else {
      throw LatheError(.invalidArgument, "word vectors: no word of the text is in the vocabulary")
    }
    let work = parts.count * options.epochs
    let next = Atomic(0)
    let done = Atomic(0)
    let (first, last) = (options.firstRate, options.minLearningRate)
    let seed = options.seed
    let threads = min(options.threads, work)
    nonisolated(unsafe) let trainer = self
    nonisolated(unsafe) let scratches = try (0..<threads).map {
      try WordScratch(trainer, seed: seed &+ UInt64($0) &* 0x9E37_79B9)
    }
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      let scratch = scratches[thread]
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < work else { return }
        let range = parts[index % parts.count]
        let before = done.load(ordering: .relaxed)
        let rate = max(last, first - (first - last) * Double(before) / Double(total))
        trainer.run(tokens, range.range, Float(rate), scratch)
        let now = done.add(range.words, ordering: .relaxed).newValue
        if thread == 0 { trainer.progress?(now, total) }
      }
    }
  }

  /// Ranges of whole sentences, each of some thousand words; longer sentences are cut.
  private static func parts(_ tokens: [Int32]) -> [(range: Range<Int>, words: Int)] {
    var result: [(Range<Int>, Int)] = []
    var (start, words, end, wordsToEnd) = (0, 0, 0, 0)
    for (index, token) in tokens.enumerated() {
      if token >= 0 { words += 1 } else { (end, wordsToEnd) = (index + 1, words) }
      guard words >= part else { continue }
      if end <= start { (end, wordsToEnd) = (index + 1, words) }
      result.append((start..<end, wordsToEnd))
      (start, words, wordsToEnd) = (end, words - wordsToEnd, 0)
    }
    if words > 0 { result.append((start..<tokens.count, words)) }
    return result
  }

  /// Calls back with the tables as the C loops take them.
  func withTables<Result>(_ body: (UnsafePointer<lathe_word_tables>) -> Result) -> Result {
    starts.withUnsafeBufferPointer { starts in
      bags.withUnsafeBufferPointer { bags in
        keep.withUnsafeBufferPointer { keep in
          negatives.shares.withUnsafeBufferPointer { shares in
            negatives.aliases.withUnsafeBufferPointer { aliases in
              var tables = lathe_word_tables()
              tables.input = input.floats
              tables.output = output.floats
              tables.stride = input.stride
              tables.starts = starts.isEmpty ? nil : starts.baseAddress
              tables.bags = bags.baseAddress
              tables.keep = keep.isEmpty ? nil : keep.baseAddress
              tables.shares = shares.baseAddress
              tables.aliases = aliases.baseAddress
              tables.words = vocabulary.words.count
              tables.window = Int32(options.window)
              tables.negatives = Int32(options.negatives)
              tables.is_cbow = options.objective == .cbow ? 1 : 0
              return withUnsafePointer(to: tables, body)
            }
          }
        }
      }
    }
  }

  private func run(_ tokens: [Int32], _ range: Range<Int>, _ rate: Float, _ scratch: WordScratch) {
    scratch.reserve(range.count)
    withTables { tables in
      tokens.withUnsafeBufferPointer { tokens in
        guard let base = tokens.baseAddress else { return }
        lathe_word_train(
          tables, base + range.lowerBound, range.count, rate, &scratch.random, &scratch.kept, &scratch.rows,
          scratch.floats.floats)
      }
    }
  }

  /// The most rows that make up one word.
  var longestBag: Int {
    starts.isEmpty ? 1 : zip(starts, starts.dropFirst()).map { Int($1 - $0) }.max() ?? 1
  }

  private static func bags(
    _ vocabulary: CorpusVocabulary, _ subwords: WordVectorOptions.Subwords?
  ) -> ([Int32], [Int32]) {
    guard let subwords else { return ([], []) }
    var starts: [Int32] = [0]
    var bags: [Int32] = []
    for (number, word) in vocabulary.words.enumerated() {
      bags.append(Int32(number))
      bags += subwords.buckets(of: word).map { Int32($0 + vocabulary.words.count) }
      starts.append(Int32(bags.count))
    }
    return (starts, bags)
  }

  /// How many of 2^31 numbers let a word stay, as word2vec has it.
  private static func kept(_ vocabulary: CorpusVocabulary, _ sample: Double) -> [UInt32] {
    guard sample > 0 else { return [] }
    let threshold = sample * Double(vocabulary.counts.reduce(0, +))
    return vocabulary.counts.map { count in
      let share = threshold / Double(count)
      return UInt32(min(1, share.squareRoot() + share) * 0x1p31)
    }
  }
}

/// What a thread works with.
final class WordScratch {
  var random: UInt64
  var kept: [Int32] = []
  var rows: [Int32]
  let floats: RowTable

  init(_ trainer: WordVectorTrainer, seed: UInt64) throws {
    var random = WordRandom(seed: seed ^ 0x5DEE_CE66_D1CE_4E5B)
    // The C loops' generator would stay at 0.
    self.random = random.next() | 1
    let around = trainer.options.objective == .cbow ? 2 * trainer.options.window : 1
    rows = [Int32](repeating: 0, count: around * trainer.longestBag)
    floats = try RowTable(rows: 1, width: trainer.input.stride)
  }

  func reserve(_ count: Int) {
    if kept.count < count { kept = [Int32](repeating: 0, count: count) }
  }
}
