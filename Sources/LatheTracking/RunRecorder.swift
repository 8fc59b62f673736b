import Foundation
import Lathe
import LatheCore
import LatheData
import LatheFiles
import LatheNN
import LatheTraining

/// Writes what a run does into its folder: `config.json`, `metrics.jsonl` and TensorBoard's events.
///
/// `config.json` holds everything needed to repeat the run. `metrics.jsonl` has one object a line, of type `step`,
/// `test` or `epoch`, with keys such as `test_accuracy`, as `lathe train --json` has; a resumed run first drops the
/// lines behind the step that it goes on from.
public final class RunRecorder: TrainerCallback {
  /// What a run can be repeated by.
  public struct Configuration: Codable, Hashable, Sendable {
    /// What the trainer was asked for.
    public var trainer: TrainerConfiguration
    /// What the optimizer says of itself.
    public var optimizer: OptimizerDescription
    /// The command with its arguments.
    public var command: [String]
    /// Versions and the device.
    public var environment: RunEnvironment
    /// Parameters of the model.
    public var parameters: Int
  }

  private struct Line<Content: Encodable>: Encodable {
    var type: String
    var content: Content

    private enum Key: String, CodingKey { case type }

    func encode(to encoder: any Encoder) throws {
      try content.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(type, forKey: .type)
    }
  }

  private struct Epoch: Encodable {
    var step: Int
    var report: EpochReport

    private enum Key: String, CodingKey { case step }

    func encode(to encoder: any Encoder) throws {
      try report.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(step, forKey: .step)
    }
  }

  private let folder: String
  /// Keeps other processes out of the folder.
  private var lock: FolderLock?
  private let command: [String]
  private let program: String?
  private let stepInterval: Int
  private let histograms: Bool
  private let images: Int
  /// The first images of the test set, as they are shown.
  private var examples: Tensor?
  private var events: EventFile?
  private var metrics: FileHandle?
  private let encoder: JSONEncoder

  /// - Parameters:
  ///   - folder: The run's folder.
  ///   - command: What the run was started with.
  ///   - program: The program and its version.
  ///   - stepInterval: Every so many steps have a line.
  ///   - histograms: Whether the distributions of weights and gradients are recorded after each epoch.
  ///   - images: How many images of the test set are recorded, and after each epoch what an autoencoder makes of them.
  public init(
    folder: String, command: [String] = [], program: String? = nil, stepInterval: Int = 10,
    histograms: Bool = true, images: Int = 8
  ) {
    require(stepInterval > 0, "RunRecorder: a line every \(stepInterval) steps")
    self.folder = folder
    self.command = command
    self.program = program
    self.stepInterval = stepInterval
    self.histograms = histograms
    self.images = images
    encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  }

  private var metricsPath: String { "\(folder)/metrics.jsonl" }

  /// Writes the configuration and opens the files.
  public func trainingStarts(_ trainer: Trainer) throws {
    try AtomicFile.makeFolder(folder)
    lock = try FolderLock.of(folder)
    let configuration = Configuration(
      trainer: trainer.configuration, optimizer: trainer.optimizerDescription, command: command,
      environment: RunEnvironment(program: program, device: trainer.device),
      parameters: trainer.model.parameterCount)
    let pretty = JSONEncoder()
    pretty.keyEncodingStrategy = .convertToSnakeCase
    pretty.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    let text = String(decoding: try pretty.encode(configuration), as: UTF8.self)
    try AtomicFile.write(text + "\n", to: "\(folder)/config.json")
    try keepMetrics(upTo: trainer.step)
    guard let handle = FileHandle(forWritingAtPath: metricsPath) else {
      throw FileErrors.failed("write", metricsPath)
    }
    try handle.seekToEnd()
    metrics = handle
    try writeMissing(trainer)
    let events = try EventFile(folder: folder)
    self.events = events
    if images > 0 { examples = try firstImages(trainer) }
    if trainer.step == 0 {
      try events.text("config", "```json\n\(text)\n```", step: 0)
      try record(examples, as: "examples", step: 0)
      try events.hyperparameters(
        (trainer.optimizerDescription.fields + trainer.configuration.fields)
          .map { ($0.name.replacing(" ", with: "_"), $0.value) },
        group: folder)
    }
  }

  /// Records some of the steps.
  public func stepsRead(_ trainer: Trainer, _ steps: [StepReport]) throws {
    for report in steps where report.step % stepInterval == 0 {
      try write("step", report)
      var values: [(tag: String, value: Double)] = [
        ("loss/train", report.loss), ("learning_rate", Double(report.learningRate)),
      ]
      if let norm = report.gradientNorm { values.append(("gradient_norm", norm)) }
      if let bytes = report.peakBytes { values.append(("memory/peak_bytes", Double(bytes))) }
      try events?.scalars(values, step: report.step)
    }
  }

  /// Records a test inside an epoch.
  public func tested(_ trainer: Trainer, _ report: TestReport) throws {
    try write("test", report)
    try events?.scalars(
      [("loss/test", report.loss)] + scalar("accuracy/test", report.accuracy) + scalars(report.metrics),
      step: report.step)
  }

  /// Records an epoch.
  public func epochEnded(_ trainer: Trainer, _ report: EpochReport) throws {
    try write("epoch", Epoch(step: trainer.step, report: report))
    try events?.scalars(
      [("loss/epoch", report.trainLoss)] + scalar("loss/test", report.testLoss)
        + scalar("accuracy/train", report.trainAccuracy) + scalar("accuracy/test", report.testAccuracy)
        + [("examples_per_second", report.samplesPerSecond)] + scalars(report.metrics), step: trainer.step)
    if trainer.objective.reconstructsInputs, let examples {
      try trainer.model.inEvalMode {
        try record(noGradient { trainer.model(examples) }, as: "reconstructions", step: trainer.step)
      }
    }
    guard histograms else { return }
    for (name, parameter) in trainer.model.namedParameters {
      try events?.histogram("weights/\(name)", parameter.value.scalars(as: Float.self), step: trainer.step)
    }
  }

  /// Brings the lines so far to the disk.
  public func checkpointStarts(_ trainer: Trainer) throws {
    guard let metrics else { return }
    guard AtomicFile.flush(metrics.fileDescriptor) else { throw FileErrors.failed("write", metricsPath) }
  }

  /// Ends the work in the folder.
  public func trainingEnded(_ trainer: Trainer, _ outcome: Trainer.Outcome) throws { lock = nil }

  /// A figure by its tag; none where there is none.
  private func scalar(_ tag: String, _ value: Double?) -> [(tag: String, value: Double)] {
    value.map { [(tag, $0)] } ?? []
  }

  /// A test's metrics as numbers by tag.
  private func scalars(_ metrics: [String: Double]?) -> [(tag: String, value: Double)] {
    (metrics ?? [:]).sorted { $0.key < $1.key }.map { (tag: "\($0.key)/test", value: $0.value) }
  }

  /// Records the distributions of the gradients of an epoch's last step.
  public func gradientsComputed(_ trainer: Trainer, _ gradients: [Tensor]) throws {
    guard histograms, trainer.isLastStepOfEpoch else { return }
    var names: [ObjectIdentifier: String] = [:]
    for (name, parameter) in trainer.model.namedParameters { names[ObjectIdentifier(parameter)] = name }
    for (parameter, gradient) in zip(trainer.optimizer.parameters, gradients) {
      guard let name = names[ObjectIdentifier(parameter)] else { continue }
      try events?.histogram("gradients/\(name)", gradient.scalars(as: Float.self), step: trainer.step + 1)
    }
  }

  /// The first images of the test set; nil of other data.
  private func firstImages(_ trainer: Trainer) throws -> Tensor? {
    guard let test = trainer.test else { return nil }
    let batches = test.batches(size: images, seed: nil, epoch: 0, first: 0, on: trainer.device)
    guard let inputs = try batches.next()?.inputs, try Picture(inputs, at: 0) != nil else { return nil }
    return inputs
  }

  private func record(_ batch: Tensor?, as name: String, step: Int) throws {
    guard let batch else { return }
    for place in 0..<batch.shape[0] {
      guard let picture = try Picture(batch, at: place) else { continue }
      try events?.image(
        "\(name)/\(place)", pixels: picture.pixels, width: picture.width, height: picture.height,
        channels: picture.channels, step: step)
    }
  }

  private func write(_ type: String, _ content: some Encodable) throws {
    let line = try encoder.encode(Line(type: type, content: content)) + Data([0x0A])
    do {
      try metrics?.write(contentsOf: line)
    } catch {
      throw FileErrors.failed("write", metricsPath)
    }
  }

  /// Writes the lines of epochs that the trainer has done and the file has not: of runs that were stopped between a
  /// checkpoint and its line.
  private func writeMissing(_ trainer: Trainer) throws {
    let lines = try FileErrors.read(metricsPath).split(separator: 0x0A)
    let known = Set(
      lines.compactMap { line -> Int? in
        let object = RunRecorder.object(line)
        return object?["type"] as? String == "epoch" ? object?["epoch"] as? Int : nil
      })
    for report in trainer.history where !known.contains(report.epoch) {
      try write("epoch", Epoch(step: min(report.epoch * trainer.stepsPerEpoch, trainer.step), report: report))
    }
  }

  /// A line's JSON object; nil where it is none.
  private static func object(_ line: ArraySlice<UInt8>) -> [String: Any]? {
    guard JSONNesting.isShallow(line) else { return nil }
    return (try? JSONSerialization.jsonObject(with: Data(line))) as? [String: Any]
  }

  /// Leaves the whole lines of steps up to one.
  private func keepMetrics(upTo step: Int) throws {
    guard FileErrors.exists(metricsPath) else { return try AtomicFile.write("", to: metricsPath) }
    let kept = try FileErrors.read(metricsPath).split(separator: 0x0A).filter { line in
      let object = RunRecorder.object(line)
      return (object?["step"] as? Int).map { $0 <= step } ?? false
    }
    try AtomicFile.write([kept.flatMap { $0 + [0x0A] }], to: metricsPath)
  }
}
