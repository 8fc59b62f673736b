import Lathe
import LatheAdapters
import LatheNN
import LatheTraining

/// Which parameters of a pre-trained network learn a task.
public enum TuningMethod: String, Sendable, Hashable, CaseIterable, Codable {
  /// All of them.
  case full
  /// The new head alone.
  case frozen
  /// Low-rank updates of queries and values, and the head.
  case lora
  /// Low-rank updates with lengths apart from directions, and the head.
  case dora
  /// Low-rank updates whose ranks are shared out in training, and the head.
  case adalora
  /// Small networks behind both parts of each layer, and the head (Houlsby et al.).
  case adapter
  /// Small networks behind the feed-forward part of each layer, and the head (Pfeiffer et al.).
  case pfeiffer

  /// A learning rate that suits: new parameters take larger steps than trained ones.
  public var learningRate: Float {
    switch self {
    case .full: 5e-5
    case .frozen, .adapter, .pfeiffer: 1e-3
    case .lora, .dora: 5e-4
    case .adalora: 2e-3
    }
  }

  /// Whether the method puts an adapter on the network.
  public var hasAdapter: Bool { self != .full && self != .frozen }
}

/// The settings of a method.
public struct TuningSettings: Sendable, Hashable, Codable {
  /// Which parameters learn.
  public var method = TuningMethod.full
  /// The rank of updates.
  public var rank = 8
  /// Updates are multiplied by alpha / rank; twice the rank where nil.
  public var alpha: Double?
  /// How likely an element of an update's input is left out.
  public var dropout: Float = 0.1
  /// The layers of updates; queries and values where nil.
  public var targets: [String]?

  /// The settings of fine-tuning all parameters.
  public init() {}

  /// Settings of a method.
  public init(_ method: TuningMethod) { self.method = method }

  /// What queries and values are called in the networks there are.
  static let defaultTargets = ["query", "value", "q_lin", "v_lin", "q_proj", "v_proj", "c_attn"]

  /// Says what of a network learns: freezes the rest, and puts the adapter on it where the method has one.
  ///
  /// - Parameters:
  ///   - model: The network.
  ///   - heads: The paths of its head.
  ///   - steps: Steps of the training, which AdaLoRA plans by.
  ///   - generator: Draws first weights.
  /// - Returns: The adapters; nil without.
  /// - Throws: `LatheError` where settings cannot be or match nothing.
  func apply(
    to model: any ParameterContainer, heads: [String], steps: Int, generator: Generator
  ) throws -> ModelAdapters? {
    guard method.hasAdapter else {
      if method == .frozen {
        model.freeze()
        for head in heads { model.freeze(head, false) }
      }
      return nil
    }
    let adapters = ModelAdapters(of: model)
    try adapters.add(configuration(heads: heads, steps: steps), generator: generator)
    return adapters
  }

  /// An objective with what the method adds to it, and what is called between the steps.
  ///
  /// - Throws: `LatheError` where AdaLoRA's adapter is not on the network.
  func objective(
    _ plain: some OutputObjective, _ adapters: ModelAdapters?
  ) throws -> (objective: any Objective, callbacks: [any TrainerCallback]) {
    guard let adapters, method == .adalora else { return (plain, []) }
    let allocator = try RankAllocator(adapters)
    return (AdapterObjective(plain, allocator), [AdapterTraining(allocator)])
  }

  private func configuration(heads: [String], steps: Int) -> AdapterConfiguration {
    let placement = AdapterPlacement(.names(targets ?? Self.defaultTargets), saved: heads)
    let alpha = alpha ?? Double(2 * rank)
    switch method {
    case .adalora:
      let settings = AdaLoRAConfiguration(
        placement, totalSteps: max(steps, 3), targetRank: rank, initialRank: rank + (rank + 1) / 2,
        alpha: alpha,
        dropout: dropout, warmupSteps: steps / 10, finalSteps: steps / 3, interval: max(steps / 100, 1))
      return .adaLoRA(settings)
    case .adapter: return .bottleneck(.houlsby(saved: heads))
    case .pfeiffer: return .bottleneck(.pfeiffer(saved: heads))
    case .full, .frozen, .lora, .dora:
      return .lora(
        LoRAConfiguration(
          placement, rank: rank, alpha: alpha, dropout: dropout, isWeightDecomposed: method == .dora))
    }
  }
}
