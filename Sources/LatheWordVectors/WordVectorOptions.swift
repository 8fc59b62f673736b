import LatheCore

/// How vectors of words are learnt; names and values are those of word2vec and fastText where those have them.
public struct WordVectorOptions: Sendable, Hashable {
  /// What predicts what.
  public enum Objective: String, Sendable, CaseIterable {
    /// A word predicts each word around it.
    case skipGram = "skip-gram"
    /// The mean of the words around predicts the word.
    case cbow
  }

  /// N-grams of a word's characters that have vectors, too (Bojanowski et al., 2017).
  public struct Subwords: Sendable, Hashable {
    /// The shortest n-grams, in characters, the marks of a word's ends counted.
    public var minLength = 3
    /// The longest.
    public var maxLength = 6
    /// How many vectors all n-grams share by their hashes.
    public var buckets = 2_000_000

    /// fastText's lengths.
    public init(minLength: Int = 3, maxLength: Int = 6, buckets: Int = 2_000_000) {
      (self.minLength, self.maxLength, self.buckets) = (minLength, maxLength, buckets)
    }
  }

  /// What predicts what.
  public var objective = Objective.skipGram
  /// Elements of a vector.
  public var width = 100
  /// The most words on each side that are looked at; how many is drawn at each word.
  public var window = 5
  /// Words drawn beside each right one.
  public var negatives = 5
  /// The power of their frequency by which they are drawn.
  public var negativePower = 0.75
  /// The share of the corpus from which on a word is sometimes left out; 0 for never.
  public var sample = 1e-3
  /// The learning rate at the start; nil is 0.025, and 0.05 for CBOW and sub-words.
  public var learningRate: Double?
  /// The learning rate at the end, to which it falls in a line.
  public var minLearningRate = 0.0001
  /// How often the corpus is gone through.
  public var epochs = 5
  /// Sub-words, nil for none.
  public var subwords: Subwords?
  /// Threads that train at once; with one the same seed gives the same vectors.
  public var threads = 1
  /// What is drawn.
  public var seed: UInt64 = 1

  /// word2vec's defaults.
  public init() {}

  /// The learning rate at the start.
  var firstRate: Double { learningRate ?? (objective == .cbow || subwords != nil ? 0.05 : 0.025) }

  /// Makes sure that the values can be used.
  ///
  /// - Throws: `LatheError.invalidArgument` naming the value.
  func check() throws {
    func require(_ holds: Bool, _ what: String) throws {
      guard holds else { throw LatheError(.invalidArgument, "word vectors: \(what)") }
    }
    try require(1...65536 ~= width, "vectors have 1 to 65536 elements, not \(width)")
    try require(1...1000 ~= window, "a window has 1 to 1000 words on each side, not \(window)")
    try require(1...63 ~= negatives, "1 to 63 words are drawn beside a right one, not \(negatives)")
    try require(negativePower.isFinite, "the power of frequencies is a number, not \(negativePower)")
    try require(sample >= 0 && sample.isFinite, "sample is a share of 0 or more, not \(sample)")
    try require(firstRate > 0 && firstRate.isFinite, "the learning rate is above 0, not \(firstRate)")
    try require(
      minLearningRate >= 0 && minLearningRate <= firstRate,
      "the last learning rate is 0 to \(firstRate), not \(minLearningRate)")
    try require(1...100_000 ~= epochs, "epochs are 1 to 100000, not \(epochs)")
    try require(1...1024 ~= threads, "threads are 1 to 1024, not \(threads)")
    if let subwords {
      try require(
        subwords.minLength >= 1 && subwords.minLength <= subwords.maxLength && subwords.maxLength <= 64,
        "n-grams have 1 to 64 characters, the shortest no more than the longest")
      try require(1...100_000_000 ~= subwords.buckets, "buckets are 1 to 100000000, not \(subwords.buckets)")
    }
  }
}
