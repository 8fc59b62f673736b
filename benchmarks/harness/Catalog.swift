import Lathe

/// Every workload there is, and the choice among them.
public enum Catalog {
  /// The workloads of a suite in the order in which they run.
  public static func workloads(of suite: Suite) -> [Workload] {
    switch suite {
    case .gemm: GEMMSuite.workloads
    case .conv: ConvolutionSuite.workloads
    case .elementwise: ElementwiseSuite.workloads
    case .reduction: ReductionSuite.workloads
    case .norm: NormSuite.workloads
    case .softmax: SoftmaxSuite.workloads
    case .attention: AttentionSuite.workloads
    case .embedding: EmbeddingSuite.workloads
    case .quantized: QuantizedSuite.workloads
    case .recurrent: RecurrentSuite.workloads
    case .optimizer: OptimizerSuite.workloads
    case .random: RandomSuite.workloads
    case .transfer: TransferSuite.workloads
    case .latency: LatencySuite.workloads
    case .memory: MemorySuite.workloads
    case .loader: LoaderSuite.workloads
    case .tables: TablesSuite.workloads
    case .checkpoint: CheckpointSuite.workloads
    case .train: TrainSuite.workloads + RecordingRows.workloads
    case .finetune: FineTuneSuite.workloads
    case .inference: InferenceSuite.workloads
    case .trees: TreesSuite.workloads
    case .linear: LinearSuite.workloads
    case .search: SearchSuite.workloads
    }
  }

  /// The workloads asked for.
  ///
  /// - Parameters:
  ///   - suites: Names of suites; all where empty.
  ///   - filter: A regular expression that some part of a workload's name must match.
  ///   - isQuick: Only those of `--quick`; a filter that matches none of them looks at all.
  /// - Throws: `LatheError.invalidArgument` that lists what there is.
  public static func select(suites names: [String], filter: String?, isQuick: Bool) throws -> [Workload] {
    let suites = try names.isEmpty ? Suite.allCases : names.map(suite)
    let candidates = suites.flatMap(workloads)
    let matching = try filtered(candidates, by: filter)
    let quick = matching.filter(\.isQuick)
    return isQuick && !quick.isEmpty ? quick : matching
  }

  private static func suite(_ name: String) throws -> Suite {
    guard let suite = Suite(rawValue: name) else {
      let known = Suite.allCases.map(\.rawValue).joined(separator: ", ")
      throw LatheError(.invalidArgument, "unknown suite '\(name)'; there are \(known)")
    }
    return suite
  }

  private static func filtered(_ workloads: [Workload], by filter: String?) throws -> [Workload] {
    guard let filter else { return workloads }
    let expression: Regex<AnyRegexOutput>
    do {
      expression = try Regex(filter)
    } catch {
      throw LatheError(.invalidArgument, "--filter '\(filter)' is not a regular expression: \(error)")
    }
    let matching = workloads.filter { $0.name.firstMatch(of: expression) != nil }
    guard matching.isEmpty else { return matching }
    let names = workloads.map(\.name).joined(separator: ", ")
    throw LatheError(.invalidArgument, "--filter '\(filter)' matches none of these workloads: \(names)")
  }
}
