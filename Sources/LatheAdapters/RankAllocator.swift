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
  /// Means of importance and of its uncertainty, by parameters.
  private var scores: [ObjectIdentifier: (importance: Tensor, uncertainty: Tensor)] = [:]
  /// Ones at the singular values that are left, by branches, once they are final.
  private var finalMasks: [Tensor]?

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
    if step < last || finalMasks == nil && step == last {
      note(gradients)
      let (ranks, cuts) = settings.budget(
        step: step, first: firstRanks, target: settings.targetRank * branches.count)
      if step == last {
        let masks = try masks(leaving: ranks)
        finalMasks = masks
        apply(masks)
      } else if cuts {
        apply(try masks(leaving: ranks))
      }
    } else if let finalMasks {
      apply(finalMasks)
    }
  }

  private func note(_ gradients: [(parameter: Parameter, gradient: Tensor)]) {
    let found = Dictionary(gradients.map { (ObjectIdentifier($0.parameter), $0.gradient) }) { first, _ in
      first
    }
    for branch in branches {
      for parameter in branch.parameters {
        guard let gradient = found[ObjectIdentifier(parameter)] else { continue }
        let sensitivity = (parameter.value.detached() * gradient.detached()).abs()
        let before = scores[ObjectIdentifier(parameter)]
        let (b1, b2) = (settings.sensitivityDecay, settings.uncertaintyDecay)
        let importance =
          (before.map { $0.importance * b1 + sensitivity * (1 - b1) }) ?? sensitivity * (1 - b1)
        let change = (sensitivity - importance).abs() * (1 - b2)
        let uncertainty = before.map { $0.uncertainty * b2 + change } ?? change
        // Computed now, or each step would wait behind all those before.
        scores[ObjectIdentifier(parameter)] = (
          (try? importance.computed()) ?? importance, (try? uncertainty.computed()) ?? uncertainty
        )
      }
    }
  }

  /// The importance of each rank of a branch: that of its singular value, and the means of its row and column.
  private func importance(_ branch: AdaLoRABranch) throws -> [Float] {
    func score(_ parameter: Parameter) -> Tensor {
      scores[ObjectIdentifier(parameter)].map { $0.importance * $0.uncertainty }
        ?? .zeros(parameter.shape, device: parameter.value.device)
    }
    let rows = score(branch.a).mean(axis: 1), columns = score(branch.b).mean(axis: 0)
    return try (score(branch.e).reshaped(to: [branch.e.shape[0]]) + (rows + columns)).scalars()
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
