import Foundation
import LatheCore
import LatheText
import Testing

/// Tokenisers that are learned from texts.
@Suite("Trainers of tokenisers")
struct TrainerTests {
  private let texts = (0..<60).flatMap { index in
    ["the lower and the lowest of \(index) foxes, newer and newest", "wider and widest é \(index % 7)"]
  }

  @Test("Each reads what it wrote, and text comes back")
  func trips() throws {
    var wordPiece = WordPieceTrainer(vocabularySize: 150)
    wordPiece.alphabetLimit = 200
    let trained = [
      try BPETrainer(vocabularySize: 320).train(texts), try wordPiece.train(texts),
      try UnigramTrainer(vocabularySize: 120).train(texts),
    ]
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).json").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    for tokenizer in trained {
      try tokenizer.write(to: path)
      let read = try Tokenizer(path: path)
      let text = "the lowest foxes and widest é"
      let found = try tokenizer.encode(text)
      #expect(try read.encode(text) == found)
      let plain = try tokenizer.decode(found.ids)
      #expect(plain == text || plain == "the lowest foxes and widest e")
      #expect(found.count < 20)
    }
  }

  @Test("The most frequent pair joins first")
  func order() throws {
    let trained = try BPETrainer(vocabularySize: 259).train(["abab abab", "abc"])
    #expect(trained.token(of: 257) == "ab" && trained.token(of: 258) == "abab")
  }

  @Test("Sizes that are not possible")
  func sizes() {
    #expect(throws: LatheError.self) { try BPETrainer(vocabularySize: 1).train(texts) }
    #expect(throws: LatheError.self) { try BPETrainer(vocabularySize: 300).train([""]) }
    #expect(throws: LatheError.self) { try WordPieceTrainer(vocabularySize: 9).train(texts) }
    #expect(throws: LatheError.self) { try UnigramTrainer(vocabularySize: 9).train(texts) }
  }

  @Test("A word of 100,000 characters")
  func long() throws {
    let text = [String(repeating: "abc", count: 33_000), "abc abc"]
    _ = try BPETrainer(vocabularySize: 280).train(text)
    _ = try UnigramTrainer(vocabularySize: 40).train(text)
  }
}
