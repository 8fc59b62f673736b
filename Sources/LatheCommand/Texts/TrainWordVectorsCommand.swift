#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheWordVectors

  struct TrainWordVectorsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "train-word-vectors", abstract: "Learns vectors of words from a text.",
      discussion: "Each line is a sentence, words are apart by white space; see docs/word-vectors.md.",
      shouldDisplay: false)

    /// What `lathe train` knows the command by.
    enum Task: String, ExpressibleByArgument, CaseIterable {
      case wordVectors = "word-vectors"
    }

    enum Objective: String, ExpressibleByArgument, CaseIterable {
      case skipGram = "skip-gram"
      case cbow, glove
    }

    @Argument(help: "word-vectors.")
    var task: Task

    @Option(help: ArgumentHelp("A UTF-8 text, gzipped or not.", valueName: "file"))
    var data: String

    @Option(
      help: ArgumentHelp(
        "Where vectors are written: binary where the name ends in .bin, else text.", valueName: "file"))
    var output: String

    @Option(help: "skip-gram, cbow or glove.")
    var objective = Objective.skipGram

    @Option(parsing: .unconditional, help: "Elements of a vector.")
    var width = 100

    @Option(
      parsing: .unconditional, help: "How many words on each side are looked at; without it 5, for glove 15.")
    var window: Int?

    @Option(parsing: .unconditional, help: "Words that occur less often are left out.")
    var minCount = 5

    @Option(parsing: .unconditional, help: "Words drawn beside each right one; without it 5.")
    var negatives: Int?

    @Option(
      parsing: .unconditional,
      help: "The share of the text from which on a word is sometimes left out; without it 0.001.")
    var sample: Double?

    @Option(parsing: .unconditional, help: "How often the text is gone through; without it 5, for glove 25.")
    var epochs: Int?

    @Option(
      parsing: .unconditional,
      help: "The learning rate at the start; without it 0.025, and 0.05 for cbow, sub-words and glove.")
    var learningRate: Double?

    @Flag(help: "Give n-grams of characters vectors, too, as fastText does.")
    var subwords = false

    @Option(parsing: .unconditional, help: "How many vectors the n-grams share; without it 2000000.")
    var buckets: Int?

    @Option(
      parsing: .unconditional,
      help: "Threads; with 1 the same seed gives the same vectors. Without it all processors.")
    var threads: Int?

    @Option(help: "What is drawn.")
    var seed: UInt64 = 1

    func validate() throws {
      if data.isEmpty || output.isEmpty { throw ValidationError("a path is empty; name a file") }
      if minCount < 1 { throw ValidationError("--min-count is \(minCount); give 1 or more") }
      if buckets != nil && !subwords { throw ValidationError("--buckets is for --subwords") }
      if objective == .glove && (subwords || negatives != nil || sample != nil) {
        throw ValidationError(
          "--subwords, --negatives and --sample are for skip-gram and cbow, not for glove")
      }
    }

    func run() throws {
      let vocabulary = try CorpusVocabulary(path: data, minCount: minCount)
      let threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
      Terminal.note(
        "lathe: \(vocabulary.words.count) words, \(vocabulary.counts.reduce(0, +)) in the text, \(threads) threads"
      )
      let vectors = try objective == .glove ? glove(vocabulary, threads) : predicted(vocabulary, threads)
      try vectors.write(to: output, format: output.hasSuffix(".bin") ? .binary : .text)
      Terminal.output("\(output): \(vectors.words.count) words of \(vectors.width)")
    }

    private func predicted(_ vocabulary: CorpusVocabulary, _ threads: Int) throws -> WordVectors {
      var options = WordVectorOptions()
      options.objective = objective == .cbow ? .cbow : .skipGram
      (options.width, options.threads, options.seed) = (width, threads, seed)
      if let window { options.window = window }
      if let negatives { options.negatives = negatives }
      if let sample { options.sample = sample }
      if let epochs { options.epochs = epochs }
      options.learningRate = learningRate
      if subwords { options.subwords = .init(buckets: buckets ?? 2_000_000) }
      let trainer = try WordVectorTrainer(vocabulary, options: options)
      try trainer.train(path: data)
      return trainer.vectors()
    }

    private func glove(_ vocabulary: CorpusVocabulary, _ threads: Int) throws -> WordVectors {
      let counts = try CooccurrenceCounts(path: data, vocabulary: vocabulary, window: window ?? 15)
      var options = GloVe.Options()
      (options.width, options.threads, options.seed) = (width, threads, seed)
      if let epochs { options.epochs = epochs }
      if let learningRate { options.learningRate = learningRate }
      let model = try GloVe(counts, options: options)
      for (epoch, error) in model.train().enumerated() {
        Terminal.note(String(format: "lathe: epoch %ld, error %.5f", epoch + 1, error))
      }
      return model.result()
    }
  }
#endif
