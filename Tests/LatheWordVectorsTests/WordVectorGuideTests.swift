import Foundation
import Lathe
import LatheNN
import LatheWordVectors
import Testing

/// The examples of docs/word-vectors.md; a test compares the texts.
@Suite struct WordVectorGuideTests {
  @Test func everyExampleStandsInThisFile() throws {
    func lines(_ text: String) -> [String] {
      text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
    let tests = URL(fileURLWithPath: #filePath)
    let path = tests.deletingLastPathComponent().appendingPathComponent("../../docs/word-vectors.md")
      .standardized
    let source = lines(try String(contentsOf: tests, encoding: .utf8)).joined(separator: "\n")
    let blocks = try String(contentsOf: path, encoding: .utf8).components(separatedBy: "```")
      .filter { $0.hasPrefix("swift\n") }
    #expect(blocks.count == 3)
    for block in blocks {
      #expect(source.contains(lines(block).dropFirst().joined(separator: "\n")), "\(block)")
    }
  }

  @Test func fromATextToALayer() throws {
    let topics = [["sun", "sea", "sand", "wave"], ["code", "loop", "class", "type"]]
    let text = (0..<200).map { (line: Int) -> String in
      let topic = topics[line % 2]
      let words = (0..<8).map { (place: Int) -> String in topic[(line / 2 * 5 + place * (place + line)) % 4] }
      return words.joined(separator: " ")
    }
    let corpusPath = try VectorFixture.write(Array((text.joined(separator: "\n") + "\n").utf8))
    let vectorPath = VectorFixture.temporary()
    var options = WordVectorOptions()
    (options.width, options.epochs, options.window) = (16, 8, 3)
    let vocabulary = try CorpusVocabulary(path: corpusPath, minCount: 2)
    let trainer = try WordVectorTrainer(vocabulary, options: options)
    try trainer.train(path: corpusPath)
    let vectors = trainer.vectors()
    print(try vectors.mostSimilar(to: "sun", count: 3))
    try vectors.write(to: vectorPath, format: .binary)

    let words = try WordVectors(path: vectorPath)
    let (layer, found) = try words.embedding(for: ["<pad>", "sun", "sea", "unheard"], paddingIndex: 0)
    print("\(found) of 4 words have a vector", layer.weight.shape)
    #expect(found == 2 && layer.weight.shape == [4, 16])

    let counts = try CooccurrenceCounts(path: corpusPath, vocabulary: vocabulary, window: 8)
    var plan = GloVe.Options()
    (plan.width, plan.epochs) = (16, 10)
    let glove = try GloVe(counts, options: plan)
    print("errors", glove.train())
    print(try glove.result().similarity("sun", "sea"))
    #expect(try glove.result().similarity("sun", "sea") > glove.result().similarity("sun", "code"))
  }
}
