import DataTestSupport
import Foundation
import LatheML
import Testing

/// The page that a run leaves.
@Suite("Report pages")
struct ReportPageTests {
  @Test(
    "One epoch of an autoencoder: its steps as a curve, no accuracy, what it makes of images, colours by night"
  )
  func autoencoder() throws {
    let folder = try TemporaryFolder()
    let recipe = try #require(ModelCatalog.recipe("autoencoder"))
    let model = recipe.model(ModelInput(), generator: Generator(seed: 1), device: .cpu)
    let data = IDXFiles.dataset(count: 40, seed: 1)
    let run = try Trainer(
      model: model, optimizer: Adam(model.parameters), generator: Generator(seed: 1), training: data,
      test: data,
      configuration: TrainerConfiguration(
        architecture: "autoencoder", data: "bars", epochs: 1, batchSize: 4, seed: 1),
      folder: folder.path, device: .cpu)
    run.objective = recipe.objective()
    run.configuration.best = Monitor(.loss)
    run.callbacks = [
      RunRecorder(folder: folder.path, histograms: false), RunReport(folder: folder.path, examples: 3),
    ]
    #expect(try run.run() == .finished)
    #expect(run.history.first?.testAccuracy == nil && run.history.first?.trainAccuracy == nil)
    let page = String(decoding: try folder.read("report.html"), as: UTF8.self)
    #expect(!page.lowercased().contains("accuracy"))
    #expect(page.contains("Reconstructions") && page.components(separatedBy: "<img").count == 1 + 2 * 3)
    #expect(page.contains("prefers-color-scheme: dark"))
    #expect(page.contains("after 1 epoch and 10 steps") && page.contains("The best is epoch 1"))
    let curve = try #require(page.firstRange(of: "<polyline points=\""))
    #expect(page[curve.upperBound...].prefix { $0 != "\"" }.split(separator: " ").count == 10)
    let lines = String(decoding: try folder.read("metrics.jsonl"), as: UTF8.self)
    #expect(!lines.contains("Accuracy"))
  }

  @Test("Axes have multiples of 1, 2 and 5")
  func ticks() throws {
    // The curves of a run whose losses are 0.589 at most and 0.544 at least.
    let folder = try TemporaryFolder()
    let data = IDXFiles.dataset(count: 40, seed: 1)
    let model = Sequential {
      Flatten(); Linear(784, 10, generator: Generator(seed: 1), device: .cpu)
    }
    let run = try Trainer(
      model: model, optimizer: Adam(model.parameters, learningRate: 1e-3), generator: Generator(seed: 1),
      training: data, test: data,
      configuration: TrainerConfiguration(
        architecture: "linear", data: "bars", epochs: 3, batchSize: 4, seed: 1),
      device: .cpu)
    run.callbacks = [RunReport(folder: folder.path)]
    #expect(try run.run() == .finished)
    let page = String(decoding: try folder.read("report.html"), as: UTF8.self)
    let labels = page.components(separatedBy: "class=\"left\">").dropFirst().compactMap { part in
      Double(part.prefix { $0 != "<" })
    }
    #expect(labels.count > 6)
    for label in labels where label != 0 {
      let digits = String(format: "%.2e", label).split(separator: "e")[0].filter(\.isNumber)
      #expect("050".contains(digits.dropFirst(2)) || digits.hasSuffix("0"), "\(label)")
    }
    #expect(page.contains(">0</text>") && page.contains(">3</text>"))
  }
}
