import DataTestSupport
import Foundation
import Testing

extension CommandTests {
  @Suite("Metrics of tests, and runs that end by them")
  struct MetricOptionTests {
    let folder: TemporaryFolder

    init() throws {
      folder = try TemporaryFolder()
      try IDXFiles.write(to: folder, training: 96, test: 40)
    }

    private func train(_ model: String, _ more: String...) throws -> Lathe {
      let data = more.contains("--data-file") ? [] : ["--data-dir", folder.path]
      return try Lathe.start(
        ["train", model, "--device", "cpu", "--batch-size", "32"] + data + more, in: folder.path
      ).wait()
    }

    private func expectFailure(
      _ result: Lathe, status: Int32 = 1, _ parts: String..., location: SourceLocation = #_sourceLocation
    ) {
      #expect(result.status == status && result.output.isEmpty, "\(result)", sourceLocation: location)
      for part in parts { #expect(result.errors.contains(part), "\(result)", sourceLocation: location) }
    }

    private func page(_ output: String) throws -> String {
      String(decoding: try folder.read("\(output)/report.html"), as: UTF8.self)
    }

    @Test("Lines, JSON and the page show the metrics, the monitored one with them")
    func shown() throws {
      let flags = ["--metrics", "top-5,f1-weighted,top-5", "--monitor", "f1-macro", "--epochs", "2"]
      let arguments = ["train", "mlp", "--data-dir", folder.path, "--device", "cpu"] + flags
      let plain = try Lathe.start(arguments + ["--output", "plain"], in: folder.path).wait()
      #expect(plain.status == 0 && plain.lines.count == 2, "\(plain.errors)")
      let parts = ["test top-5 ", "test f1-weighted ", "test f1-macro "]
      for text in plain.lines + [plain.errors] {
        for part in parts { #expect(text.contains(part), "\(text)") }
      }
      #expect(try page("plain").contains("<th>test f1-macro</th>"))
      let json = try Lathe.start(arguments + ["--json", "--output", "json"], in: folder.path).wait()
      for line in json.lines {
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        let metrics = try #require(object["metrics"] as? [String: Double])
        #expect(Set(metrics.keys) == ["top-5", "f1-weighted", "f1-macro"])
        #expect(metrics.values.allSatisfy { (0...1).contains($0) })
      }
    }

    @Test("Runs end by any figure: its target, its patience")
    func stopping() throws {
      let reached = try train(
        "mlp", "--monitor", "top-5", "--target", "0.01", "--epochs", "9", "--output", "target")
      #expect(reached.status == 0 && reached.lines.count == 1, "\(reached)")
      #expect(reached.errors.contains("stopping after epoch 1: test top-5"))
      let config = """
        {"model": "mlp", "data_dir": "\(folder.path)", "epochs": 30, "learning_rate": 1e-12, "metrics": "recall-micro",
         "monitor": "f1-macro", "patience": 2, "output": "patience"}
        """
      try folder.write(Array(config.utf8), "run.json")
      let patient = try Lathe.run("train", "--config", "run.json", "--device", "cpu", in: folder.path)
      #expect(patient.status == 0 && patient.lines.count == 3, "\(patient)")
      #expect(patient.errors.contains("test f1-macro has not improved for 2 epochs"))
      #expect(folder.namesIn("patience").contains("best.safetensors"))
      let loss = try train("autoencoder", "--target", "1e9", "--epochs", "5", "--metrics", "rmse,r2")
      #expect(loss.status == 0 && loss.lines.count == 1 && loss.output.contains("test rmse "), "\(loss)")
    }

    @Test("Names that are unknown, and options that exclude each other, say what there is")
    func usage() throws {
      let known = ["known are ", "f1-macro", "top-K", "rmse"]
      let unknown = try train("mlp", "--metrics", "f1-macro,f1")
      expectFailure(unknown, status: 2, "unknown metric 'f1'; did you mean 'f1-macro'?")
      for part in known { #expect(unknown.errors.contains(part), "\(unknown.errors)") }
      expectFailure(try train("mlp", "--metrics", ","), status: 2, "--metrics is empty", "known are")
      expectFailure(try train("mlp", "--metrics", "loss"), status: 2, "always shown")
      expectFailure(
        try train("mlp", "--monitor", "acuracy"), status: 2,
        "unknown monitor 'acuracy'; did you mean 'accuracy'?")
      expectFailure(try train("mlp", "--target", "nan"), status: 2, "--target is nan")
      expectFailure(
        try train("mlp", "--target", "1", "--target-accuracy", "1"), status: 2, "give one of them")
      expectFailure(
        try train("mlp", "--target-accuracy", "1", "--monitor", "top-2"), status: 2, "--monitor top-2")
    }

    @Test("A metric must fit the network and the data")
    func fitting() throws {
      expectFailure(
        try train("autoencoder", "--metrics", "f1-macro"), "autoencoder: the metric 'f1-macro'",
        "mae, mse, rmse, r2")
      expectFailure(try train("mlp", "--metrics", "rmse"), "mlp: the metric 'rmse'", "f1-macro", "top-K")
      expectFailure(try train("vae", "--metrics", "mae"), "vae: the metric 'mae'", "leave the metric out")
      expectFailure(try train("lenet", "--metrics", "top-10"), "'top-10' takes 11 or more classes")
      expectFailure(try train("vae", "--monitor", "accuracy"), "vae gives no answers that are right or wrong")
      #expect(!folder.names.contains("runs"))
    }

    @Test("Wrong rows of a table have the file's columns and values, wrong texts their words")
    func wrongExamples() throws {
      // The label does not follow from anything, so that some answers are wrong.
      let table =
        "age,income,label\n"
        + (0..<80).map { "\(20 + $0),\(1000 + 250 * ($0 * 7 % 80)),\($0 * $0 % 7 % 2 == 0 ? "yes" : "no")\n" }
        .joined()
      try folder.write(Array(table.utf8), "people.csv")
      let rows = try train(
        "mlp", "--data-file", "people.csv", "--data", "csv", "--test-share", "0.5", "--epochs", "1",
        "--metrics",
        "roc-auc,brier", "--output", "rows")
      #expect(rows.status == 0, "\(rows.errors)")
      let page = try page("rows")
      #expect(page.contains("<th>true class</th><th>predicted class</th><th>age</th><th>income</th>"))
      let wrong = page.components(separatedBy: "<tr>").compactMap { row -> [String]? in
        let cells = row.components(separatedBy: "<td>").dropFirst().map { $0.components(separatedBy: "<")[0] }
        return cells.count == 4 && ["yes", "no"].contains(cells[0]) ? cells : nil
      }
      #expect(!wrong.isEmpty && !page.contains("<img"))
      for row in wrong {
        #expect(table.contains("\(row[2]),\(row[3]),\(row[0])\n") && row[0] != row[1], "\(row)")
      }
      let lines = (0..<80).map { "\($0 * $0 % 7 % 2 == 0 ? "yes" : "no")\t<i>number</i> \($0)\n" }
      try folder.write(Array(lines.joined().utf8), "texts")
      let texts = try train(
        "text-transformer", "--data-file", "texts", "--test-share", "0.5", "--epochs", "1", "--length", "32",
        "--output", "texts-run")
      #expect(texts.status == 0, "\(texts.errors)")
      let words = try self.page("texts-run")
      #expect(
        words.contains("&lt;i&gt;number&lt;/i&gt; ") && !words.contains("<i>") && !words.contains("<img"))
    }
  }
}
