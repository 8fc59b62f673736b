import DataTestSupport
import Foundation
import LatheML
import Testing

/// What is on the disk when a run is stopped at a place where the system refuses something.
@Suite("Checkpoints and the files they promise", .serialized)
struct CheckpointOrderTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func trainer(epochs: Int = 2, folder: String?) throws -> Trainer {
    let generator = Generator(seed: 3)
    let model = Sequential {
      Flatten()
      Linear(784, 10, generator: generator, device: .cpu)
    }
    let trainer = try Trainer(
      model: model, optimizer: Adam(model.parameters, learningRate: 1e-3), generator: generator,
      training: IDXFiles.dataset(count: 40, seed: 1), test: IDXFiles.dataset(count: 20, seed: 2),
      configuration: TrainerConfiguration(
        architecture: "small", data: "bars", epochs: epochs, batchSize: 10, seed: 3),
      folder: folder, device: .cpu)
    trainer.configuration.best = Monitor(.loss)
    if let folder { trainer.callbacks = [RunRecorder(folder: folder, histograms: false, images: 0)] }
    return trainer
  }

  /// Stops a run where an epoch ends, like a disk without room for it.
  private final class Refusal: TrainerCallback {
    var epoch: Int
    init(epoch: Int) { self.epoch = epoch }
    func epochEnded(_ trainer: Trainer, _ report: EpochReport) throws {
      if report.epoch == epoch { throw LatheError(.file, "no room") }
    }
  }

  private func epochLines() throws -> [Int] {
    try folder.read("metrics.jsonl").split(separator: 0x0A).compactMap { line in
      let object = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
      return object?["type"] as? String == "epoch" ? object?["epoch"] as? Int : nil
    }
  }

  @Test("What an epoch's files could not be written for is no checkpoint, and is done again")
  func refused() throws {
    let whole = try trainer(folder: nil)
    #expect(try whole.run() == .finished)
    let first = try trainer(folder: folder.path)
    first.callbacks.append(Refusal(epoch: 2))
    #expect { try first.run() } throws: { says($0, "no room") }
    #expect(
      !folder.names.contains("checkpoint-00000008.json") && folder.names.contains("checkpoint-00000004.json"))
    let second = try trainer(folder: folder.path)
    #expect(try second.resume() && second.step == 4)
    #expect(try second.run() == .finished)
    #expect(
      try second.model.state.map { try $0.tensor.bytes() } == whole.model.state.map { try $0.tensor.bytes() })
    #expect(try epochLines() == [1, 2])
  }

  @Test("A run that is resumed at its end writes the model, the best one and the lines that are not there")
  func owed() throws {
    #expect(try trainer(folder: folder.path).run() == .finished)
    let files = try (folder.read("model.safetensors"), folder.read("best.safetensors"))
    let lines = String(decoding: try folder.read("metrics.jsonl"), as: UTF8.self).split(separator: "\n")
    for name in ["model.safetensors", "best.safetensors"] {
      try FileManager.default.removeItem(atPath: folder.file(name))
    }
    let kept = lines.filter { !$0.contains("\"epoch\":2") }.joined(separator: "\n") + "\n"
    try folder.write(Array(kept.utf8), "metrics.jsonl")
    let second = try trainer(folder: folder.path)
    #expect(try second.resume())
    #expect(try second.run() == .finished)
    #expect(try (folder.read("model.safetensors"), folder.read("best.safetensors")) == files)
    #expect(try epochLines() == [1, 2])
  }

  @Test("At the checkpoint of an epoch its model, its best one and its line are there")
  func order() throws {
    final class Look: TrainerCallback {
      let folder: TemporaryFolder
      var seen: [[String]] = []
      init(_ folder: TemporaryFolder) { self.folder = folder }
      func checkpointStarts(_ trainer: Trainer) throws {
        let text = String(decoding: try folder.read("metrics.jsonl"), as: UTF8.self)
        seen.append(folder.names + (text.contains("\"epoch\":\(trainer.history.count)") ? ["line"] : []))
      }
    }
    let look = Look(folder)
    let run = try trainer(epochs: 1, folder: folder.path)
    run.callbacks.append(look)
    #expect(try run.run() == .finished)
    #expect(
      look.seen.count == 1
        && Set(look.seen[0]).isSuperset(of: ["model.safetensors", "best.safetensors", "line"]))
    #expect(look.seen[0].allSatisfy { !$0.hasPrefix("checkpoint") })
  }

  @Test(
    "A checkpoint whose numbers cannot be is passed over for the one before it",
    arguments: [
      ("\"epoch\" : 2,\n    \"gen", "\"epoch\" : -1,\n    \"gen"),
      ("\"stepInEpoch\" : 0", "\"stepInEpoch\" : 9"),
      ("\"optimizerStep\" : 8", "\"optimizerStep\" : 0"), ("\"sampleCount\" : 0", "\"sampleCount\" : -5"),
      ("\"epoch\" : 2,\n    \"gen", "\"epoch\" : 9000000000000000,\n    \"gen"),
      ("\"correctCount\" : 0", "\"correctCount\" : 7"),
      ("\"seconds\" : 0.", "\"seconds\" : -0."),
    ])
  func impossible(_ change: (from: String, to: String)) throws {
    let first = try trainer(folder: folder.path)
    #expect(try first.run() == .finished)
    let name = "checkpoint-00000008.json"
    let text = String(decoding: try folder.read(name), as: UTF8.self)
    let changed = text.replacingOccurrences(of: change.from, with: change.to)
    #expect(changed != text)
    try folder.write(try Checkpoint.sealed(changed), name)
    let second = try trainer(folder: folder.path)
    var notes: [String] = []
    second.onNote = { notes.append($0) }
    #expect(try second.resume() && second.step == 4, "\(notes)")
    #expect(
      notes.contains { $0.contains(name) && $0.contains("corrupt checkpoint: ") && !$0.contains("checksum") })
    #expect(try second.run() == .finished)
    #expect(
      try second.model.state.map { try $0.tensor.bytes() } == first.model.state.map { try $0.tensor.bytes() })
  }

  @Test("Figures that are not numbers decide nothing")
  func noNumbers() throws {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let reports = try ["\"nan\"", "0.5", "0.4"].enumerated().map { place, loss in
      let text =
        "{\"epoch\":\(place + 1),\"trainLoss\":1,\"testLoss\":\(loss),\"samplesPerSecond\":1,\"seconds\":1,\"device\":\"cpu\"}"
      return try decoder.decode(EpochReport.self, from: Data(text.utf8))
    }
    #expect(Monitor(.loss).best(reports) == 2)
    #expect(EarlyStopping(patience: 2).reason(reports) == nil)
    #expect(Monitor(.accuracy).best(reports) == nil)
    var rule = ReduceOnPlateau(decay: 0.5, patience: 0)
    for loss in [Double.nan, 0.5, 0.4] { rule.report(loss) }
    #expect(rule.factor == 0.5)
  }
}

/// The checksum of a checkpoint's text, made anew as a program would that wrote the changed numbers.
private enum Checkpoint {
  static func sealed(_ text: String) throws -> [UInt8] {
    // The state's own text is less indented than it is inside the file.
    let head = try #require(text.firstRange(of: "\"state\" : "))
    let state = text[head.upperBound...].dropLast("\n}".count).replacingOccurrences(of: "\n  ", with: "\n")
    let checksum = try #require(text.firstRange(of: "\"checksum\" : "))
    let rest = text[checksum.upperBound...].drop { $0.isNumber }
    return Array((text[..<checksum.upperBound] + "\(CRC32.checksum([Array(state.utf8)]))" + rest).utf8)
  }
}
