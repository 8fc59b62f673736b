import Lathe
import LatheNN

/// An objective with the term that keeps an AdaLoRA adapter's matrices orthogonal, in training alone.
public struct AdapterObjective: OutputObjective, @unchecked Sendable {
  private let objective: any OutputObjective
  private let allocator: RankAllocator

  /// An objective.
  ///
  /// - Parameters:
  ///   - objective: Of the task.
  ///   - allocator: Of the adapter.
  public init(_ objective: any OutputObjective, _ allocator: RankAllocator) {
    self.objective = objective
    self.allocator = allocator
  }

  /// As the objective says.
  public var outputKind: OutputKind { objective.outputKind }
  /// The labels.
  public func targets(_ batch: Batch) -> Tensor { objective.targets(batch) }
  /// Those of the labels that count.
  public func countedTargets(_ batch: Batch) -> Tensor? { objective.countedTargets(batch) }
  /// The logits.
  public func output(of model: any Module, _ batch: Batch) -> Tensor { objective.output(of: model, batch) }

  /// The loss with the term, and the right answers.
  public func result(_ output: Tensor, _ batch: Batch) -> ObjectiveResult {
    let found = objective.result(output, batch)
    guard allocator.isTraining else { return found }
    return ObjectiveResult(
      loss: found.loss + allocator.orthogonality, correct: found.correct, weight: found.weight)
  }
}
