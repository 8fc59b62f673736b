import Lathe
import LatheText
import LatheTuning
import Testing

/// The pieces of words, against the library tokenizers.
@Suite("Pieces of words")
struct WordPieceTests {
  @Test("First pieces are those of words given one by one")
  func firsts() throws {
    for values in try TaggingFixture.load("pieces", as: [TaggingFixture.Pieces].self) {
      let tokenizer = try Tokenizer(json: Array(values.tokenizer.utf8), source: values.name)
      let found = try TaggedWindows(
        values.rows.map(\.words), tokenizer: tokenizer, length: 128, source: values.name)
      #expect(found.dividedCount == 0 && found.cutCount == 0)
      for (window, row) in zip(found.windows, values.rows) {
        #expect(window.tokens == row.ids, "\(values.name)")
        #expect(window.firsts == row.firsts, "\(values.name)")
      }
      // Windows of few pieces have every word once, and each the same first piece.
      let row = values.rows[0]
      let parts = try TaggedWindows(
        [row.words], labels: [row.words.indices.map { Int32($0 % 3) }], goesOn: { $0 == 1 },
        tokenizer: tokenizer, length: 14, source: values.name)
      #expect(parts.dividedCount == 1 && parts.windows.count > 1)
      #expect(parts.windows.allSatisfy { $0.tokens.count <= 14 })
      #expect(
        parts.windows.flatMap { window in window.firsts.map { window.tokens[Int($0)] } }
          == row.firsts.map { row.ids[Int($0)] })
      // Words of more pieces than a window are cut, and counted.
      let narrow = try TaggedWindows(
        [["unflattering", "Smith-Jones"]], tokenizer: tokenizer, length: 3, source: values.name)
      #expect(narrow.windows.count == 2 && narrow.cutCount > 0)
      #expect(
        message {
          _ = try TaggedWindows([["a"]], tokenizer: tokenizer, length: 2, source: values.name)
        }.contains("no room for words"))
    }
  }
}
