import CPUKernels
import Foundation
import Lathe
import LatheCore
import LatheNN
import Testing

import LatheWordVectors

@Suite struct WordVectorTrainingTests {
  /// Two topics whose words never stand together; within a topic all words are alike.
  private static func sentences(_ count: Int) -> [[String]] {
    var random = WordRandom(seed: 5)
    let topics = [["sun", "sea", "sand", "wave", "beach"], ["code", "loop", "class", "type", "bug"]]
    return (0..<count).map { number in
      let topic = topics[number % 2]
      return (0..<8).map { _ in topic[Int(random.next() % UInt64(topic.count))] }
    }
  }

  @Test(arguments: [1, 3], [1, 2, 4, 6])
  func oneStepHasTheGradientOfTheLoss(rows: Int, targets: Int) throws {
    let (width, count) = (19, 9)
    let input = try RowTable(rows: count, width: width), output = try RowTable(rows: count, width: width)
    var random = WordRandom(seed: 3)
    input.fill(bound: 1, random: &random)
    output.fill(bound: 1, random: &random)
    let own = Array([Int32(4), 0, 7].prefix(rows))
    let wanted = Array([Int32(4), 2, 8, 1, 0, 6].prefix(targets))
    let before = (0..<count).map { input.row($0).map(Double.init) }
    let after = (0..<count).map { output.row($0).map(Double.init) }
    var tables = lathe_word_tables()
    (tables.input, tables.output, tables.stride) = (input.floats, output.floats, input.stride)
    let scratch = try RowTable(rows: 1, width: input.stride)
    lathe_word_step(&tables, own, rows, wanted, targets, 0.3, scratch.floats)

    var mean = [Double](repeating: 0, count: width)
    for row in own { for column in 0..<width { mean[column] += before[Int(row)][column] / Double(rows) } }
    var gradient = [Double](repeating: 0, count: width)
    var expected = after
    for (place, target) in wanted.enumerated() {
      let score = zip(mean, after[Int(target)]).reduce(0) { $0 + $1.0 * $1.1 }
      let pull = ((place == 0 ? 1 : 0) - 1 / (1 + exp(-score))) * 0.3
      for column in 0..<width {
        gradient[column] += pull * after[Int(target)][column]
        expected[Int(target)][column] += pull * mean[column]
      }
    }
    for row in 0..<count {
      for column in 0..<width {
        let moved = before[row][column] + (own.contains(Int32(row)) ? gradient[column] : 0)
        #expect(abs(Double(input.row(row)[column]) - moved) < 1e-5)
        #expect(abs(Double(output.row(row)[column]) - expected[row][column]) < 1e-5)
      }
      for column in width..<input.stride {
        #expect(
          input.floats[row * input.stride + column] == 0 && output.floats[row * input.stride + column] == 0)
      }
    }
  }

  @Test(arguments: WordVectorOptions.Objective.allCases, [false, true])
  func wordsOfATopicAreNearEachOther(objective: WordVectorOptions.Objective, hasSubwords: Bool) throws {
    let sentences = Self.sentences(400)
    let vocabulary = try CorpusVocabulary(sentences, minCount: 1)
    var options = WordVectorOptions()
    (options.objective, options.width, options.window, options.epochs) = (objective, 20, 3, 8)
    options.sample = 0
    if hasSubwords { options.subwords = .init(buckets: 500) }
    let trainer = try WordVectorTrainer(vocabulary, options: options)
    try trainer.train(sentences)
    let vectors = trainer.vectors()
    for (word, others) in [
      ("sun", ["sea", "sand", "wave", "beach"]), ("code", ["loop", "class", "type", "bug"]),
    ] {
      #expect(Set(try vectors.mostSimilar(to: word, count: 4).map(\.word)) == Set(others))
    }
    // The same seed gives the same bits with one thread, another one others.
    let again = try WordVectorTrainer(vocabulary, options: options)
    try again.train(sentences)
    #expect(again.vectors().values == vectors.values)
    options.seed = 2
    let other = try WordVectorTrainer(vocabulary, options: options)
    try other.train(sentences)
    #expect(other.vectors().values != vectors.values)
    // Only n-grams know other words.
    #expect((trainer.vector(of: "beaches") != nil) == hasSubwords)
    if hasSubwords {
      let near = try #require(trainer.vector(of: "beaches"))
      let found = vectors.nearest(near, count: 1, excluding: [])
      #expect(["sun", "sea", "sand", "wave", "beach"].contains(vectors.words[found[0].number]))
    }
  }

  @Test func severalThreadsLearnTheSame() throws {
    let sentences = Self.sentences(4000)
    let vocabulary = try CorpusVocabulary(sentences, minCount: 1)
    var options = WordVectorOptions()
    (options.width, options.threads, options.epochs, options.sample) = (16, 2, 2, 0)
    let trainer = try WordVectorTrainer(vocabulary, options: options)
    try trainer.train(sentences)
    #expect(
      Set(try trainer.vectors().mostSimilar(to: "sun", count: 4).map(\.word)) == [
        "sea", "sand", "wave", "beach",
      ])
  }

  @Test func wordsAreCountedAndCut() throws {
    let vocabulary = try CorpusVocabulary(
      [["b", "a", "b"], ["c", "a", "d"], ["é", "e\u{301}", "é"]], minCount: 2)
    #expect(vocabulary.words == ["b", "a", "é"] && vocabulary.counts == [2, 2, 2])
    #expect(vocabulary.number(of: "e\u{301}") == nil && vocabulary.number(of: "é") == 2)
    #expect(vocabulary.tokens([["a", "zzz", "b"], []]) == [1, 0, -1, -1])
    #expect(
      VectorFixture.message { _ = try CorpusVocabulary([["a"]], minCount: 2) }.contains("none occurs 2 times")
    )
    let trainer = try WordVectorTrainer(vocabulary)
    #expect(VectorFixture.message { try trainer.train([["zzz"]]) }.contains("no word of the text"))
  }

  @Test func wordsAreDrawnByTheirWeights() throws {
    let weights = [5.0, 1, 0.5, 3, 0.5]
    let table = AliasTable(weights)
    var shares = [Double](repeating: 0, count: weights.count)
    for (place, share) in table.shares.enumerated() {
      shares[place] += Double(share) / 0x1p24 / 5
      shares[Int(table.aliases[place])] += (1 - Double(share) / 0x1p24) / 5
    }
    for (share, weight) in zip(shares, weights) { #expect(abs(share - weight / 10) < 1e-6) }
  }

  @Test func valuesThatCannotBeUsedAreErrors() throws {
    let vocabulary = try CorpusVocabulary([["a", "a"]], minCount: 1)
    func message(_ change: (inout WordVectorOptions) -> Void) -> String {
      var options = WordVectorOptions()
      change(&options)
      return VectorFixture.message { _ = try WordVectorTrainer(vocabulary, options: options) }
    }
    #expect(message { $0.width = 0 }.contains("not 0"))
    #expect(message { $0.negatives = 64 }.contains("1 to 63"))
    #expect(message { $0.window = 0 }.contains("window"))
    #expect(message { $0.learningRate = .nan }.contains("learning rate"))
    #expect(message { $0.subwords = .init(minLength: 4, maxLength: 3) }.contains("n-grams"))
  }

  @Test func vectorsBecomeALayer() throws {
    let vectors = try WordVectors(words: ["a", "b"], values: [1, 2, 3, 4], width: 2)
    let (layer, found) = try vectors.embedding(
      for: ["<pad>", "b", "new", "a"], paddingIndex: 0, deviation: 0)
    #expect(found == 2)
    #expect(try layer.weight.value.scalars(as: Float.self) == [0, 0, 3, 4, 0, 0, 1, 2])
    #expect(VectorFixture.message { _ = try vectors.embedding(for: ["A"]) }.contains("is it their case"))
    #expect(
      VectorFixture.message { _ = try vectors.embedding(for: ["a"], paddingIndex: 1) }.contains("padding"))
  }
}
