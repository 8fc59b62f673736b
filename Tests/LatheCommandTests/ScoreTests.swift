import DataTestSupport
import Foundation
import LatheML
import Testing

/// `lathe score`.
@Suite("lathe score")
struct ScoreTests {
  private func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let files = [
      "p.txt": "The dog bit the man.\nIt was not unexpected.\nA b<n>c d\n",
      "r1.txt": "The dog had bit the man.\nNo one was surprised.\na b<n>c d\n",
      "r2.txt": "The dog bit a man.\nIt was expected.\nx\n",
      "a.json": #"{"q1":"the Denver Broncos","q2":""}"#, "odds.json": #"{"q1":0.1,"q2":0.9}"#,
      "d.json":
        #"{"data":[{"paragraphs":[{"qas":[{"id":"q1","answers":[{"text":"Denver Broncos"}]},{"id":"q2","answers":[]}]}]}]}"#,
      "run.txt": "q1 Q0 d1 1 3 x\nq1 Q0 d2 2 2 x\n", "qrels.txt": "q1 0 d2 1\nq2 0 d3 1\n",
    ]
    for (name, text) in files { try folder.write(Array(text.utf8), name) }
    return folder
  }

  private func score(_ arguments: String, in folder: TemporaryFolder) throws -> String {
    let run = try Lathe.start(["score"] + arguments.split(separator: " ").map(String.init), in: folder.path)
      .wait()
    #expect(run.status == 0, "\(run.errors)")
    return run.output
  }

  @Test("Lines are those of sacrebleu 2.5.1")
  func translations() throws {
    let folder = try folder()
    let both = "--predictions p.txt --references r1.txt r2.txt"
    #expect(
      try score("bleu \(both)", in: folder)
        == "BLEU|nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:2.5.1 = 63.09 83.3/73.3/58.3/44.4 "
        + "(BP = 1.000 ratio = 1.000 hyp_len = 18 ref_len = 18)\n")
    #expect(
      try score("chrf \(both) --word-order 2", in: folder)
        == "chrF2++|nrefs:2|case:mixed|eff:yes|nc:6|nw:2|space:no|version:2.5.1 = 68.41\n")
    #expect(
      try score("ter \(both)", in: folder)
        == "TER|nrefs:2|case:lc|tok:tercom|norm:no|punct:yes|asian:no|version:2.5.1 = 27.27\n")
    let lines = try score("bleu --sentences --smooth floor --smooth-value 0.5 \(both)", in: folder)
    #expect(lines.split(separator: "\n").count == 4 && lines.contains("smooth:floor[0.50]"))
  }

  @Test("Summaries, answers and rankings")
  func others() throws {
    let folder = try folder()
    let rouge = try score(
      "rouge --predictions p.txt --references r1.txt --stemmer --sentence-mark <n>", in: folder)
    #expect(rouge.contains("rougeLsum precision "), "\(rouge)")
    #expect(rouge.split(separator: "\n").count == 4)
    let answers = try score(
      "squad --predictions a.json --references d.json --v2 --no-answer-probabilities odds.json", in: folder)
    #expect(answers.hasPrefix("exact 100.0000\nf1 100.0000\ntotal 2\nHasAns_exact 100.0000\n"), "\(answers)")
    #expect(answers.hasSuffix("best_f1 100.0000\nbest_f1_thresh 0.1\n"), "\(answers)")
    #expect(
      try score("ranking --predictions run.txt --references qrels.txt --k 2", in: folder)
        == "queries 2\nMRR 0.2500\nMAP 0.2500\nNDCG@2 0.3155\nrecall@2 0.5000\nprecision@2 0.2500\n")
  }

  @Test("Bad input is one clear line")
  func mistakes() throws {
    let folder = try folder()
    try folder.write(Array("a\n".utf8), "short.txt")
    for (arguments, status, part) in [
      ("bleu --predictions p.txt --references short.txt", 1, "1 lines for 3 of p.txt"),
      ("bleu --predictions p.txt --references none.txt", 1, "none.txt"),
      ("bleu --predictions p.txt --references r1.txt --smooth-value 2", 2, "--smooth-value is for"),
      ("squad --predictions a.json --references d.json", 1, "question q2 has no answer"),
      ("ranking --predictions run.txt --references p.txt", 1, "not the 4 of trec_eval's files"),
      ("ranking --predictions run.txt --references qrels.txt --k 0", 1, "k is 1 or more"),
    ] as [(String, Int32, String)] {
      let run = try Lathe.start(["score"] + arguments.split(separator: " ").map(String.init), in: folder.path)
        .wait()
      #expect(run.status == status && run.errors.contains(part), "\(arguments): \(run.status) \(run.errors)")
    }
  }
}
