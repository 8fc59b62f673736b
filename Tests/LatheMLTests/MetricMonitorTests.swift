import DataTestSupport
import Foundation
import LatheML
import Testing

/// What metrics of tests decide, and where they are written.
@Suite("Monitored metrics", .serialized)
struct MetricMonitorTests {
  private func report(_ epoch: Int, f1: Double?) throws -> EpochReport {
    let metrics = f1.map { ", \"metrics\": {\"f1-macro\": \($0)}" } ?? ""
    return try JSONDecoder().decode(
      EpochReport.self,
      from: Data(
        """
        {"epoch": \(epoch), "trainLoss": 0, "trainAccuracy": 0, "testLoss": \(epoch), "testAccuracy": 0.5,
         "samplesPerSecond": 1, "seconds": 1, "device": "cpu"\(metrics)}
        """.utf8))
  }

  @Test("Patience and target of a metric; reports without it are passed over")
  func rule() throws {
    let monitor = Monitor(.metric(.f1()))
    let history = try [nil, 0.4, 0.6, 0.55, 0.6].enumerated().map { try report($0 + 1, f1: $1) }
    #expect(history[0].metrics == nil && history[1].metrics == ["f1-macro": 0.4])
    #expect(monitor.value(history[0]) == nil && monitor.value(history[2]) == 0.6)
    #expect(monitor.best(history) == 2 && monitor.best(Array(history[..<1])) == nil)
    #expect(Monitor(.metric(.f1()), minimumChange: 0.3).best(history) == 1)
    #expect(EarlyStopping(monitor, patience: 2).reason(Array(history[..<4])) == nil)
    #expect(
      EarlyStopping(monitor, patience: 2).reason(history) == "test f1-macro has not improved for 2 epochs")
    #expect(EarlyStopping(monitor, target: 0.6).reason(history) == "test f1-macro 0.6 reached 0.6")
    #expect(EarlyStopping(monitor, target: 0.7).reason(history) == nil)
    #expect(EarlyStopping(monitor, patience: 1, target: 0).reason(Array(history[..<1])) == nil)
    // Of an error, less is better.
    let error = Monitor(
      .metric(
        TestMetric("f1-macro", of: .numbers, largerIsBetter: false, start: 0) { _, _ in
        } value: {
          Double($0)
        }))
    #expect(error.best(history) == 1)
    #expect(EarlyStopping(error, target: 0.5).reason(Array(history[..<2])) != nil)
    #expect(EarlyStopping(error, target: 0.5).reason(history) == nil)
  }

  @Test("Monitors as JSON, those of before too")
  func json() throws {
    let old = Data(#"{"figure": "accuracy", "minimumChange": 0.1}"#.utf8)
    #expect(try JSONDecoder().decode(Monitor.self, from: old) == Monitor(.accuracy, minimumChange: 0.1))
    for monitor in [Monitor(.loss), Monitor(.metric(.f1())), Monitor(.metric(.perplexity), minimumChange: 1)]
    {
      let text = try JSONEncoder().encode(monitor)
      #expect(try JSONDecoder().decode(Monitor.self, from: text) == monitor)
    }
    #expect(String(decoding: try JSONEncoder().encode(Monitor(.loss)), as: UTF8.self).contains(#":"loss""#))
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(Monitor.self, from: Data(#"{"figure": "f2", "minimumChange": 0}"#.utf8))
    }
  }

  @Test("A run ends when F1 is good enough, or no longer improves")
  func stopping() throws {
    let good = try TestMetricTests.trainer(epochs: 40)
    good.metrics = [.f1()]
    good.configuration.earlyStopping = EarlyStopping(Monitor(.metric(.f1())), target: 0.6)
    #expect(try good.run() == .finished)
    let reached = good.history.compactMap { $0.metrics?["f1-macro"] }
    #expect(reached.count == good.history.count && reached.count < 40)
    #expect((reached.last ?? 0) >= 0.6 && reached.dropLast().allSatisfy { $0 < 0.6 })
    // With steps of no length nothing improves.
    let still = try TestMetricTests.trainer(epochs: 40, rate: 1e-12)
    still.metrics = [.f1()]
    still.configuration.earlyStopping = EarlyStopping(Monitor(.metric(.f1())), patience: 3)
    var notes: [String] = []
    still.onNote = { notes.append($0) }
    #expect(try still.run() == .finished)
    #expect(still.history.count == 4)
    #expect(notes == ["stopping after epoch 4: test f1-macro has not improved for 3 epochs"])
  }

  @Test("A run resumed at any step has the metrics, and ends where the whole one does")
  func resume() throws {
    func complete(_ trainer: Trainer) {
      trainer.metrics = [.f1(), .topK(2), .logLoss]
      trainer.configuration.best = Monitor(.metric(.f1()))
      trainer.configuration.earlyStopping = EarlyStopping(Monitor(.metric(.f1())), patience: 2)
    }
    let whole = try TestMetricTests.trainer(epochs: 12, rate: 0.05)
    complete(whole)
    #expect(try whole.run() == .finished)
    for step in [7, 15, 31] {
      let folder = try TemporaryFolder()
      let first = try TestMetricTests.trainer(epochs: 12, folder: folder.path, rate: 0.05)
      complete(first)
      first.shouldStop = { [unowned first] in first.step >= step }
      #expect(try first.run() == .stopped)
      let second = try TestMetricTests.trainer(epochs: 12, folder: folder.path, rate: 0.05)
      complete(second)
      #expect(try second.resume() && second.run() == .finished)
      #expect(second.history.map(\.metrics) == whole.history.map(\.metrics), "stopped at \(step)")
      #expect(
        try second.model.state.map { try $0.tensor.bytes() }
          == whole.model.state.map { try $0.tensor.bytes() })
    }
    // One of a run without metrics goes on with them.
    let folder = try TemporaryFolder()
    let plain = try TestMetricTests.trainer(epochs: 1, folder: folder.path)
    #expect(try plain.run() == .finished)
    let more = try TestMetricTests.trainer(epochs: 2, folder: folder.path)
    complete(more)
    #expect(try more.resume() && more.run() == .finished)
    #expect(more.history[0].metrics == nil && more.history[1].metrics?.count == 3)
  }

  @Test("Metrics are in the records, in the events and on the page")
  func records() throws {
    let folder = try TemporaryFolder()
    let run = try TestMetricTests.trainer(epochs: 2, folder: folder.path)
    run.metrics = [.f1(), .topK(2)]
    run.configuration.testInterval = 4
    run.callbacks = [RunRecorder(folder: folder.path), RunReport(folder: folder.path)]
    #expect(try run.run() == .finished)
    let lines = String(decoding: try folder.read("metrics.jsonl"), as: UTF8.self).split(separator: "\n")
    let objects = try lines.map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    for (type, count) in [("epoch", 2), ("test", 7)] {
      let rows = objects.filter { $0["type"] as? String == type }
      let values = rows.compactMap { $0["metrics"] as? [String: Double] }
      #expect(values.count == count && values.allSatisfy { Set($0.keys) == ["f1-macro", "top-2"] })
    }
    let last = try #require(objects.last?["metrics"] as? [String: Double])
    #expect(last == run.history.last?.metrics)
    let name = try #require(folder.names.first { $0.contains("tfevents") })
    let events = String(decoding: try folder.read(name), as: Unicode.ASCII.self)
    #expect(events.contains("f1-macro/test") && events.contains("top-2/test"))
    let page = String(decoding: try folder.read("report.html"), as: UTF8.self)
    #expect(page.contains("<th>test f1-macro</th>") && page.contains("<figcaption>top-2: "))
    #expect(page.contains(String(format: "<td>%.4f</td>", last["f1-macro"] ?? .nan)))
  }

  /// Says class 0 of two, whatever it is shown.
  private final class Constant: Module {
    let logits = Parameter(Tensor([1, 0] as [Float], device: .cpu))

    func forward(_ input: Tensor) -> Tensor {
      Tensor.zeros([input.shape[0], 2], device: .cpu) + logits.value
    }

    func visit(_ visitor: inout ModuleVisitor) { visitor.parameter("logits", logits) }
  }

  private func page(_ data: any TrainingData, examples: Int = 24) throws -> String {
    let folder = try TemporaryFolder()
    let model = Constant()
    let run = try Trainer(
      model: model, optimizer: SGD(model.parameters, learningRate: 1e-6), generator: Generator(seed: 1),
      training: data, test: data,
      configuration: TrainerConfiguration(
        architecture: "constant", data: "few", epochs: 1, batchSize: 2, seed: 1),
      device: .cpu)
    run.callbacks = [RunReport(folder: folder.path, examples: examples)]
    #expect(try run.run() == .finished)
    return String(decoding: try folder.read("report.html"), as: UTF8.self)
  }

  @Test("Wrong texts are shown escaped and cut, and no images")
  func texts() throws {
    let texts = ["right", "<b>bold</b> & \"so\"", String(repeating: "long ", count: 100), "gr\u{FC}\u{DF}"]
    let data = LabelledTexts(
      texts.map { Array($0.utf8) }, labels: [0, 1, 1, 1], classNames: ["<a>", "b"], length: 400)
    let page = try page(data)
    #expect(
      page.contains("<td>b</td><td>&lt;a&gt;</td><td>&lt;b&gt;bold&lt;/b&gt; &amp; &quot;so&quot;</td>"))
    #expect(page.contains("<td>\(String(repeating: "long ", count: 60))…</td>"))
    #expect(page.contains("<td>gr\u{FC}\u{DF}</td>") && page.contains("3 of 3: the true class"))
    #expect(!page.contains("<img") && !page.contains("<b>") && !page.contains("<td>right</td>"))
    // Cut within a character of two bytes.
    let cut = LabelledTexts(
      Array(repeating: Array("gr\u{FC}n".utf8), count: 2), labels: [1, 1], classNames: ["a", "b"], length: 3)
    #expect(try self.page(cut, examples: 1).contains("<td>gr</td>"))
  }

  @Test("Wrong rows are shown with their columns, by name where there are names")
  func rows() throws {
    struct Rows: InMemoryDataset {
      let count = 4
      func example(at index: Int, random: inout SampleRandom) -> FeatureRow {
        FeatureRow(features: [Float(index) + 0.5, -3], target: .category(index % 2))
      }
    }
    let numbered = try page(TrainingSet(Rows(), noun: "rows", checksum: 1, classes: ["a", "b"]))
    #expect(numbered.contains("<th>column 1</th><th>column 2</th>"))
    #expect(numbered.contains("<td>b</td><td>a</td><td>1.5</td><td>-3</td>"))
    #expect(numbered.contains("<td>b</td><td>a</td><td>3.5</td><td>-3</td>") && !numbered.contains("<img"))
    let named = TrainingSet(
      Rows(), noun: "rows", checksum: 1, classes: ["a", "b"],
      description: { batch, place in
        .features(names: ["width <m>", "depth"], values: try batch.inputs[place].scalars(as: Float.self))
      })
    let page = try page(named, examples: 1)
    #expect(
      page.contains("<th>width &lt;m&gt;</th><th>depth</th>") && page.contains("1 of 2: the true class"))
  }

  @Test("What cannot be taken or monitored is an error before the first step that names what there is")
  func errors() throws {
    func failure(_ change: (Trainer) -> Void) throws -> String {
      let run = try TestMetricTests.trainer()
      change(run)
      let text = message { try run.run() }
      #expect(run.step == 0)
      return text
    }
    let missing = try failure {
      $0.metrics = [.topK(2)]
      $0.configuration.earlyStopping = EarlyStopping(Monitor(.metric(.f1())), patience: 1)
    }
    #expect(missing.contains("'f1-macro'") && missing.contains("loss, accuracy, top-2"))
    #expect(try failure { $0.configuration.best = Monitor(.metric(.recall())) }.contains("'recall-macro'"))
    #expect(try failure { $0.metrics = [.f1(), .f1()] }.contains("'f1-macro' is there already"))
    let twice = TestMetric("loss", of: .classes, largerIsBetter: false, start: 0) { _, _ in
    } value: {
      Double($0)
    }
    #expect(try failure { $0.metrics = [twice] }.contains("'loss' is there already"))
    let numbers = try failure { $0.metrics = [.r2] }
    #expect(
      numbers.contains("'r2' is one of numbers") && numbers.contains("f1-macro") && numbers.contains("top-K"))
    let pairs = TestMetric("pairs", of: .classes, classes: 2...2, largerIsBetter: false, start: 0) { _, _ in
    } value: {
      Double($0)
    }
    #expect(try failure { $0.metrics = [pairs] }.contains("'pairs' takes 2 classes, and here are 3"))
    #expect(try failure { $0.metrics = [.topK(3)] }.contains("'top-3' takes 4 or more classes"))
    let other = try failure {
      $0.objective = VariationalObjective()
      $0.metrics = [.logLoss]
    }
    #expect(other.contains("VariationalObjective is no OutputObjective"))
    let reconstruction = try failure {
      $0.objective = ReconstructionObjective()
      $0.metrics = [.f1()]
    }
    #expect(reconstruction.contains("are numbers; of those there are mae, mse, rmse, r2"))
  }

  @Test("Names stand for metrics")
  func names() {
    for kind in [OutputKind.classes, .numbers] {
      for name in TestMetric.names(of: kind) where name != "top-K" {
        let metric = TestMetric(name: name)
        #expect(metric?.name == name && metric?.kind == kind)
      }
    }
    #expect(TestMetric(name: "top-12")?.name == "top-12")
    for name in ["", "f1", "top-", "top-0", "top--1", "top-x", "loss", "F1-macro"] {
      #expect(TestMetric(name: name) == nil, "\(name)")
    }
  }
}
