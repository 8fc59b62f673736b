import DataTestSupport
import Foundation
import LatheML
import Testing

@Suite("Averages of weights that are trained later")
struct LaterAverageTests {
  /// Notes the weights before each step and trains a layer that was frozen from the second epoch on.
  private final class Unfreezing: TrainerCallback {
    let parameters: [Parameter]
    var values: [[[Float]]] = []
    var addedAt: Int?

    init(_ parameters: [Parameter]) { self.parameters = parameters }

    func note() throws { values.append(try parameters.map { try $0.value.scalars(as: Float.self) }) }

    func gradientsComputed(_ trainer: Trainer, _ gradients: [Tensor]) throws { try note() }

    func epochEnded(_ trainer: Trainer, _ report: EpochReport) throws {
      guard report.epoch == 1, let optimizer = trainer.optimizer as? GroupedOptimizer else { return }
      addedAt = trainer.step
      let further = parameters.filter(\.isFrozen)
      for parameter in further { parameter.isFrozen = false }
      optimizer.addGroup(ParameterGroup(further))
    }
  }

  @Test("Averages follow parameters that are trained later, also over a checkpoint")
  func laterAverages() throws {
    func make(_ folder: String?) throws -> (Trainer, Unfreezing) {
      let model = Sequential {
        Flatten()
        Linear(784, 5, generator: Generator(seed: 1), device: .cpu)
        Tanh()
        Linear(5, 10, generator: Generator(seed: 2), device: .cpu)
      }
      model.freeze("1")
      let noting = Unfreezing(model.parameters)
      let trainer = try Trainer(
        model: model, optimizer: Adam(model.trainableParameters, learningRate: 0.05),
        generator: Generator(seed: 3), training: IDXFiles.dataset(count: 100, seed: 1), callbacks: [noting],
        configuration: TrainerConfiguration(
          architecture: "small", data: "bars", epochs: 3, batchSize: 20, seed: 7),
        folder: folder, device: .cpu)
      trainer.configuration.averageDecay = 0.5
      return (trainer, noting)
    }
    let (whole, noting) = try make(nil)
    #expect(try whole.run() == .finished)
    try noting.note()
    let start = try #require(noting.addedAt)
    let average = try #require(whole.average)
    #expect(average.parameters.count == 4 && start > 0)
    for (place, parameter) in noting.parameters.enumerated() {
      let isLater = place < 2
      var expected = noting.values[isLater ? start : 0][place].map { Double($0) }
      for values in noting.values.dropFirst((isLater ? start : 0) + 1) {
        expected = zip(expected, values[place]).map { 0.5 * $0 + 0.5 * Double($1) }
      }
      let own = try #require(average.parameters.firstIndex { $0 === parameter })
      for (found, wanted) in zip(try average.averages[own].scalars(as: Float.self), expected) {
        #expect(abs(Double(found) - wanted) < 1e-5)
      }
    }
    let folder = try TemporaryFolder()
    let (first, _) = try make(folder.path)
    first.shouldStop = { [unowned first] in first.step >= start + 2 }
    #expect(try first.run() == .stopped)
    let (second, again) = try make(folder.path)
    for parameter in again.parameters { parameter.isFrozen = false }
    let further = Array(again.parameters.prefix(2))
    (second.optimizer as? GroupedOptimizer)?.addGroup(ParameterGroup(further))
    #expect(try second.resume() && second.run() == .finished)
    #expect(
      try second.average?.averages.map { try $0.bytes() } == average.averages.map { try $0.bytes() })
  }
}
