/// What was found out about one workload on one device.
public struct Row: Sendable, Equatable {
  /// The suite.
  public var suite: String
  /// The operation.
  public var operation: String
  /// The sizes as text.
  public var shape: String
  /// The type of the elements.
  public var dtype: String
  /// The device: `cpu`, `opencl:0`.
  public var device: String
  /// The kernel profile; empty for the CPU path.
  public var profile: String
  /// What one run has to do at least.
  public var work: Work
  /// How long it took, or why there is no figure.
  public var outcome: Outcome

  package init(
    suite: String, operation: String, shape: String, dtype: String, device: String, profile: String,
    work: Work,
    outcome: Outcome
  ) {
    self.suite = suite
    self.operation = operation
    self.shape = shape
    self.dtype = dtype
    self.device = device
    self.profile = profile
    self.work = work
    self.outcome = outcome
  }

  /// How a row ended.
  public enum Outcome: Sendable, Equatable {
    /// Measured, and the result was right.
    case measured(Figures)
    /// No figure: the result was wrong, or something threw.
    case failed(String)
  }

  /// The figures of a measured row, in seconds a run.
  public struct Figures: Sendable, Equatable {
    /// Half the samples are below.
    public var median: Double
    /// A tenth of the samples is below.
    public var p10: Double
    /// A tenth of the samples is above.
    public var p90: Double
    /// Processor time of all threads.
    public var processorTime: Double
    /// Samples taken, and runs in each.
    public var samples: Int, runs: Int
    /// The samples themselves, in the order in which they were taken; none in files of earlier versions.
    public var times: [Double] = []
    /// The largest difference from float64, over the largest reference value.
    public var relativeError: Double
    /// Which roof binds and how much of it was reached; nil where the work names none.
    public var roof: RoofShare?
    /// Further figures by name.
    public var counters: [String: Double] = [:]

    package init(
      median: Double, p10: Double, p90: Double, processorTime: Double, samples: Int, runs: Int,
      relativeError: Double, roof: RoofShare?, counters: [String: Double] = [:], times: [Double] = []
    ) {
      self.median = median
      self.p10 = p10
      self.p90 = p90
      self.processorTime = processorTime
      self.samples = samples
      self.runs = runs
      self.relativeError = relativeError
      self.roof = roof
      self.counters = counters
      self.times = times
    }

    /// Whether the samples are too far apart to say much.
    public var isNoisy: Bool { p90 > p10 * 1.3 }
  }

  /// What filters and comparisons know the row by: `gemm/matmul/512x512x512/float32/cpu`.
  public var name: String {
    [suite, operation, shape, dtype, device].joined(separator: "/") + (profile.isEmpty ? "" : "/\(profile)")
  }

  /// The figures where there are some.
  public var figures: Figures? {
    if case .measured(let figures) = outcome { return figures }
    return nil
  }

  /// What went wrong, where something did.
  public var failure: String? {
    if case .failed(let message) = outcome { return message }
    return nil
  }

  /// The workload's rate a second in its own unit; nil where only the time counts.
  public var rate: (value: Double, unit: String)? {
    guard let seconds = figures?.median, seconds > 0 else { return nil }
    switch work.rate {
    case .operations: return (work.operations / seconds * 1e-9, "GFLOP/s")
    case .bytes: return (work.bytes / seconds * 1e-9, "GB/s")
    case .items: return (work.items / seconds, "\(work.itemName)/s")
    case .none: return nil
    }
  }
}
