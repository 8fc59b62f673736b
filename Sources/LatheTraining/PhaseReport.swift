import Lathe
import LatheCore

/// The parts of a run that are told apart in its figures.
public enum TrainingPhase: String, Sendable, Hashable, Codable, CaseIterable {
  /// Waiting for batches and copying them to the device.
  case data
  /// The model and the loss.
  case forward
  /// The gradients.
  case backward
  /// Loss scaling, clipping, the step and the average of the weights.
  case optimizer
  /// Reading losses, where the device finishes what it was given.
  case waiting
  /// Tests.
  case validation
}

/// What a phase took.
public struct PhaseFigure: Sendable, Hashable, Codable {
  /// The host's time.
  ///
  /// A device works on what it was given while the host goes on, so that its time shows under `waiting` unless the
  /// run synchronises after each phase.
  public var seconds = 0.0
  /// The most bytes of the device that tensors held at once.
  public var peakBytes = 0
}

/// What the phases of an epoch took in this process.
public struct PhaseReport: Sendable, Hashable, Codable {
  /// By the phase's name.
  public private(set) var figures: [String: PhaseFigure] = [:]

  /// A phase's figures; zeros where it did not run.
  public subscript(phase: TrainingPhase) -> PhaseFigure {
    get { figures[phase.rawValue] ?? PhaseFigure() }
    set { figures[phase.rawValue] = newValue }
  }

  /// The most bytes of all phases.
  public var peakBytes: Int { figures.values.reduce(0) { max($0, $1.peakBytes) } }
}

/// Measures phases: two readings of the clock and of the memory in use for each.
struct PhaseClock {
  let device: Device
  /// Whether each phase ends when the device has done its work.
  var synchronizes = false
  private(set) var report = PhaseReport()
  /// The most bytes held since the last `startStep`.
  private(set) var stepPeak = 0

  init(_ device: Device) { self.device = device }

  /// Runs a part of a phase.
  mutating func measure<R>(_ phase: TrainingPhase, _ body: () throws -> R) throws -> R {
    device.backend.counters.startPeak()
    let start = ContinuousClock.now
    let result = try body()
    if synchronizes { try device.synchronize() }
    let peak = device.backend.counters.recentPeak
    report[phase].seconds += (ContinuousClock.now - start).seconds
    report[phase].peakBytes = max(report[phase].peakBytes, peak)
    stepPeak = max(stepPeak, peak)
    return result
  }

  /// Begins a step.
  mutating func startStep() { stepPeak = 0 }

  /// The figures since the last call.
  mutating func take() -> PhaseReport {
    defer { report = PhaseReport() }
    return report
  }
}
