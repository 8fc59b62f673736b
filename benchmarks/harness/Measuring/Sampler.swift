import Lathe

/// Takes samples of one trial: batches of runs, each ended by waiting for the device.
struct Sampler {
  let device: Device
  let trial: Trial
  /// Runs in each sample.
  private(set) var runs = 1
  private(set) var samples: [Double] = []
  private var processorTime = 0.0

  init(_ trial: Trial, on device: Device) {
    self.trial = trial
    self.device = device
  }

  /// Runs until caches, pools and compilers have settled, and finds how many runs make a sample long enough.
  ///
  /// - Parameter budget: Where single runs are short, at least this many seconds are spent on them.
  mutating func warmUp(_ budget: MeasuringBudget) throws {
    guard case .repeated = trial.body else { return }
    let start = Clock.now
    var fastest = Double.infinity
    var turns = 0
    while turns < 2 || (Clock.now - start < budget.warmUpSeconds && turns < 1000) {
      fastest = min(fastest, try time(runs: 1))
      turns += 1
    }
    // The wait at the end of a sample is part of it; more runs in a sample make its share small.
    let wanted = budget.sampleSeconds / max(fastest, 1e-9)
    runs = Int(min(max(wanted.rounded(.up), 1), 20_000))
  }

  /// Takes one sample.
  mutating func sample() throws {
    let before = Clock.processorTime
    let seconds = try time(runs: runs)
    processorTime += Clock.processorTime - before
    samples.append(seconds / Double(runs) / trial.parts)
  }

  /// Runs for about `seconds` without measuring, so that caches and threads are in use again after another process
  /// ran; runs that take ten times as long would hardly notice and are spared it.
  func wakeUp(seconds: Double) throws {
    guard case .repeated = trial.body, (samples.last ?? 0) < 10 * seconds else { return }
    let start = Clock.now
    repeat { _ = try time(runs: 1) } while Clock.now - start < seconds
  }

  /// Runs once and waits for the device.
  func runOnce() throws { _ = try time(runs: 1) }

  /// Seconds spent on samples so far.
  var spent: Double { samples.reduce(0, +) * Double(runs) * trial.parts }

  /// Whether the budget is used up or enough samples are there.
  func isDone(_ budget: MeasuringBudget) -> Bool {
    samples.count >= min(budget.maximumSamples, trial.maximumSamples)
      // Runs of seconds differ little from each other; three of them are enough.
      || (samples.count >= 3 && spent >= 4 * max(budget.seconds, 0.5))
      || (samples.count >= budget.minimumSamples && spent >= budget.seconds)
  }

  /// A workload's work with what only the trial knows.
  func work(_ work: Work) -> Work {
    var work = work
    if let bytes = trial.bytes { work.bytes = bytes }
    return work
  }

  /// What the samples say.
  func figures(relativeError: Double, work: Work, roofs: Roofs?) throws -> Row.Figures {
    let median = Statistics.median(samples)
    return Row.Figures(
      median: median, p10: Statistics.quantile(samples, 0.1), p90: Statistics.quantile(samples, 0.9),
      processorTime: processorTime / Double(samples.count * runs) / trial.parts, samples: samples.count,
      runs: runs, relativeError: relativeError,
      roof: roofs?.share(of: self.work(work), seconds: median), counters: try trial.counters(), times: samples
    )
  }

  private func time(runs: Int) throws -> Double {
    switch trial.body {
    case .timed(let run): return try run()
    case .repeated(let run):
      let start = Clock.now
      for _ in 0..<runs { try run() }
      try device.synchronize()
      return Clock.now - start
    }
  }
}

/// How long a row may take.
public struct MeasuringBudget: Sendable {
  /// Seconds of samples for each row.
  public var seconds: Double
  /// The least time a sample should take.
  public var sampleSeconds: Double
  /// The time that warming up takes where runs are short.
  public var warmUpSeconds: Double
  /// Samples taken even where the budget is used up.
  public var minimumSamples: Int
  /// Samples that are enough in any case.
  public var maximumSamples: Int

  package init(
    seconds: Double, sampleSeconds: Double, warmUpSeconds: Double, minimumSamples: Int, maximumSamples: Int
  ) {
    self.seconds = seconds
    self.sampleSeconds = sampleSeconds
    self.warmUpSeconds = warmUpSeconds
    self.minimumSamples = minimumSamples
    self.maximumSamples = maximumSamples
  }

  /// What a run of all suites takes.
  public static let full = MeasuringBudget(
    seconds: 0.5, sampleSeconds: 0.004, warmUpSeconds: 0.1, minimumSamples: 5, maximumSamples: 60)
  /// In turns with other processes, as benchmarks/peers/protocol.py.
  static let inTurns = MeasuringBudget(
    seconds: 0.5, sampleSeconds: 0.01, warmUpSeconds: 0.1, minimumSamples: 5, maximumSamples: 60)
  /// For a first impression.
  public static let quick = MeasuringBudget(
    seconds: 0.1, sampleSeconds: 0.002, warmUpSeconds: 0.03, minimumSamples: 3, maximumSamples: 15)
}
