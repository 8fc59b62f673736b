#if Tracking
  import DataTestSupport
  import Foundation
  import Testing

  extension CommandTests {
    /// `lathe search`: runs that are trials.
    @Suite("A search")
    struct SearchTests {
      let folder: TemporaryFolder

      init() throws {
        folder = try TemporaryFolder()
        try IDXFiles.write(to: folder, training: 320, test: 100)
        try write("search.json")
      }

      private func write(
        _ name: String,
        command: String = #""train", "lenet", "--data-dir", ".", "--device", "cpu", "--epochs", "2""#,
        goals: String = #"{"maximize": "test_accuracy"}"#, more: String = ""
      ) throws {
        let text = """
          {"command": [\(command)], "goals": [\(goals)],
           "space": {"learning_rate": {"type": "log_uniform", "low": 1e-4, "high": 0.1},
                     "batch_size": {"type": "choice", "values": [16, 32]}}\(more)}
          """
        _ = try folder.write(Array(text.utf8), name)
      }

      private func search(_ more: String..., file: String = "search.json") throws -> Lathe {
        try Lathe.start(["search", "--config", file, "--output", "out"] + more, in: folder.path).wait()
      }

      private struct Best: Decodable {
        struct Row: Decodable {
          var trial: Int
          var values: [String: Double]
        }
        var best: [Row]
      }

      @Test("Workers share the trials, the best come first, and the same command goes on")
      func goesOn() throws {
        let first = try search("--trials", "4", "--workers", "2")
        #expect(first.status == 0, "\(first.errors)")
        #expect(first.lines[0] == "4 trials: 0 running, 4 complete, 0 pruned, 0 failed", "\(first.output)")
        #expect(folder.namesIn("out/trial-3").contains("model.safetensors"))
        let second = try search("--trials", "2", "--json")
        #expect(second.status == 0, "\(second.errors)")
        let best = try JSONDecoder().decode(Best.self, from: Data(second.output.utf8)).best
        #expect(best.count == 6 && Set(best.map(\.trial)) == Set(0..<6))
        let values = best.compactMap { $0.values["test_accuracy"] }
        #expect(values == values.sorted(by: >) && values.count == 6)
        let other = try search("--trials", "0", file: "missing.json")
        #expect(other.status == 1 && other.errors.contains("missing.json"))
        try write("other.json", goals: #"{"minimize": "test_loss"}"#)
        let refused = try search(file: "other.json")
        #expect(refused.status == 1 && refused.errors.contains("holds another search"), "\(refused.errors)")
      }

      @Test("Models of tables are searched by figures of their test")
      func tables() throws {
        var lines = ["a,b,label"]
        for row in 0..<120 { lines.append("\(row % 17),\(row * 7 % 23),\(row % 17 > 8 ? "yes" : "no")") }
        _ = try folder.write(Array(lines.joined(separator: "\n").utf8), "data.csv")
        let text = """
          {"command": ["train", "logistic", "--data", "data.csv", "--target", "label"],
           "goals": [{"minimize": "test.log_loss"}],
           "space": {"c": {"type": "log_uniform", "low": 1e-4, "high": 100}}}
          """
        _ = try folder.write(Array(text.utf8), "table.json")
        let run = try search("--trials", "4", file: "table.json")
        #expect(run.status == 0 && run.lines[0].contains("4 complete"), "\(run.output)\(run.errors)")
      }

      @Test("What a killed search was at comes again")
      func killed() throws {
        try write(
          "search.json",
          command: #""train", "lenet", "--data-dir", ".", "--device", "cpu", "--epochs", "400""#)
        let running = try Lathe.start(
          ["search", "--config", "search.json", "--output", "out", "--trials", "40"], in: folder.path)
        #expect(running.waitFor { self.folder.namesIn("out/trial-0").contains("metrics.jsonl") })
        kill(running.process.processIdentifier, SIGKILL)
        let lost = try running.wait()
        // Its run ends, too: nothing new comes into its folder.
        usleep(1_500_000)
        let names = folder.namesIn("out/trial-0")
        usleep(500_000)
        #expect(names == folder.namesIn("out/trial-0"), "\(names)")
        let second = try Lathe.start(
          ["search", "--config", "search.json", "--output", "out", "--trials", "1"], in: folder.path)
        #expect(second.waitFor { self.folder.namesIn("out/trial-1").contains("metrics.jsonl") })
        kill(second.process.processIdentifier, SIGINT)
        let next = try second.wait()
        #expect(next.status == 130, "\(next.errors)")
        #expect(next.lines[0] == "2 trials: 1 running, 0 complete, 0 pruned, 1 failed", "\(next.output)")
        // What is begun again leaves nothing behind.
        #expect(
          folder.namesIn("out").allSatisfy { $0.hasPrefix("search.sqlite") }, "\(folder.namesIn("out"))")
        // The trial that comes again sets what the lost one did.
        let begun = lost.errors.split(separator: "\n").last { $0.contains("learning_rate") }
        let again = next.errors.split(separator: "\n").first { $0.contains("learning_rate") }
        #expect(begun?.split(separator: ":").last == again?.split(separator: ":").last, "\(next.errors)")
      }

      @Test("Ctrl-C ends the run of a trial, too, and says how to go on")
      func interrupted() throws {
        try write(
          "long.json",
          command: #""train", "lenet", "--data-dir", ".", "--device", "cpu", "--epochs", "100000""#)
        let running = try Lathe.start(
          ["search", "--config", "long.json", "--output", "out", "--trials", "4"], in: folder.path)
        #expect(running.waitFor { self.folder.namesIn("out/trial-0").contains("metrics.jsonl") })
        kill(running.process.processIdentifier, SIGINT)
        let ended = try running.wait()
        #expect(ended.status == 130, "\(ended.errors)")
        #expect(ended.errors.contains("the same command goes on"), "\(ended.errors)")
      }

      @Test("A run that fails is a failed trial, and what no run says is named")
      func failures() throws {
        try write("broken.json", command: #""train", "lenet", "--data-dir", "nowhere", "--device", "cpu""#)
        let broken = try search("--trials", "2", file: "broken.json")
        #expect(broken.status == 1 && broken.lines[0].hasSuffix("2 failed"), "\(broken.output)")
        #expect(broken.errors.contains("nowhere"), "\(broken.errors)")
        let ended = try search("--trials", "50", file: "broken.json")
        #expect(ended.status == 1 && ended.errors.contains("the first 3 trials failed"), "\(ended.errors)")
        try FileManager.default.removeItem(atPath: folder.file("out"))
        try write(
          "option.json", command: #""train", "lenet", "--data-dir", ".", "--device", "cpu", "--zork", "1""#)
        let option = try search("--trials", "1", file: "option.json")
        #expect(option.errors.contains("failed: Unknown option '--zork'"), "\(option.errors)")
        try FileManager.default.removeItem(atPath: folder.file("out"))
        try write("unknown.json", goals: #"{"maximize": "beauty"}"#)
        let unknown = try search("--trials", "1", file: "unknown.json")
        #expect(unknown.status == 1, "\(unknown.output)")
        #expect(
          unknown.errors.contains("its run says nothing of beauty; its figures are")
            && unknown.errors.contains("test_accuracy"), "\(unknown.errors)")
      }

      @Test(
        "A file that is wrong is refused with what to write",
        arguments: [
          (#", "sampler": "magic""#, "none of tpe, random"),
          (#", "pruner": "magic""#, "none of none, median"),
          (#", "pruner": "hyperband""#, #"needs "last""#), (#", "first": 0"#, #""first" is at least 1"#),
          (#", "extra": 1"#, #""extra" is none of"#), (#", "seed": "x""#, #""seed" is not of the kind"#),
        ])
      func wrong(_ more: String, _ message: String) throws {
        try write("wrong.json", more: more)
        let run = try search(file: "wrong.json")
        #expect(
          run.status == 1 && run.errors.contains(message) && run.errors.contains("wrong.json"),
          "\(run.errors)")
      }

      @Test("What is wrong in the file is said with its line, and options of the search are none to search")
      func file() throws {
        for (text, message) in [
          ("{\n\"command\": [\"train\"],\n\"goals\": [ }", "search.json: not JSON: Invalid value on line 3"),
          ("{\"command\": [\"train\"],\n", "on line 2"), ("[]", "not a JSON object"),
          (
            "{\"command\": [\"train\", \"logistic\"], \"goals\": [{\"maximize\": \"x\"}],"
              + "\"space\": {\"output\": {\"type\": \"choice\", \"values\": [\"a\", \"b\"]}}}",
            "\"space\" has \"output\", which is no setting to search"
          ),
        ] {
          try folder.write(Array(text.utf8), "search.json")
          let run = try search("--trials", "1", file: "search.json")
          #expect(run.status == 1 && run.errors.contains(message), "\(run.errors)")
        }
      }

      @Test("Options that make no sense")
      func options() throws {
        for (option, value, message) in [
          ("--trials", "-1", "give 0 or more"), ("--workers", "0", "give 1 to 256"),
          ("--time", "soon", "such as 30m"),
        ] {
          let run = try search("\(option)=\(value)")
          #expect(run.status == 2 && run.errors.contains(message), "\(run.errors)")
        }
        try write("command.json", command: #""bench""#)
        #expect(try search(file: "command.json").errors.contains(#"begins with "train""#))
        try write("resume.json", command: #""train", "lenet", "--resume""#)
        #expect(try search(file: "resume.json").errors.contains("which each trial gets by itself"))
      }
    }
  }
#endif
