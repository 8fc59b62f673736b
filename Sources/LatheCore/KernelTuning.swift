/// A group of kernels that are tuned together; a new kernel with tunables is a case here and in `TunableKernel`.
package enum TuningSuite: String, Sendable, CaseIterable {
  case gemm, gemv
  /// Into how many slices of k products with few results are cut.
  case split
  case conv, attention, reduction
  /// Softmax, norms and losses.
  case rows
  case elementwise
}

/// What a search for tile sizes is told.
package struct TuningOptions: Sendable {
  /// The groups of kernels to tune.
  package var suites: [TuningSuite]
  /// Decides the order in which candidates are tried.
  package var seed: UInt64
  /// The most candidates for each kernel and class of shapes.
  package var candidates: Int
  /// The file that rows are kept in; nil is the file that devices read.
  package var output: String?
  /// What a model expects of a problem with the built-in parameters, in seconds; nil where it knows nothing.
  package var estimate: @Sendable (_ problem: String) -> Double?

  package init(
    suites: [TuningSuite], seed: UInt64 = 0, candidates: Int = 48, output: String? = nil,
    estimate: @escaping @Sendable (_ problem: String) -> Double? = { _ in nil }
  ) {
    self.suites = suites
    self.seed = seed
    self.candidates = candidates
    self.output = output
    self.estimate = estimate
  }
}

/// How many searches a tuning finished and how many rows it kept, and where.
package struct TuningSummary: Sendable {
  package var searches = 0
  package var rows = 0
  package var file: String

  package init(file: String) { self.file = file }
}

/// An operation of a problem that candidates are compared on, with its operands.
package struct TuningWork: Sendable {
  package var operation: Operation
  package var inputs: [Operand]
  package var outputs: [Operand]

  package init(operation: Operation, inputs: [Operand], outputs: [Operand]) {
    self.operation = operation
    self.inputs = inputs
    self.outputs = outputs
  }
}

/// A backend whose kernels have tile sizes that can be searched for.
package protocol KernelTuning: Backend {
  /// The problems that candidates are compared on, by kernel and class of shapes: `gemm_gpu/large`.
  var tuningProblems: [String] { get }

  /// The operations of such a problem, on zeros.
  ///
  /// - Throws: `LatheError` for an unknown name, and where the device has no room.
  func tuningProblem(_ name: String) throws -> [TuningWork]

  /// Searches the tile sizes of this device's kernels and keeps what beats the built-in ones, after each search.
  ///
  /// - Parameters:
  ///   - reference: The backend whose results every candidate must reproduce.
  ///   - report: Receives a line for each step.
  ///   - shouldStop: Asked between candidates; what was found stays.
  /// - Throws: `LatheError` where the file cannot be written or the device fails.
  func tune(
    _ options: TuningOptions, reference: any Backend, report: (String) -> Void, shouldStop: () -> Bool
  ) throws -> TuningSummary
}
