#if CommandLine
  import ArgumentParser

  /// `lathe score`, figures of texts, answers and rankings beside the right ones.
  struct ScoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "score", abstract: "Scores translations, summaries, answers or rankings.",
      discussion:
        "The figures are those of sacrebleu, rouge-score, SQuAD's script and trec_eval; see docs/metrics.md.",
      subcommands: [
        ScoreBLEUCommand.self, ScoreCHRFCommand.self, ScoreTERCommand.self, ScoreROUGECommand.self,
        ScoreSQuADCommand.self, ScoreRankingCommand.self,
      ])
  }
#endif
