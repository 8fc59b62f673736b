import Foundation
import LatheCore
import LatheWordVectors

/// Trains vectors of words for benchmarks/peers/word2vec_peer.py, and copies files of vectors for scripts/check-word-vectors.py.
@main
enum WordVectorCheck {
  static let usage = """
    WordVectorCheck bench TEXT THREADS [skip-gram|cbow] [subwords]: for each line of standard input, seconds of training and words
    WordVectorCheck train TEXT THREADS EPOCHS OUTPUT: vectors of 100, skip-gram
    WordVectorCheck copy INPUT OUTPUT text|binary
    WordVectorCheck score VECTORS PAIRS ANALOGIES
    """

  static func main() {
    do {
      try run(Array(CommandLine.arguments.dropFirst()))
    } catch {
      FileHandle.standardError.write(Data("WordVectorCheck: \(error)\n".utf8))
      exit(1)
    }
  }

  private static func run(_ arguments: [String]) throws {
    switch (arguments.first, arguments.count) {
    case ("bench", 3...5):
      var options = WordVectorOptions()
      options.epochs = 1
      options.threads = Int(arguments[2]) ?? 1
      options.objective = arguments.contains("cbow") ? .cbow : .skipGram
      if arguments.contains("subwords") { options.subwords = .init() }
      let vocabulary = try CorpusVocabulary(path: arguments[1])
      while readLine() != nil {
        let trainer = try WordVectorTrainer(vocabulary, options: options)
        let tokens = try vocabulary.tokens(path: arguments[1])
        let start = ContinuousClock.now
        try trainer.train(tokens: tokens)
        let time = (ContinuousClock.now - start).components
        print(Double(time.seconds) + Double(time.attoseconds) * 1e-18, tokens.count { $0 >= 0 })
        fflush(nil)
      }
    case ("train", 5):
      var options = WordVectorOptions()
      (options.threads, options.epochs) = (Int(arguments[2]) ?? 1, Int(arguments[3]) ?? 1)
      let trainer = try WordVectorTrainer(CorpusVocabulary(path: arguments[1]), options: options)
      try trainer.train(path: arguments[1])
      try trainer.vectors().write(to: arguments[4])
    case ("copy", 4):
      let format = WordVectors.Format(rawValue: arguments[3]) ?? .text
      try WordVectors(path: arguments[1]).write(to: arguments[2], format: format)
    case ("score", 4):
      let vectors = try WordVectors(path: arguments[1])
      let pairs = vectors.evaluate(pairs: try WordVectors.pairs(path: arguments[2]))
      let analogies = vectors.evaluate(analogies: try WordVectors.analogies(path: arguments[3]))
      print(pairs.spearman ?? .nan, pairs.pairs, analogies.right, analogies.questions)
    default:
      print(usage)
      exit(2)
    }
  }
}
