import DataTestSupport
import Foundation
import LatheML
import Testing

extension CommandTests {
  @Suite("Automatic models of tables")
  struct AutoMLCommandTests {
    let folder: TemporaryFolder

    init() throws {
      folder = try TemporaryFolder()
      var lines = ["city,age,label,price"]
      for row in 0..<240 {
        let age = row * 37 % 61
        let city = ["Oslo", "Rome", "Kiel"][row % 3]
        let label = age + (city == "Rome" ? 20 : 0) + row * 7 % 11 > 38 ? "yes" : "no"
        lines.append(
          "\(city),\(row % 30 == 0 ? "" : "\(age)"),\(label),\(Double(age) * 1.5 + Double(row * 7 % 11))")
      }
      try folder.write(Array(lines.joined(separator: "\n").utf8), "data.csv")
    }

    private func lathe(_ arguments: String...) throws -> Lathe {
      try Lathe.start(arguments, in: folder.path).wait()
    }

    @Test("A model is found, reported, stored, and predicts from raw rows")
    func found() throws {
      let run = try lathe(
        "automl", "--data", "data.csv", "--target", "label", "--drop", "price", "--time", "30s", "--trials",
        "1",
        "--output", "run")
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.contains("test on 48 rows, read once") && run.output.contains("roc-auc"))
      #expect(
        run.errors.contains("candidates")
          && run.errors.contains("model and report stored in run/table-model.json"))
      let page = String(decoding: try folder.read("run/report.html"), as: UTF8.self)
      #expect(page.contains("<h1>label: classification</h1>"))
      try folder.write(Array("more,age,city\n1,60,Rome\n2,,Lima\n3,2,Oslo".utf8), "new.csv")
      let predicted = try lathe("predict", "--model", "run", "--data", "new.csv")
      #expect(predicted.status == 0, "\(predicted.errors)")
      #expect(predicted.lines.first == "label,probability_no,probability_yes" && predicted.lines.count == 4)
      #expect(predicted.errors.contains("column 'city': 1 row of categories that were not there"))
      let again = try lathe("automl", "--data", "data.csv", "--target", "label", "--output", "run")
      #expect(again.status == 1 && again.errors.contains("holds an earlier run"))
    }

    @Test("Numbers under limits, as JSON")
    func limits() throws {
      let run = try lathe(
        "automl", "--data", "data.csv", "--target", "price", "--explainable", "--max-size", "1MB",
        "--max-latency",
        "1s", "--time", "30s", "--trials", "1", "--json", "--output", "price")
      #expect(run.status == 0, "\(run.errors)")
      #expect(
        run.output.contains("\"limitsHold\" : true") && run.output.contains("\"task\" : \"regression\""))
    }

    @Test("Ctrl-C ends with the best so far stored")
    func stopped() throws {
      let run = try Lathe.start(
        [
          "automl", "--data", "data.csv", "--target", "label", "--time", "1h", "--trials", "1000000",
          "--output", "run",
        ],
        in: folder.path)
      #expect(run.waitForError("tuning: "))
      kill(run.process.processIdentifier, SIGINT)
      let ended = try run.wait()
      #expect(ended.status == 0, "\(ended.errors)")
      #expect(
        String(decoding: try folder.read("run/report.json"), as: UTF8.self).contains("\"wasStopped\" : true"))
      #expect(try lathe("predict", "--model", "run", "--data", "data.csv").lines.count == 241)
    }

    @Test("Kinds of models are recommended with reasons")
    func recommended() throws {
      let advice = try lathe("recommend", "--data", "data.csv", "--target", "price")
      #expect(
        advice.status == 0 && advice.lines.first?.hasPrefix("regression: 240 rows and 3 columns") == true)
      #expect(advice.errors.contains("train with:"))
      let groups = try lathe("recommend", "--data", "data.csv", "--json")
      #expect(groups.status == 0 && groups.output.contains("k-means"))
    }

    @Test("What cannot be learned from is said in one line, and nothing is left behind")
    func faults() throws {
      try folder.write(Array("a,b\n1,x\n2,x\n3,x\n4,x\n5,x\n6,x\n7,x\n8,x\n9,x\n10,x\n11,x".utf8), "flat.csv")
      try folder.write(Array("%PDF-1.7\n1 0 obj".utf8), "report.csv")
      try folder.write(Array("a,b\n1,x".utf8), "one.csv")
      for (arguments, message) in [
        (["--data", "data.csv", "--target", "lable"], "data.csv: no column 'lable'; there are city, age"),
        (["--data", "flat.csv", "--target", "b"], "target 'b': all rows say 'x'"),
        (["--data", "report.csv", "--target", "a"], "report.csv: is a PDF, not a table of text"),
        (["--data", "one.csv", "--target", "b"], "1 row with a value of 'b' left, 10 are the least"),
        (["--data", "data.csv", "--target", "label", "--metric", "rmse"], "rmse is not for 2 classes"),
      ] {
        let result = try Lathe.start(["automl"] + arguments, in: folder.path).wait()
        #expect(result.status == 1 && result.errors.contains(message), "\(arguments): \(result.errors)")
      }
      for arguments in [
        ["--data", "data.csv"], ["--data", "data.csv", "--target", "label", "--time", "soon"],
        ["--data", "data.csv", "--target", "label", "--max-size", "-1MB"],
        ["--data", "data.csv", "--target", "label", "--test", "0.2", "--test-data", "data.csv"],
      ] {
        #expect(try Lathe.start(["automl"] + arguments, in: folder.path).wait().status == 2, "\(arguments)")
      }
      #expect(!FileManager.default.fileExists(atPath: folder.file("runs")))
    }
  }
}
