import Foundation
import Glibc
import Lathe
import LatheML

/// Checkpoints on the disk, in turns with the same bytes written or read by plain system calls.
enum CheckpointSuite {
  static var workloads: [Workload] {
    [row("write") { try CheckpointTurns($0).write() }, row("read") { try CheckpointTurns($0).read() }]
  }

  /// Layers of 2000 x 2000 weights: 100 million parameters.
  static let layers = 25, width = 2000

  private static func row(_ name: String, _ prepare: @escaping (Device) throws -> Trial) -> Workload {
    let count = layers * width * width
    return Workload(
      .checkpoint, name, "\(count / 1_000_000)M parameters", parameters: ["parameters": count],
      work: .traffic(Double(4 * count)), prepare: prepare)
  }
}

/// A model with a folder for its checkpoints, and what the turns took.
private final class CheckpointTurns {
  private let device: Device
  private let folder: URL
  private let model: Sequential
  private let bytes: UnsafeMutableRawBufferPointer
  private var own: [Double] = []
  private var raw: [Double] = []

  init(_ device: Device) throws {
    self.device = device
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("lathe-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let width = CheckpointSuite.width
    model = Sequential(
      (0..<CheckpointSuite.layers).map { _ in
        Linear(width, width, bias: false, generator: Generator(seed: 0), device: device)
      })
    for parameter in model.parameters { try parameter.value.computed() }
    bytes = .allocate(byteCount: 4 * CheckpointSuite.layers * width * width, alignment: 4096)
    // Not zeros, which a file system might not store; and the memory is there before the first turn.
    for i in 0..<bytes.count / 8 {
      bytes.storeBytes(of: UInt64(i) &* 0x9E37_79B9_7F4A_7C15, toByteOffset: 8 * i, as: UInt64.self)
    }
  }

  deinit {
    bytes.deallocate()
    // A folder that cannot be removed is left for the system to clean up.
    try? FileManager.default.removeItem(at: folder)
  }

  /// Writing and flushing.
  func write() -> Trial {
    trial {
      // Both make a new file, so that neither has to free an old one.
      for file in try FileManager.default.contentsOfDirectory(
        at: self.folder, includingPropertiesForKeys: nil)
      {
        try FileManager.default.removeItem(at: file)
      }
      try self.time(into: &self.raw) { try self.writeRaw() }
      try self.time(into: &self.own) { try self.save() }
    }
  }

  /// Reading what was just written.
  func read() throws -> Trial {
    try save()
    try writeRaw()
    return trial {
      try self.time(into: &self.raw) { try self.readRaw() }
      try self.time(into: &self.own) { try self.load() }
    }
  }

  private func trial(_ turn: @escaping () throws -> Void) -> Trial {
    let body = { () throws -> Double in
      try turn()
      return self.own.last ?? 0
    }
    var trial = Trial(.timed(body), tolerance: 0) {
      try self.save()
      let saved = try self.model.parameters.map { try $0.value[0].scalars(as: Float.self) }
      for parameter in self.model.parameters {
        parameter.value = Tensor.zeros(parameter.shape, device: self.device)
      }
      try self.load()
      return try self.model.parameters.map { try $0.value[0].scalars(as: Float.self) } == saved ? 0 : 1
    }
    trial.maximumSamples = 7
    trial.counters = {
      let (own, raw) = (Statistics.median(self.own), Statistics.median(self.raw))
      return ["raw_seconds": raw, "times_raw": own / raw]
    }
    return trial
  }

  private func time(into samples: inout [Double], _ body: () throws -> Void) throws {
    let start = Clock.now
    try body()
    samples.append(Clock.now - start)
  }

  /// A run that only writes a checkpoint, or reads one.
  private func trainer() throws -> Trainer {
    let images = ImageDataset(pixels: [0], labels: [0], height: 1, width: 1, classNames: ["zero"])
    var configuration = TrainerConfiguration(
      architecture: "matrices", data: "none", epochs: 1, batchSize: 1, seed: 0)
    configuration.keptCheckpoints = 1
    let trainer = try Trainer(
      model: model, optimizer: SGD(model.parameters, learningRate: 0.1), generator: Generator(seed: 0),
      training: images, test: images, configuration: configuration, folder: folder.path, device: device)
    trainer.shouldStop = { true }
    return trainer
  }

  private func save() throws { _ = try trainer().run() }

  private func load() throws {
    guard try trainer().resume() else { throw LatheError(.file, "\(folder.path): no checkpoint") }
    try device.synchronize()
  }

  private var rawPath: String { folder.appendingPathComponent("raw").path }

  private func writeRaw() throws {
    let descriptor = open(rawPath, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    guard descriptor >= 0 else { throw failure("open") }
    defer { close(descriptor) }
    try transfer("write") { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    guard fsync(descriptor) == 0 else { throw failure("flush") }
  }

  private func readRaw() throws {
    let descriptor = open(rawPath, O_RDONLY)
    guard descriptor >= 0 else { throw failure("open") }
    defer { close(descriptor) }
    try transfer("read") { Glibc.read(descriptor, $0.baseAddress, $0.count) }
  }

  private func transfer(_ action: String, _ call: (UnsafeMutableRawBufferPointer) -> Int) throws {
    var done = 0
    while done < bytes.count {
      let count = call(UnsafeMutableRawBufferPointer(rebasing: bytes[done...]))
      guard count > 0 else { throw failure(action) }
      done += count
    }
  }

  private func failure(_ action: String) -> LatheError {
    LatheError(.file, "\(rawPath): cannot \(action): \(String(cString: strerror(errno)))")
  }
}
