import DataTestSupport
import Foundation
import LatheML
import Testing

@Suite("Configurations of trainers")
struct TrainerConfigurationTests {
  private func trainer(
    _ folder: String, _ optimizer: ([Parameter]) -> any Optimizer = { Adam($0, learningRate: 1e-3) },
    changed change: (inout TrainerConfiguration) -> Void = { _ in }
  ) throws -> Trainer {
    let data = IDXFiles.dataset(count: 8, seed: 1)
    let model = Sequential {
      Flatten(); Linear(784, 10, generator: Generator(seed: 1), device: .cpu)
    }
    var configuration = TrainerConfiguration(
      architecture: "linear", data: "bars", epochs: 1, batchSize: 4, seed: 1)
    configuration.details = ["freeze": "0.bias"]
    change(&configuration)
    return try Trainer(
      model: model, optimizer: optimizer(model.parameters),
      generator: Generator(seed: 1), training: data, test: data, configuration: configuration, folder: folder,
      device: .cpu)
  }

  @Test("They are stored as they are")
  func stored() throws {
    var configuration = TrainerConfiguration(
      architecture: "a", data: "b", epochs: 2, batchSize: 3, seed: .max)
    configuration.stepLimit = 9
    configuration.precision = .float16
    configuration.lossScaler = LossScaler(growthInterval: 4)
    configuration.clipping = .norm(0.1)
    configuration.schedule = .sequence(.linear(from: 0, steps: 3), until: 3, .exponential(decay: 0.9))
    configuration.plateau = ReduceOnPlateau(patience: 2)
    configuration.averageDecay = 0.999
    configuration.earlyStopping = EarlyStopping(Monitor(.metric(.f1())), patience: 3)
    configuration.best = Monitor(.accuracy)
    configuration.details = ["freeze": "loaded"]
    let text = try JSONEncoder().encode(configuration)
    #expect(try JSONDecoder().decode(TrainerConfiguration.self, from: text) == configuration)
  }

  @Test("A run goes on with the same; what differs is named with the stored and the given value")
  func resumed() throws {
    let folder = try TemporaryFolder()
    #expect(try trainer(folder.path).run() == .finished)
    let changes: [((inout TrainerConfiguration) -> Void, String)] = [
      ({ $0.batchSize = 2 }, "batch size 4, now 2"), ({ $0.seed = 5 }, "seed 1, now 5"),
      ({ $0.accumulation = 2 }, "accumulation 1, now 2"),
      ({ $0.dropsLast = true }, "drops last false, now true"),
      ({ $0.clipping = .value(2) }, "clipping none, now value(2.0)"),
      ({ $0.schedule = .cosine(steps: 4) }, "schedule constant, now cosine(steps: 4, minimum: 0.0)"),
      ({ $0.averageDecay = 0.5 }, "average decay none, now 0.5"),
      ({ $0.plateau = ReduceOnPlateau() }, "plateau none, now ReduceOnPlateau(decay: 0.1"),
      ({ $0.precision = .bfloat16 }, "precision float32, now bfloat16"),
      ({ $0.data = "others" }, "data bars, now others"), ({ $0.details = [:] }, "freeze 0.bias, now none"),
      ({ $0.details["length"] = "3" }, "length none, now 3"),
      ({ $0.architecture = "lenet" }, "it is 'linear', expected 'lenet'"),
      ({ ($0.seed, $0.batchSize) = (2, 1) }, "batch size 4, now 1; seed 1, now 2"),
    ]
    for (change, part) in changes {
      let error = #expect(throws: LatheError.self) { try trainer(folder.path, changed: change).resume() }
      #expect(error?.message.contains(part) == true, "\(error?.message ?? ""), expected \(part)")
    }
    let longer = try trainer(
      folder.path,
      changed: {
        ($0.epochs, $0.stepLimit, $0.keptCheckpoints, $0.testInterval) = (3, 5, 1, 1)
        ($0.earlyStopping, $0.best, $0.checkpointInterval) = (EarlyStopping(patience: 9), Monitor(.loss), 1)
        ($0.checksEveryStep, $0.synchronizesPhases) = (false, true)
      })
    #expect(try longer.resume() && longer.run() == .finished && longer.step == 5)
    #expect(longer.configuration.keptCheckpoints == 1)
  }

  @Test("What the optimizer says of itself must be the same, too")
  func optimizers() throws {
    let folder = try TemporaryFolder()
    #expect(try trainer(folder.path).run() == .finished)
    let others: [(([Parameter]) -> any Optimizer, String)] = [
      ({ SGD($0, learningRate: 1e-3) }, "optimizer Adam, now SGD"),
      ({ Adam($0, learningRate: 0.25) }, "learning rate 0.001, now 0.25"),
      ({ Adam($0, learningRate: 1e-3, decoupledDecay: 0.1) }, ", now 0.1"),
    ]
    for (other, part) in others {
      let error = #expect(throws: LatheError.self) { try trainer(folder.path, other).resume() }
      #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }
  }

  @Test("What no run can be asked for is an error before anything is written")
  func impossible() throws {
    let folder = try TemporaryFolder()
    let changes: [((inout TrainerConfiguration) -> Void, String)] = [
      ({ $0.batchSize = 0 }, "batchSize is 0"), ({ $0.batchSize = 9 }, "larger than the training set of 8"),
      ({ $0.accumulation = -1 }, "accumulation is -1"), ({ $0.averageDecay = 1 }, "averageDecay is 1.0"),
      ({ $0.checkpointInterval = 0 }, "checkpointInterval is 0"),
      ({ $0.keptCheckpoints = 0 }, "keptCheckpoints is 0"),
    ]
    for (change, part) in changes {
      let error = #expect(throws: LatheError.self) { try trainer(folder.path, changed: change) }
      #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }
    #expect(folder.names.isEmpty)
  }

  @Test("A checkpoint of an older version says so")
  func older() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      Array(#"{"checksum": 1, "state": {"version": 1, "step": 3}}"#.utf8), "checkpoint-00000003.json")
    let run = try trainer(folder.path)
    var notes: [String] = []
    run.onNote = { notes.append($0) }
    let error = #expect(throws: LatheError.self) { try run.resume() }
    #expect(error?.message.contains("none of its 1 checkpoints") == true)
    #expect(
      notes.count == 1 && notes[0].contains("a checkpoint of version 1; this program reads 2"), "\(notes)")
  }
}
