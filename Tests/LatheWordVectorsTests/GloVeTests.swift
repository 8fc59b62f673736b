import Foundation
import Testing

import LatheWordVectors

@Suite struct GloVeTests {
  @Test func pairsAreCountedByTheirDistance() throws {
    let sentences = [["a", "b", "a", "c"], ["c", "b"]]
    let vocabulary = try CorpusVocabulary(sentences, minCount: 1)
    let counts = try CooccurrenceCounts(sentences, vocabulary: vocabulary, window: 2)
    #expect(counts.count("a", near: "b") == 2 && counts.count("b", near: "a") == 2)
    #expect(counts.count("a", near: "a") == 1)
    #expect(counts.count("b", near: "c") == 1.5 && counts.count("c", near: "a") == 1)
    let before = try CooccurrenceCounts(sentences, vocabulary: vocabulary, window: 2, isSymmetric: false)
    #expect(before.count("b", near: "a") == 1 && before.count("a", near: "b") == 1)
    #expect(before.count("c", near: "b") == 0.5 && before.count("b", near: "c") == 1)
    #expect(throws: (any Error).self) { try CooccurrenceCounts([["a"]], vocabulary: vocabulary) }
  }

  @Test func oneStepIsAdaGrads() throws {
    let sentences = [["a", "b", "a", "c", "b"]]
    let vocabulary = try CorpusVocabulary(sentences, minCount: 1)
    var options = GloVe.Options()
    options.width = 7
    options.maxCount = 3
    let model = try GloVe(CooccurrenceCounts(sentences, vocabulary: vocabulary), options: options)
    let cell = model.counts.cells[1]
    let (word, _) = model.rows(Int(cell.word)), (_, context) = model.rows(Int(cell.context))
    let error = model.step(1)
    let w = word.map(Double.init), c = context.map(Double.init), count = Double(cell.count)
    let difference = zip(w, c).dropLast().reduce(w[7] + c[7] - log(count)) { $0 + $1.0 * $1.1 }
    let weight = count < 3 ? pow(count / 3, 0.75) : 1
    #expect(abs(error - 0.5 * weight * difference * difference) < 1e-5)
    let (after, _) = model.rows(Int(cell.word)), (_, afterContext) = model.rows(Int(cell.context))
    for column in 0...7 {
      let scale = weight * difference * 0.05
      #expect(abs(Double(after[column]) - (w[column] - scale * (column < 7 ? c[column] : 1))) < 1e-6)
      #expect(abs(Double(afterContext[column]) - (c[column] - scale * (column < 7 ? w[column] : 1))) < 1e-6)
    }
  }

  @Test func errorsFallAndTopicsPart() throws {
    var random = WordRandom(seed: 5)
    let topics = [["sun", "sea", "sand", "wave", "a"], ["code", "loop", "class", "type", "a"]]
    let sentences = (0..<300).map { number in (0..<8).map { _ in topics[number % 2][Int(random.next() % 5)] }
    }
    let vocabulary = try CorpusVocabulary(sentences, minCount: 1)
    var options = GloVe.Options()
    (options.width, options.epochs) = (8, 30)
    let counts = try CooccurrenceCounts(sentences, vocabulary: vocabulary, window: 4)
    let model = try GloVe(counts, options: options)
    let errors = model.train()
    #expect(errors[29] < errors[0] / 10)
    #expect(Set(try model.result().mostSimilar(to: "sun", count: 3).map(\.word)) == ["sea", "sand", "wave"])
    let again = try GloVe(counts, options: options)
    #expect(again.train() == errors && again.result().values == model.result().values)
    options.width = 0
    #expect(throws: (any Error).self) { try GloVe(counts, options: options) }
  }
}
