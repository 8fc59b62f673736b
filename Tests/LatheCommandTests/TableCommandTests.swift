import DataTestSupport
import Foundation
import LatheML
import Testing

extension CommandTests {
  @Suite("Models of tables")
  struct TableCommandTests {
    let folder: TemporaryFolder

    init() throws {
      folder = try TemporaryFolder()
      var lines = ["city,age,code,label,price"]
      for row in 0..<240 {
        let age = row * 37 % 61
        let city = ["Oslo", "Rome", "Kiel"][row % 3]
        let label = age + (city == "Rome" ? 20 : 0) > 35 ? "yes" : "no"
        // A code that is a text in one row only.
        lines.append(
          "\(city),\(row % 30 == 0 ? "" : "\(age)"),\(row == 5 ? "x" : "0\(row % 4)"),\(label),\(Double(age) * 1.5 + 3)"
        )
      }
      try folder.write(Array(lines.joined(separator: "\n").utf8), "data.csv")
    }

    private func lathe(_ arguments: String...) throws -> Lathe {
      try Lathe.start(arguments, in: folder.path).wait()
    }

    @Test(
      "Networks are trained, stored with their weights, and predict",
      arguments: ["tabular-mlp", "ft-transformer"])
    func networks(_ kind: String) throws {
      let trained = try lathe(
        "train", kind, "--data", "data.csv", "--target", "label", "--drop", "price", "--epochs", "3",
        "--device",
        "cpu", "--output", "run")
      #expect(trained.status == 0, "\(trained.errors)")
      #expect(trained.output.contains("roc_auc"))
      #expect(FileManager.default.fileExists(atPath: folder.file("run/table-model.safetensors")))
      try folder.write(Array("code,label,age,city\n01,?,60,Rome\n02,?,,Lima".utf8), "new.csv")
      for device in [[], ["--device", "cpu"]] {
        let predicted = try Lathe.start(
          ["predict", "--model", "run", "--data", "new.csv"] + device, in: folder.path
        ).wait()
        #expect(predicted.status == 0, "\(predicted.errors)")
        #expect(predicted.lines.count == 3 && predicted.lines[0] == "label,probability_no,probability_yes")
      }
      let refused = try lathe("train", "ridge", "--data", "data.csv", "--target", "price", "--epochs", "3")
      #expect(refused.status == 2 && refused.errors.contains("--epochs is for tabular-mlp"))
    }

    @Test("A model is trained, tested, stored, and predicts from raw rows")
    func logistic() throws {
      let trained = try lathe(
        "train", "logistic", "--data", "data.csv", "--target", "label", "--drop", "price", "--output", "run")
      #expect(trained.status == 0, "\(trained.errors)")
      #expect(trained.output.contains("precision    recall  f1-score   support"))
      #expect(trained.output.contains("roc_auc"))
      #expect(trained.errors.contains("model stored in run/table-model.json"))
      let again = try lathe(
        "train", "logistic", "--data", "data.csv", "--target", "label", "--output", "run")
      #expect(again.status == 1 && again.errors.contains("holds an earlier run"))
      try folder.write(
        Array("code,more,label,age,city\n01,1,?,60,Rome\n02,1,?,,Oslo\n03,1,?,2,Lima".utf8), "new.csv")
      let predicted = try lathe("predict", "--model", "run", "--data", "new.csv")
      #expect(predicted.status == 0, "\(predicted.errors)")
      #expect(predicted.lines.first == "label,probability_no,probability_yes")
      #expect(
        predicted.lines.count == 4 && predicted.lines[1].hasPrefix("yes,")
          && predicted.lines[3].hasPrefix("no,"))
      #expect(predicted.errors.contains("passed over: more"))
      #expect(predicted.errors.contains("column 'city': 1 row of categories that were not there"))
      #expect(!predicted.errors.contains("column 'code'"))
      let json = try lathe("predict", "--model", "run", "--data", "new.csv", "--json")
      #expect(json.lines.first?.hasPrefix("{\"prediction\":\"yes\",\"probabilities\":{\"no\":") == true)
      try folder.write(Array("city,code,age\nRome,1,2024-01-01".utf8), "times.csv")
      let times = try lathe("predict", "--model", "run", "--data", "times.csv")
      #expect(
        times.status == 1
          && times.errors.contains("column 'age': times, where the model learned from numbers"),
        "\(times.errors)")
      try folder.write(Array("city,code\nRome,1".utf8), "short.csv")
      let short = try lathe("predict", "--model", "run", "--data", "short.csv")
      #expect(
        short.status == 1 && short.errors.contains("short.csv: no column 'age', which the model learned from")
      )
    }

    @Test("Boosted trees are tested on folds, of classes and of numbers")
    func trees() throws {
      let trained = try lathe(
        "train", "boosted-trees", "--data", "data.csv", "--target", "label", "--folds", "3", "--trees", "20",
        "--output", "trees")
      #expect(trained.status == 0, "\(trained.errors)")
      #expect(trained.lines.first == "3 folds of the rows to learn from, mean and deviation")
      let numbers = try lathe(
        "train", "boosted-trees", "--data", "data.csv", "--target", "price", "--trees", "20", "--json",
        "--output", "price")
      #expect(
        numbers.status == 0 && numbers.output.contains("\"r2\":0.9"), "\(numbers.output)\(numbers.errors)")
      #expect(try lathe("predict", "--model", "price", "--data", "data.csv").lines.count == 241)
      let ridge = try lathe("train", "ridge", "--data", "data.csv", "--target", "price")
      #expect(ridge.status == 0 && ridge.errors.contains("runs/ridge-1/table-model.json"))
    }

    @Test("Forests, single trees, AdaBoost and neighbours are trained and stored")
    func forests() throws {
      for (arguments, target) in [
        (["random-forest", "--trees", "10"], "label"), (["extra-trees", "--trees", "10"], "price"),
        (["decision-tree", "--pruning", "0.01", "--depth", "4"], "label"),
        (["adaboost", "--depth", "2"], "label"), (["neighbors", "--k", "3"], "price"),
      ] {
        let trained = try Lathe.start(
          ["train"] + arguments + ["--data", "data.csv", "--target", target, "--output", arguments[0]],
          in: folder.path
        ).wait()
        #expect(trained.status == 0, "\(trained.errors)")
        let predicted = try lathe("predict", "--model", arguments[0], "--data", "data.csv")
        #expect(predicted.lines.count == 241, "\(predicted.errors)")
      }
      for wrong in [["neighbors", "--trees", "3"], ["random-forest", "--k", "3"]] {
        let result = try Lathe.start(
          ["train"] + wrong + ["--data", "data.csv", "--target", "label"], in: folder.path
        ).wait()
        #expect(result.status == 2 && result.errors.contains("not for \(wrong[0])"))
      }
    }

    @Test("What cannot be learned from is said in one line")
    func faults() throws {
      try folder.write(Array("a,b,c\n1,x,1\n2,x,2\n3,x,3\n4,x,4".utf8), "flat.csv")
      try folder.write(Array("%PDF-1.7\n%âãÏÓ\n1 0 obj".utf8), "report.csv")
      try folder.write(Array("a,b\n1,x".utf8), "one.csv")
      for (arguments, message) in [
        (["logistic", "--data", "data.csv", "--target", "lable"], "no column 'lable'; there are city, age"),
        (["logistic", "--data", "flat.csv", "--target", "b"], "target 'b': all rows say 'x'"),
        (["logistic", "--data", "flat.csv", "--target", "a"], "each of the 4 rows has a class of its own"),
        (["linear", "--data", "data.csv", "--target", "label"], "classes need a classifier"),
        (["logistic", "--data", "report.csv", "--target", "a"], "report.csv: is a PDF, not a table of text"),
        (["logistic", "--data", "one.csv", "--target", "b"], "one.csv: 1 row left"),
        (["logistic", "--data", "none.csv", "--target", "b"], "none.csv"),
      ] {
        let result = try Lathe.start(["train"] + arguments, in: folder.path).wait()
        #expect(result.status == 1 && result.errors.contains(message), "\(arguments): \(result.errors)")
      }
      for arguments in [
        ["logistic", "--data", "data.csv"], ["ridge", "--data", "data.csv", "--target", "price", "--c", "2"],
        ["logistic", "--data", "data.csv", "--target", "label", "--folds", "1"],
        ["logistic", "--data", "data.csv", "--target", "label", "--test", "2"],
      ] {
        #expect(try Lathe.start(["train"] + arguments, in: folder.path).wait().status == 2, "\(arguments)")
      }
      #expect(!FileManager.default.fileExists(atPath: folder.file("runs")))
    }

    @Test("A column that is the target is warned about, and identifiers are left out")
    func leaks() throws {
      var lines = ["name,copy,x,label"]
      for row in 0..<60 { lines.append("n\(row),\(row % 2),\(row * 7 % 13),\(row % 2)") }
      try folder.write(Array(lines.joined(separator: "\n").utf8), "leak.csv")
      let result = try lathe(
        "train", "logistic", "--data", "leak.csv", "--target", "label", "--output", "leak")
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.errors.contains("column 'copy' says the same as the target in each row"))
      #expect(result.errors.contains("column 'name' is left out"))
    }

    @Test("A class of a single row is learned from, whatever the seed")
    func singleRow() throws {
      var lines = ["x,y"]
      for row in 0..<60 {
        lines.append("\(row * 13 % 31),\(row == 6 ? "rare" : row % 2 == 0 ? "no" : "yes")")
      }
      try folder.write(Array(lines.joined(separator: "\n").utf8), "rare.csv")
      for seed in ["0", "1", "2"] {
        let run = try lathe(
          "train", "logistic", "--data", "rare.csv", "--target", "y", "--seed", seed, "--folds", "3",
          "--keep-duplicates", "--output", "rare-\(seed)")
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors.contains("1 class of 'y' with a single row"), "\(run.errors)")
      }
    }

    @Test("A stored model is explained, on the screen and as a page")
    func explanation() throws {
      let trained = try lathe(
        "train", "logistic", "--data", "data.csv", "--target", "label", "--drop", "price", "--output", "why")
      #expect(trained.status == 0, "\(trained.errors)")
      let explained = try lathe(
        "explain", "--model", "why", "--data", "data.csv", "--rows", "2", "--output", "report.html")
      #expect(explained.status == 0, "\(explained.errors)")
      #expect(explained.output.contains("importance: what shuffling costs of the share of right classes"))
      #expect(explained.output.contains("mean size of contributions (linear SHAP)"))
      #expect(explained.output.contains("row 2: ") && !explained.output.contains("row 3: "))
      #expect(!explained.output.contains("row 0: "))
      #expect(explained.errors.contains("report written to report.html"))
      let page = try String(contentsOfFile: folder.file("report.html"), encoding: .utf8)
      #expect(page.hasPrefix("<!DOCTYPE html>") && page.contains("<svg"))
      let json = try lathe("explain", "--model", "why", "--data", "data.csv", "--json")
      #expect(json.output.contains("\"method\":\"linear\""))
      let unknown = try lathe("explain", "--model", "why", "--data", "data.csv", "--class", "maybe")
      #expect(unknown.status == 1 && unknown.errors.contains("no class 'maybe'; there are no, yes"))
      #expect(try lathe("explain", "--model", "nowhere", "--data", "data.csv").status == 1)
    }

    @Test("A column is forecast by the best model of the past")
    func forecast() throws {
      let lines = (0..<60).map { k -> String in
        let month = "\(2019 + k / 12)-\(k % 12 < 9 ? "0" : "")\(k % 12 + 1)-01"
        return "\(month),\(Double(100 + k + 8 * (k % 12)) + Double(k * 7 % 5) / 10)"
      }
      try folder.write(Array((["month,sold"] + lines).joined(separator: "\n").utf8), "sales.csv")
      let found = try lathe(
        "forecast", "--data", "sales.csv", "--time", "month", "--target", "sold", "--horizon", "6", "--model",
        "ets",
        "--folds", "2", "--output", "next")
      #expect(found.status == 0, "\(found.errors)")
      #expect(found.output.contains("on the past, season 12") && found.output.contains("2024-06-01"))
      let csv = try String(contentsOfFile: folder.file("next/forecast.csv"), encoding: .utf8)
      #expect(csv.hasPrefix("month,forecast,low,high\n2024-01-01") && csv.split(separator: "\n").count == 7)
      let json = try String(contentsOfFile: folder.file("next/forecast.json"), encoding: .utf8)
      #expect(json.contains("\"chosen\" : \"ets\"") || json.contains("\"chosen\": \"ets\""))
      let again = try lathe(
        "forecast", "--data", "sales.csv", "--time", "month", "--target", "sold", "--horizon", "6",
        "--output", "next")
      #expect(again.status == 1 && again.errors.contains("holds an earlier forecast"))
      let short = try lathe(
        "forecast", "--data", "sales.csv", "--time", "month", "--target", "sold", "--horizon", "60",
        "--output", "far")
      #expect(short.status == 1 && short.errors.contains("60 values are too few"))
      let wrong = try lathe(
        "forecast", "--data", "sales.csv", "--time", "when", "--target", "sold", "--horizon", "6", "--output",
        "far")
      #expect(wrong.status == 1 && wrong.errors.contains("no column 'when'; there are month, sold"))
    }
  }
}
