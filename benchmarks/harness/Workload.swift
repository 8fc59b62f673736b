import Lathe

/// What one run of a workload has to do at least, for rates and roofs.
public struct Work: Sendable, Equatable {
  /// Floating-point operations; a multiply-add counts as two.
  public var operations: Double
  /// Bytes that must be read and written if everything is touched once.
  public var bytes: Double
  /// Samples, images or tokens that are dealt with; 0 where there is no such thing.
  public var items: Double = 0
  /// What an item is: `samples`.
  public var itemName = "items"
  /// Which rate is shown for the workload.
  public var rate = Rate.operations

  /// The rate of which a row is judged.
  public enum Rate: Sendable, Equatable {
    /// Floating-point operations a second.
    case operations
    /// Bytes a second.
    case bytes
    /// Items a second.
    case items
    /// Only the time counts.
    case none
  }

  /// Work whose rate is that of its arithmetic.
  public static func arithmetic(_ operations: Double, bytes: Double) -> Work {
    Work(operations: operations, bytes: bytes, rate: .operations)
  }

  /// Work whose rate is that of its memory traffic.
  public static func traffic(_ bytes: Double, operations: Double = 0) -> Work {
    Work(operations: operations, bytes: bytes, rate: .bytes)
  }

  /// Work that is counted in items.
  public static func items(_ count: Int, _ name: String, operations: Double = 0) -> Work {
    Work(operations: operations, bytes: 0, items: Double(count), itemName: name, rate: .items)
  }

  /// Work of which only the time is of interest.
  public static let time = Work(operations: 0, bytes: 0, rate: .none)
}

/// One thing to measure, on whatever device.
public struct Workload {
  /// The suite it belongs to.
  public let suite: Suite
  /// What is done: `matmul`, `conv2d-forward`.
  public let operation: String
  /// The sizes as text: `512x512x512`.
  public let shape: String
  /// The type of the elements.
  public let dtype: DType
  /// The sizes by name, so that peers do the same work.
  public let parameters: [String: Int]
  /// What one run has to do at least.
  public let work: Work
  /// Whether `--quick` includes it.
  public let isQuick: Bool
  /// Whether peers are compared on it.
  public let hasPeers: Bool
  /// Makes inputs on a device.
  public let prepare: (Device) throws -> Trial

  package init(
    _ suite: Suite, _ operation: String, _ shape: String, dtype: DType = .float32,
    parameters: [String: Int] = [:], work: Work, isQuick: Bool = false, hasPeers: Bool = false,
    prepare: @escaping (Device) throws -> Trial
  ) {
    self.suite = suite
    self.operation = operation
    self.shape = shape
    self.dtype = dtype
    self.parameters = parameters
    self.work = work
    self.isQuick = isQuick
    self.hasPeers = hasPeers
    self.prepare = prepare
  }

  /// What filters look at: `gemm/matmul/512x512x512/float32`.
  public var name: String { "\(suite.rawValue)/\(operation)/\(shape)/\(dtype)" }
}

/// A workload with its inputs on a device.
public struct Trial {
  /// How a run is timed.
  enum Body {
    /// Started as often as it takes; the harness synchronises and divides.
    case repeated(() throws -> Void)
    /// Takes its time itself and returns the seconds.
    case timed(() throws -> Double)
  }

  let body: Body
  /// Runs once and compares with float64: the relative error.
  let check: () throws -> Double
  /// The largest relative error of a right result.
  let tolerance: Double
  /// How many of what the row counts happen in one run; the time is divided by it.
  var parts = 1.0
  /// Samples that are enough whatever the budget says; for what takes long.
  var maximumSamples = Int.max
  /// Bytes that a run has to read and write at least, where only the trial knows them; those of the workload where nil.
  var bytes: Double?
  /// Further figures, asked for after the measurement.
  var counters: () throws -> [String: Double] = { [:] }

  init(_ body: Body, tolerance: Double, check: @escaping () throws -> Double) {
    self.body = body
    self.tolerance = tolerance
    self.check = check
  }

  /// A trial whose run is started as often as it takes.
  package init(
    tolerance: Double = 1e-5, run: @escaping () throws -> Void, check: @escaping () throws -> Double
  ) {
    self.init(.repeated(run), tolerance: tolerance, check: check)
  }
}
