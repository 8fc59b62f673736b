import DataTestSupport
import Foundation
import LatheML
import Testing

/// Loss scaling, and runs with mixed precision and recomputation.
@Suite("Mixed precision in training", .serialized)
struct TrainerPrecisionTests {
  private static let training = IDXFiles.dataset(count: 60, seed: 1)
  private static let test = IDXFiles.dataset(count: 20, seed: 2)

  private func trainer(
    _ precision: Precision, folder: String? = nil, recomputing: Bool = false, device: Device,
    optimizer: ([Parameter]) -> any Optimizer = { Adam($0, learningRate: 3e-3) }
  ) throws -> Trainer {
    let generator = Generator(seed: 7)
    let model = Sequential {
      Conv2D(1, 4, kernel: 5, stride: 2, generator: generator, device: device)
      BatchNorm2D(4, device: device)
      ReLU()
      Residual {
        Conv2D(4, 4, kernel: 3, padding: 1, generator: generator, device: device)
        BatchNorm2D(4, device: device)
        Dropout(0.2, generator: generator)
      }
      Flatten()
      Linear(576, 10, generator: generator, device: device)
    }
    model.recomputeLayers(recomputing)
    let trainer = try Trainer(
      model: model, optimizer: optimizer(model.parameters), generator: generator,
      training: Self.training, test: Self.test,
      configuration: TrainerConfiguration(
        architecture: "small", data: "bars", epochs: 3, batchSize: 10, seed: 7),
      folder: folder, device: device)
    trainer.configuration.precision = precision
    return trainer
  }

  @Test("The scale rises after good steps and falls at each bad one", arguments: Device.all)
  func scale(_ device: Device) throws {
    var scaler = LossScaler(growthInterval: 3)
    #expect(scaler.scale == 65536 && LossScaler().growthInterval == 2000)
    let finite = [Tensor([1, 2] as [Float], device: device), Tensor([3] as [Float], device: device)]
    for value in [Float.infinity, -.infinity, .nan] {
      #expect(try !scaler.unscaled(finite + [Tensor([0, value], device: device)]).areFinite)
    }
    let (unscaled, areFinite) = try scaler.unscaled(finite)
    #expect(areFinite)
    #expect(try unscaled[0].scalars() == [1 / 65536, 2 / 65536] as [Float])
    #expect(try scaler.scaled(Tensor(Float(0.5), device: device)).item() == 32768)
    for _ in 0..<2 { scaler.update(areFinite: true) }
    #expect(scaler.scale == 65536)
    scaler.update(areFinite: true)
    #expect(scaler.scale == 131072 && scaler.goodSteps == 0)
    scaler.update(areFinite: true)
    scaler.update(areFinite: false)
    #expect(scaler.scale == 65536 && scaler.goodSteps == 0)
    var large = LossScaler(scale: 2e38, growthInterval: 1)
    large.update(areFinite: true)
    #expect(large.scale == 2e38)
    #expect(try scaler.unscaled([]).areFinite)
  }

  @Test("A step whose gradients overflow is left out and halves the scale", arguments: Device.all)
  func overflow(_ device: Device) throws {
    let folder = try TemporaryFolder()
    let run = try trainer(.float16, device: device)
    run.configuration.lossScaler = LossScaler(scale: 1e30)
    run.configuration.clipping = .norm(1)
    // Records have no infinite lengths.
    run.callbacks = [RunRecorder(folder: folder.path, stepInterval: 1)]
    let before = try run.model.parameters.map { try $0.value.bytes() }
    run.shouldStop = { [unowned run] in run.step == 1 }
    #expect(try run.run() == .stopped)
    #expect(run.lossScaler?.scale == 5e29)
    #expect(try run.model.parameters.map { try $0.value.bytes() } == before)
    run.shouldStop = nil
    run.configuration.lossScaler = LossScaler()
    #expect(try run.run() == .finished)
    #expect(run.lossScaler?.scale == 65536)
    #expect(try run.model.parameters.map { try $0.value.bytes() } != before)
  }

  @Test(
    "Steps that the device judges end as those that somebody waits for, to the bit", arguments: Device.all)
  func judged(_ device: Device) throws {
    let optimizers: [([Parameter]) -> any Optimizer] = [
      { Adam($0, learningRate: 3e-3, decoupledDecay: 0.01) },
      { SGD($0, learningRate: 0.02, momentum: 0.9, dampening: 0.5) }, { SGD($0, learningRate: 0.02) },
    ]
    for optimizer in optimizers {
      func run(waiting: Bool) throws -> Trainer {
        let run = try trainer(.float16, device: device, optimizer: optimizer)
        // Too large at first, and again after three good steps.
        run.configuration.lossScaler = LossScaler(scale: 0x1p22, growth: 64, growthInterval: 3)
        run.configuration.checksEveryStep = waiting
        run.configuration.clipping = .norm(1)
        run.configuration.schedule = .cosine(steps: 18)
        #expect(try run.run() == .finished)
        return run
      }
      let (waited, judged) = (try run(waiting: true), try run(waiting: false))
      let (expected, found) = (waited.optimizer.state, judged.optimizer.state)
      #expect(
        found.step == expected.step && (2..<18).contains(found.step), "\(found.step) of \(expected.step)")
      #expect(judged.lossScaler == waited.lossScaler)
      #expect(
        try judged.model.state.map { try $0.tensor.bytes() }
          == waited.model.state.map { try $0.tensor.bytes() })
      for (name, tensors) in expected.slots {
        #expect(try found.slots[name]?.map { try $0.bytes() } == tensors.map { try $0.bytes() }, "\(name)")
      }
      #expect(judged.history.map(\.trainLoss) == waited.history.map(\.trainLoss))
    }
  }

  @Test("Each precision learns as float32 does, and a stopped run ends bit-identical", arguments: Device.all)
  func resume(_ device: Device) throws {
    let exact = try trainer(.float32, device: device)
    #expect(try exact.run() == .finished)
    let reference = try #require(exact.history.last)
    for precision in [Precision.bfloat16, .float16] {
      let whole = try trainer(precision, device: device)
      // A scale that changes on the way, so that its state matters.
      if precision == .float16 { whole.configuration.lossScaler = LossScaler(growthInterval: 4) }
      #expect(try whole.run() == .finished)
      let last = try #require(whole.history.last)
      #expect(abs(last.trainLoss - reference.trainLoss) < 0.1 * reference.trainLoss, "\(precision)")
      #expect(last.trainLoss != reference.trainLoss)
      #expect((whole.lossScaler?.scale ?? 1) == (precision == .float16 ? 65536 * 16 : 1))
      let folder = try TemporaryFolder()
      let first = try trainer(precision, folder: folder.path, device: device)
      if precision == .float16 { first.configuration.lossScaler = LossScaler(growthInterval: 4) }
      first.shouldStop = { [unowned first] in first.step >= 7 }
      #expect(try first.run() == .stopped)
      let second = try trainer(precision, folder: folder.path, device: device)
      if precision == .float16 { second.configuration.lossScaler = LossScaler(growthInterval: 4) }
      #expect(try second.resume())
      #expect(try second.run() == .finished)
      #expect(
        try second.model.state.map { try $0.tensor.bytes() }
          == whole.model.state.map { try $0.tensor.bytes() }, "\(precision)")
      #expect(second.lossScaler == whole.lossScaler)
      let other = try trainer(.float32, folder: folder.path, device: device)
      let error = #expect(throws: LatheError.self) { try other.resume() }
      #expect(error?.message.contains("made with precision \(precision.rawValue), now float32") == true)
    }
  }

  @Test("Recomputed layers end with the same bits", arguments: Device.all)
  func recomputing(_ device: Device) throws {
    let plain = try trainer(.float32, device: device)
    let checked = try trainer(.float32, recomputing: true, device: device)
    #expect(try plain.run() == .finished && checked.run() == .finished)
    #expect(
      try checked.model.state.map { try $0.tensor.bytes() } == plain.model.state.map { try $0.tensor.bytes() }
    )
    #expect(checked.history.map(\.testLoss) == plain.history.map(\.testLoss))
    #expect(!LeNet.model(device: device).recomputeLayers())
  }

  @Test("Steps report their memory, and the report the phases", arguments: Device.all)
  func reports(_ device: Device) throws {
    final class Log: TrainerCallback {
      var steps: [StepReport] = []
      func stepsRead(_ trainer: Trainer, _ steps: [StepReport]) throws { self.steps += steps }
    }
    let folder = try TemporaryFolder()
    let run = try trainer(.float32, folder: folder.path, device: device)
    run.configuration.synchronizesPhases = true
    let log = Log()
    run.callbacks = [log, RunReport(folder: folder.path)]
    #expect(try run.run() == .finished)
    #expect(log.steps.count == 18)
    for step in log.steps {
      let (peak, held) = try (#require(step.peakBytes), #require(step.bytesInUse))
      // 10 images of 28 x 28 at least, and more at the peak than behind the step.
      #expect(held > 31360 && peak > held, "\(step)")
    }
    #expect(run.history.allSatisfy { $0.phases?[.forward].seconds ?? 0 > 0 })
    #expect(run.history.allSatisfy { ($0.phases?.peakBytes ?? 0) >= (log.steps[0].peakBytes ?? .max) / 2 })
    let page = String(decoding: try folder.read("report.html"), as: UTF8.self)
    #expect(page.contains("<h2>Phases</h2>") && page.contains("<td>backward</td>"))
  }

  @Test("A transformer's step takes at most 0.65 of the memory", arguments: Device.all)
  func memory(_ device: Device) throws {
    let generator = Generator(seed: 3)
    let model = GPT(vocabulary: 60, length: 64, width: 128, generator: generator, device: device)
    let tokens = try Tensor((0..<8 * 64).map { Int32($0 % 59) }, shape: [8, 64], device: device).computed()
    func peak(_ precision: Precision, recomputing: Bool = false) throws -> Int {
      model.recomputeLayers(recomputing)
      try device.synchronize()
      device.resetCounters()
      let before = device.counters.bytesInUse
      let loss = withPrecision(precision) { crossEntropy(model(tokens), tokens) }
      for gradient in loss.gradients(of: model.parameters) { try gradient.computed() }
      return device.counters.peakBytes - before
    }
    let full = try peak(.float32)
    for precision in [Precision.bfloat16, .float16] {
      let half = try peak(precision)
      #expect(Double(half) <= 0.65 * Double(full), "\(precision): \(half) of \(full)")
    }
    #expect(try Double(peak(.float32, recomputing: true)) <= 0.65 * Double(full))
  }
}
