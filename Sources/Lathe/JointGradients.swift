import LatheCore

/// The gradients of results that one step made together, collected until the step's own turn comes in a walk.
///
/// The step has an entry on the tape, and each result one behind it: the walk meets all results before the step.
final class JointGradients: @unchecked Sendable {
  // Unchecked: touched only in the walk that owns the graph, as `GradientNode` says of walks.
  private var gradients: [Tensor?]

  private init(count: Int) { gradients = Array(repeating: nil, count: count) }

  /// Results with their entries on the tape.
  ///
  /// - Parameters:
  ///   - results: What the step made.
  ///   - isTracked: Which results get an entry; the others stay what they are.
  ///   - inputs: The entries of what the step read.
  ///   - savesResults: Whether the pullback is handed the results.
  ///   - pullback: From the results' gradients (nil for one that was not used) to one for each input. The results are
  ///     tracked where gradients are recorded.
  static func record(
    _ name: StaticString, _ results: [Tensor], where isTracked: [Bool], inputs: [GradientNode?],
    savesResults: Bool = false,
    pullback: @escaping @Sendable (_ gradients: [Tensor?], _ results: [Tensor]) -> [Tensor?]
  ) -> [Tensor] {
    guard let first = results.first, isTracked.contains(true) else { return results }
    let joint = JointGradients(count: results.count)
    let saved = savesResults ? results.map { $0.detached() } : []
    let step = GradientNode(name: name, of: first, inputs: inputs, savesOutput: savesResults) { _, token in
      let upstream = joint.take()
      guard GradientMode.isRecording, let step = token?.node else { return pullback(upstream, saved) }
      return pullback(
        upstream,
        saved.indices.map { isTracked[$0] ? joint.entered(saved[$0], $0, of: step, name) : saved[$0] })
    }
    return results.indices.map {
      isTracked[$0] ? joint.entered(results[$0].detached(), $0, of: step, name) : results[$0]
    }
  }

  /// A result with an entry that hands its gradient to the step.
  private func entered(_ result: Tensor, _ index: Int, of step: GradientNode, _ name: StaticString) -> Tensor
  {
    var entered = result
    let device = result.device
    entered.node = GradientNode(name: name, of: result, inputs: [step]) { [self] gradient, _ in
      gradients[index] = gradients[index].map { $0 + gradient } ?? gradient
      // What the step is handed only says that its turn comes.
      return [Tensor.zeros([], device: device)]
    }
    return entered
  }

  private func take() -> [Tensor?] {
    defer { for index in gradients.indices { gradients[index] = nil } }
    return gradients
  }
}
