#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheWordVectors

  /// `lathe vectors`, questions to vectors of words.
  struct VectorsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "vectors",
      abstract: "Finds neighbours and analogies in vectors of words, and scores them.",
      subcommands: [VectorsSimilarCommand.self, VectorsAnalogyCommand.self, VectorsEvaluateCommand.self])
  }

  /// The file of vectors.
  struct VectorFile: ParsableArguments {
    @Option(help: ArgumentHelp("A file of word2vec, text or binary, or of GloVe.", valueName: "file"))
    var vectors: String

    @Option(parsing: .unconditional, help: "No more words of the file than this are read.")
    var limit: Int?

    func validate() throws {
      if let limit, limit < 1 { throw ValidationError("--limit is \(limit); give 1 or more") }
    }

    func read() throws -> WordVectors {
      let result = try WordVectors(path: vectors, limit: limit)
      if result.duplicates > 0 {
        Terminal.note("lathe: \(vectors): \(result.duplicates) words come again and were left out")
      }
      return result
    }

    static func show(_ found: [(word: String, score: Double)]) {
      for item in found { Terminal.output("\(item.word)\t" + String(format: "%.4f", item.score)) }
    }
  }

  struct VectorsSimilarCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "similar", abstract: "The words nearest to each of some words, with their cosines.")

    @OptionGroup var file: VectorFile

    @Option(parsing: .unconditional, help: "How many.")
    var count = 10

    @Argument(help: "The words.")
    var words: [String]

    func run() throws {
      let vectors = try file.read()
      for word in words {
        if words.count > 1 { Terminal.output("\(word):") }
        VectorFile.show(try vectors.mostSimilar(to: word, count: count))
      }
    }
  }

  struct VectorsAnalogyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "analogy", abstract: "What is to the third word as the second is to the first.")

    @OptionGroup var file: VectorFile

    @Option(parsing: .unconditional, help: "How many.")
    var count = 5

    @Argument(help: "Three words.")
    var words: [String]

    func validate() throws {
      guard words.count == 3 else { throw ValidationError("\(words.count) words; an analogy takes three") }
    }

    func run() throws {
      VectorFile.show(try file.read().analogy(words[0], words[1], words[2], count: count))
    }
  }

  struct VectorsEvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "evaluate",
      abstract: "Spearman's correlation with scores of pairs, and the share of analogies solved.")

    @OptionGroup var file: VectorFile

    @Option(
      help: ArgumentHelp(
        "Lines of two words and a score, as of WordSim-353 and SimLex-999.", valueName: "file"))
    var pairs: String?

    @Option(
      help: ArgumentHelp(
        "Lines of four words, sections after a colon, as of questions-words.txt.", valueName: "file"))
    var analogies: String?

    func validate() throws {
      if pairs == nil && analogies == nil { throw ValidationError("give --pairs or --analogies, or both") }
    }

    func run() throws {
      let pairs = try pairs.map(WordVectors.pairs), questions = try analogies.map(WordVectors.analogies)
      let vectors = try file.read()
      if let pairs {
        let score = vectors.evaluate(pairs: pairs)
        let text = score.spearman.map { String(format: "%.4f", $0) } ?? "none"
        Terminal.output("spearman \(text) on \(score.pairs) pairs, \(score.unknown) unknown")
      }
      if let questions {
        let score = vectors.evaluate(analogies: questions)
        Terminal.output(
          String(format: "analogies %.4f, ", score.accuracy)
            + "\(score.right) of \(score.questions), \(score.unknown) unknown")
      }
    }
  }
#endif
