import Lathe
import LatheNN

/// Takes the least important ranks of an AdaLoRA adapter away while it is trained (Zhang et al., 2023, algorithm 1).
///
/// Call `update(step:gradients:)` after each step of the optimizer; a `Trainer` does with an `AdapterTraining` among its
/// callbacks.
public final class RankAllocator {
  private let settings: AdaLoRAConfiguration
  private let branches: [AdaLoRABranch]
  private let firstRanks: Int

  /// The ranks of an adapter.
  ///
  /// - Throws: `LatheError` where there is no adapter of that name or it is no AdaLoRA.
  public init(_ adapters: ModelAdapters, name: String = ModelAdapters.defaultName) throws {
    guard case .adaLoRA(let settings) = try adapters.configuration(of: name) else {
      throw LatheError(
        .invalidArgument, "the adapter '\(name)' is no AdaLoRA, whose ranks could be shared out")
    }
    self.settings = settings
    branches = adapters.adapted.compactMap { $0.layer.branch(name) as? AdaLoRABranch }
    firstRanks = branches.reduce(0) { $0 + $1.e.shape[0] }
  }

  /// Whether the network was told that it is trained.
  public var isTraining: Bool { branches.contains(where: \.isTraining) }

  /// The term that keeps the adapter's matrices orthogonal, to be added to the loss.
  public var orthogonality: Tensor {
    let norms = branches.flatMap(\.orthogonality)
    guard let first = norms.first else { return .zeros([], device: .cpu) }
    return norms.dropFirst().reduce(first, +) * (settings.orthogonality / Float(norms.count))
  }

  /// Notes the importance of what a step has changed, and takes ranks away where it is time.
  ///
  /// - Parameters:
  ///   - step: Steps done before, from 0.
  ///   - gradients: Of the step, by parameters.
  /// - Throws: `LatheError` where values cannot be read.
  public func update(step: Int, gradients: [(parameter: Parameter, gradient: Tensor)]) throws {
    let last = settings.totalSteps - settings.finalSteps
    guard step <= last else { return apply(branches.map(\.mask.value)) }
    note(gradients)
    let (ranks, cuts) = settings.budget(
      step: step, first: firstRanks, target: settings.targetRank * branches.count)
    guard cuts || step == last else { return }
    let masks = try masks(leaving: ranks)
    if step == last { for (branch, mask) in zip(branches, masks) { branch.mask.value = mask } }
    apply(masks)
  }

  private func note(_ gradients: [(parameter: Parameter, gradient: Tensor)]) {
    let found = Dictionary(gradients.map { (ObjectIdentifier($0.parameter), $0.gradient) }) { first, _ in
      first
    }
    let (b1, b2) = (settings.sensitivityDecay, settings.uncertaintyDecay)
    for branch in branches {
      for (parameter, score) in zip(branch.parameters, branch.scores) {
        guard let gradient = found[ObjectIdentifier(parameter)] else { continue }
        let sensitivity = (parameter.value.detached() * gradient.detached()).abs()
        score.importance.value = score.importance.value * b1 + sensitivity * (1 - b1)
        let change = (sensitivity - score.importance.value).abs()
        score.uncertainty.value = score.uncertainty.value * b2 + change * (1 - b2)
      }
    }
  }

  /// The importance of each rank of a branch: that of its singular value, and the means of its row and column.
  private func importance(_ branch: AdaLoRABranch) throws -> [Float] {
    let scores = branch.scores.map { $0.importance.value * $0.uncertainty.value }
    let (rows, columns) = (scores[0].mean(axis: 1), scores[1].mean(axis: 0))
    return try (scores[2].reshaped(to: [branch.e.shape[0]]) + (rows + columns)).scalars()
  }

  /// Which singular values are left where so many of all are.
  private func masks(leaving ranks: Int) throws -> [Tensor] {
    let scores = try branches.map(importance)
    let all = scores.flatMap { $0 }.sorted()
    let removed = min(max(firstRanks - ranks, 0), all.count)
    let threshold = removed > 0 ? all[removed - 1] : -Float.infinity
    return zip(branches, scores).map { branch, values in
      Tensor(
        values.map { $0 > threshold ? Float(1) : 0 }, shape: [values.count, 1], device: branch.e.value.device)
    }
  }

  private func apply(_ masks: [Tensor]) {
    for (branch, mask) in zip(branches, masks) { branch.e.value = branch.e.value.detached() * mask }
  }
}
