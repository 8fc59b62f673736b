#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheTextMetrics

  struct ScoreROUGECommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rouge",
      abstract: "ROUGE-1, 2, L and Lsum of summaries: precision, recall and F, means of lines.")

    @OptionGroup var files: ScoredTexts

    @Flag(help: "Compare stems of words.")
    var stemmer = false

    @Option(
      help: ArgumentHelp(
        "What separates sentences within a line, for Lsum; without it a line is a sentence.",
        valueName: "text"))
    var sentenceMark: String?

    func validate() throws {
      if sentenceMark?.isEmpty == true {
        throw ValidationError("--sentence-mark is empty; name a text such as <n>")
      }
    }

    func run() throws {
      var (texts, references) = try files.read()
      if let sentenceMark {
        func cut(_ text: String) -> String { text.replacingOccurrences(of: sentenceMark, with: "\n") }
        texts = texts.map(cut)
        references = references.map { $0.map(cut) }
      }
      let metrics = try [.n(1), .n(2), .l, .lSum].map { try ROUGE($0, usesStemmer: stemmer) }
      if files.sentences {
        for (index, text) in texts.enumerated() {
          let scores = try metrics.map { metric in
            "\(metric.kind) \(Self.text(try metric.score(text, references: references.map { $0[index] })))"
          }
          Terminal.output(scores.joined(separator: "; "))
        }
      }
      for metric in metrics {
        Terminal.output("\(metric.kind) \(Self.text(try metric.meanScore(texts, references: references)))")
      }
    }

    private static func text(_ score: ROUGEScore) -> String {
      String(
        format: "precision %.4f recall %.4f fmeasure %.4f", score.precision, score.recall, score.fMeasure)
    }
  }

  struct ScoreSQuADCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "squad", abstract: "Exact match and F1 of answers, by SQuAD's rules.",
      discussion: "With --v2 questions may have no answer, and an empty prediction says so.")

    @Option(help: ArgumentHelp("A JSON object from questions to answers.", valueName: "file"))
    var predictions: String

    @Option(help: ArgumentHelp("The data set in SQuAD's JSON.", valueName: "file"))
    var references: String

    @Flag(help: "Compute the figures of version 2.")
    var v2 = false

    @Option(
      help: ArgumentHelp("A JSON object from questions to probabilities of no answer.", valueName: "file"))
    var noAnswerProbabilities: String?

    @Option(help: "Above this probability an answer counts as none.")
    var threshold = 1.0

    func validate() throws {
      if noAnswerProbabilities != nil && !v2 {
        throw ValidationError("--no-answer-probabilities is for --v2")
      }
    }

    func run() throws {
      let questions = try SQuAD.questions(path: references)
      let answers = try SQuAD.predictions(path: predictions)
      guard v2 else {
        let score = try SQuAD.scoreV1(questions, predictions: answers)
        let missing = questions.count { answers[$0.id] == nil }
        if missing > 0 { Terminal.note("lathe: \(missing) questions have no prediction and count 0") }
        return Terminal.output(String(format: "exact_match %.4f\nf1 %.4f", score.exactMatch, score.f1))
      }
      let report = try SQuAD.scoreV2(
        questions, predictions: answers,
        noAnswerProbabilities: try noAnswerProbabilities.map(SQuAD.noAnswerProbabilities),
        threshold: threshold)
      let parts = [("", report.all), ("HasAns_", report.answerable), ("NoAns_", report.unanswerable)]
      for case (let name, let figures?) in parts {
        Terminal.output(
          String(
            format: "\(name)exact %.4f\n\(name)f1 %.4f\n\(name)total %ld", figures.exact, figures.f1,
            figures.total))
      }
      for case (let name, let best?) in [("exact", report.bestExact), ("f1", report.bestF1)] {
        Terminal.output(
          String(format: "best_\(name) %.4f\nbest_\(name)_thresh %.6g", best.score, best.threshold))
      }
    }
  }

  struct ScoreRankingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ranking",
      abstract: "MRR, MAP, NDCG, recall and precision of results, in trec_eval's files.",
      discussion: """
        Lines of results are `query Q0 document rank score name`, those of references `query 0 document relevance`. A query \
        without results counts 0.
        """)

    @Option(help: ArgumentHelp("The results.", valueName: "file"))
    var predictions: String

    @Option(help: ArgumentHelp("The relevances.", valueName: "file"))
    var references: String

    @Option(parsing: .unconditional, help: "How many results NDCG, recall and precision look at.")
    var k = 10

    func run() throws {
      let lists = try RankedList.read(results: predictions, relevances: references)
      let quality = try RankingQuality(lists.map(\.list), k: k)
      Terminal.output(
        String(
          format: "queries %ld\nMRR %.4f\nMAP %.4f\nNDCG@\(k) %.4f\nrecall@\(k) %.4f\nprecision@\(k) %.4f",
          lists.count, quality.mrr, quality.map, quality.ndcg, quality.recall, quality.precision))
    }
  }
#endif
