import DataTestSupport
import Foundation
import LatheML
import Testing

extension CommandTests {
  @Suite("What commands read of tables, and what they say of it")
  struct TableInputTests {
    let folder: TemporaryFolder

    init() throws {
      folder = try TemporaryFolder()
      let rows = (0..<60).map { "\($0),\($0 * 7 % 13),\($0 * 5 % 11 < 5 ? "no" : "yes")" }
      try write(["a,b,label"] + rows, "data.csv")
    }

    private func write(_ lines: [String], _ name: String) throws {
      try folder.write(Array((lines.joined(separator: "\n") + "\n").utf8), name)
    }

    private func lathe(_ arguments: String...) throws -> Lathe {
      try Lathe.start(arguments, in: folder.path).wait()
    }

    /// Runs a line of a shell in which `$L` is the command.
    private func shell(_ line: String) throws -> Lathe {
      try Lathe.start(
        program: "/bin/bash", ["-c", line], in: folder.path, environment: ["L": Lathe.binary.path]
      ).wait()
    }

    private func trained(_ name: String = "run", _ more: String...) throws -> Lathe {
      try Lathe.start(
        ["train", "logistic", "--data", "data.csv", "--target", "label", "--output", name] + more,
        in: folder.path
      ).wait()
    }

    @Test("A test part that another run has read is said to be read again")
    func sealed() throws {
      let first = try trained("runs/one")
      #expect(first.status == 0 && first.output.contains("seed 42, read once"), "\(first.errors)")
      #expect(!first.errors.contains("the test part"))
      let second = try trained("runs/two", "--drop", "b", "--json")
      #expect(
        second.errors.contains("the test part is read for the 2nd time, before by one:"), "\(second.errors)")
      #expect(second.output.contains("\"test_reads\":2"))
      #expect(try !trained("runs/three", "--seed", "7").errors.contains("the test part"))
      #expect(try !trained("elsewhere").errors.contains("the test part"))
      let third = try trained("runs/four", "--folds", "3", "--json")
      #expect(third.errors.contains("for the 3rd time, before by one, two:"))
      #expect(third.output.contains("\"validation\":{\"accuracy\":"))
      try write(["a,b,label"] + (0..<60).map { "\($0),1,\($0 % 2)" }, "data.csv")
      #expect(try !trained("runs/five").errors.contains("the test part"))
    }

    @Test("Tables come from standard input, as Parquet, and with months as dates")
    func kinds() throws {
      try write(["month,x", "2015-01,1", "2015-02,2", "2015-03,4"], "months.csv")
      let profile = try shell("cat months.csv | $L profile -")
      #expect(
        profile.status == 0 && profile.output.contains("month   dateTime"),
        "\(profile.output)\(profile.errors)")
      try write(["{\"x\": 1}", "{\"x\": 2}"], "rows.jsonl")
      #expect(try shell("$L profile - < rows.jsonl").output.contains("x       int64"))
      #expect(try shell("$L profile - < /dev/null").errors.contains("standard input: an empty file"))
      #expect(try lathe("inspect", "-").errors.contains("-: standard input is not read here; name a file"))
      try Table(csv: folder.file("data.csv")).writeParquet(
        to: folder.file("data.parquet"), compression: .none)
      #expect(try trained().status == 0)
      let (text, parquet) = try (
        lathe("predict", "--model", "run", "--data", "data.csv"),
        lathe("predict", "--model", "run", "--data", "data.parquet")
      )
      #expect(text.lines.count == 61 && text.output == parquet.output, "\(parquet.errors)")
      #expect(try shell("$L predict --model run --data - < data.csv").output == text.output)
      #expect(try lathe("profile", "data.parquet", "--json").output.contains("\"label\""))
    }

    @Test("Faults are on lines of the file, in the words of commands")
    func words() throws {
      try write(["a,b,label"] + (0..<40).map { "\($0),\($0 == 7 ? "x?" : "\($0 % 9)"),\($0 % 3)" }, "bad.csv")
      let bad = try lathe("train", "linear", "--data", "bad.csv", "--target", "a", "--output", "bad")
      #expect(bad.errors.contains("1 of 40 values no number, the first on line 9: 'x?'"), "\(bad.errors)")
      #expect(bad.errors.contains("(--numbers b)") && !bad.errors.contains("numbersOrMissing"))
      let mended = try lathe(
        "train", "linear", "--data", "bad.csv", "--target", "a", "--numbers", "b", "--output", "mended")
      #expect(mended.status == 0 && mended.errors.contains("column 'b': 1 value no number, and missing"))
      #expect(!mended.errors.contains("left out"))
      #expect(try lathe("profile", "bad.csv", "--numbers", "b").output.contains("b       float64"))
      try write(
        ["a,b,label"] + (0..<40).map { "\($0),\($0 == 7 ? "inf" : "\($0 % 9)"),\($0 % 3)" }, "endless.csv")
      let endless = try lathe(
        "train", "ridge", "--data", "endless.csv", "--target", "a", "--output", "endless")
      #expect(
        endless.status == 0
          && endless.errors.contains("column 'b': 1 infinite value taken as missing, the first on line 9"),
        "\(endless.errors)")
      let target = try lathe("train", "ridge", "--data", "endless.csv", "--target", "b")
      #expect(target.status == 1 && target.errors.contains("target 'b': line 9: inf"), "\(target.errors)")
      try write(["a,b,label", "1,2,3", "1,2"], "ragged.csv")
      let ragged = try lathe("profile", "ragged.csv")
      #expect(ragged.errors.contains("(--skip-bad-rows)") && !ragged.errors.contains("raggedRows"))
      let skipped = try lathe("profile", "ragged.csv", "--skip-bad-rows")
      #expect(
        skipped.output.hasPrefix("1 row") && skipped.errors.contains("the first on line 3"),
        "\(skipped.errors)")
      #expect(try trained().status == 0)
      try write(["a,b", "1,2", "1,old"], "old.csv")
      let old = try lathe("predict", "--model", "run", "--data", "old.csv")
      #expect(old.status == 1 && old.errors.contains("column 'b': line 3: 'old'"), "\(old.errors)")
      try write(["when,a"] + (10..<29).map { "2020-01-\($0),\($0)" }, "when.csv")
      let when = try lathe("train", "linear", "--data", "when.csv", "--target", "when")
      #expect(
        when.status == 1 && when.errors.contains("target 'when': times (dateTime) are no numbers to predict"))
      let huge = try lathe("train", "ridge", "--data", "data.csv", "--target", "a", "--alpha", "-3")
      #expect(huge.status == 2 && huge.errors.contains("--alpha is -3.0; give 0 or a number above it"))
    }

    @Test("A model of a table refuses what is for networks, and is shown by inspect")
    func kindOfModel() throws {
      #expect(try trained().status == 0)
      for unused in [
        ["--top", "2"], ["--input", "x"], ["--format", "table"], ["--best"],
      ] {
        let result = try Lathe.start(
          ["predict", "--model", "run", "--data", "data.csv"] + unused, in: folder.path
        ).wait()
        #expect(
          result.status == 2 && result.errors.contains("is for networks; run is a model of tables"),
          "\(result.errors)")
      }
      let shown = try lathe("inspect", "run")
      #expect(shown.output.contains("run: model of a table, predicts label: no, yes"), "\(shown.errors)")
      #expect(try lathe("inspect", "run/table-model.json", "--json").output.contains("\"holds_texts\""))
      #expect(try lathe("models").output.contains("boosted-trees"))
    }

    @Test("Costs below zero, rules that ask for the target, and models of another kind are refused")
    func decisions() throws {
      try write(["{\"no\": {\"yes\": -1}}"], "costs.json")
      let costs = try trained("costs", "--costs", "costs.json")
      #expect(
        costs.status == 1 && costs.errors.contains("telling 'yes' of 'no' costs -1.0"), "\(costs.errors)")
      try write(["[{\"if\": \"label == \\\"no\\\"\", \"then\": \"no\"}]"], "rules.json")
      let rules = try trained("rules", "--rules", "rules.json")
      #expect(
        rules.status == 1 && rules.errors.contains("rules.json") && rules.errors.contains("the target"),
        "\(rules.errors)")
      #expect(try trained().status == 0)
      let evaluated = try lathe("evaluate", "--model", "run", "--data-file", "data.csv")
      #expect(evaluated.status == 1 && evaluated.errors.contains("a model of tables"), "\(evaluated.errors)")
    }

    @Test("Weights beyond float64 are no explanation")
    func hugeWeights() throws {
      let numbers = (0..<20).map { "\($0),\(Double($0) * 8e306),\($0 % 3)" }
      try write(["a,y,c"] + numbers, "huge.csv")
      let model = try lathe("train", "linear", "--data", "huge.csv", "--target", "y", "--output", "huge")
      guard model.status == 0 else { return #expect(model.errors.contains("float64"), "\(model.errors)") }
      let explained = try lathe("explain", "--model", "huge", "--data", "huge.csv")
      #expect(!explained.output.contains("nan") && !explained.output.contains("inf"), "\(explained.output)")
    }

    @Test("A reader that has read enough ends a command quietly, and Ctrl-C leaves no folder")
    func ends() throws {
      #expect(try trained().status == 0)
      try write(["a,b"] + (0..<60_000).map { "\($0 % 61),\($0 % 13)" }, "long.csv")
      for line in [
        "$L predict --model run --data long.csv | head -1", "$L predict --model run --data long.csv | true",
        "$L profile long.csv --json | true",
      ] {
        let result = try shell("\(line); echo ${PIPESTATUS[0]}")
        #expect(["0", "141"].contains(result.lines.last ?? ""), "\(line): \(result.output)")
        #expect(!result.errors.contains("error"), "\(line): \(result.errors)")
      }
      try write(
        ["a,b,y"] + (0..<40_000).map { "\($0 * 7919 % 10007),\($0 * 31 % 997),\(Double($0 * 13 % 101) / 3)" },
        "wide.csv")
      let run = try Lathe.start(
        [
          "train", "random-forest", "--data", "wide.csv", "--target", "y", "--trees", "5000", "--output",
          "stopped",
        ],
        in: folder.path)
      #expect(run.waitFor { FileManager.default.fileExists(atPath: folder.file("stopped")) })
      kill(run.process.processIdentifier, SIGINT)
      #expect(try run.wait().status == 130)
      #expect(!FileManager.default.fileExists(atPath: folder.file("stopped")))
    }

    @Test("What does not fit into the memory allowed is said, with a part that does")
    func memory() throws {
      try write(
        ["a,b,label"] + (0..<20_000).map { "\($0 % 997),\($0 % 13),\($0 % 7 < 3 ? "no" : "yes")" },
        "large.csv")
      let refused = try lathe(
        "train", "logistic", "--data", "large.csv", "--target", "label", "--memory-limit", "500KB")
      #expect(refused.status == 1, "\(refused.errors)")
      #expect(refused.errors.contains("20000 rows of 3 columns need about"), "\(refused.errors)")
      #expect(refused.errors.contains("take a part of the rows (--sample "))
      let part = try lathe(
        "train", "logistic", "--data", "large.csv", "--target", "label", "--memory-limit", "500KB",
        "--sample", "2000",
        "--keep-duplicates", "--output", "part")
      #expect(part.status == 0 && part.output.contains("of 2000, seed 42"), "\(part.output)\(part.errors)")
      #expect(part.errors.contains("2000 rows of 20000 are taken, evenly from the whole file"))
      let profile = try lathe("profile", "large.csv", "--memory-limit", "100KB", "--sample", "500")
      #expect(profile.output.hasPrefix("500 rows"), "\(profile.errors)")
      #expect(try lathe("predict", "--model", "part", "--data", "large.csv").lines.count == 20_001)
    }
  }
}
