import LatheCore
import Synchronization

/// Runs `body` and keeps its result but not what its gradient needs: the backward pass runs it once more (Chen et al.,
/// 2016), as PyTorch's `checkpoint`.
///
/// The second run draws the same random numbers, whatever generators were used since, and works in the same precision,
/// so that gradients are the same to the bit. Running statistics are not updated again. `body` may capture any tensors
/// and parameters, and such parts nest. It must compute the same operations each time; it runs on the thread that asks
/// for gradients, which should be the one that ran it first.
public func recomputed(_ body: @escaping () -> Tensor) -> Tensor { recomputed { [body()] }[0] }

/// The same for a body with several results; see `recomputed(_:)`.
public func recomputed(_ body: @escaping () -> [Tensor]) -> [Tensor] {
  guard GradientMode.isRecording else { return body() }
  let draws = DrawLog(over: DrawLog.current)
  let start = GradientNode.nextID
  let results = DrawLog.$current.withValue(draws, operation: body)
  let inputs = GradientNode.boundary(of: results.compactMap(\.node), before: start)
  guard !inputs.isEmpty, results.contains(where: { ($0.node?.id ?? 0) >= start }) else { return results }
  let region = RecomputedRegion(
    body: body, inputs: inputs, keys: draws.keys, precision: PrecisionScope.current)
  return region.outputs(of: results, from: start)
}

/// A part of the forward pass that is run again in the backward pass.
private final class RecomputedRegion: @unchecked Sendable {
  // Unchecked: `body` runs again only inside the walk that owns the graph, as `GradientNode` says of walks.

  private let body: () -> [Tensor]
  /// The nodes outside the region that it reads.
  private let inputs: [GradientNode]
  private let keys: [RandomKey]
  private let precision: PrecisionScope?

  init(
    body: @escaping () -> [Tensor], inputs: [GradientNode], keys: [RandomKey], precision: PrecisionScope?
  ) {
    self.body = body
    self.inputs = inputs
    self.keys = keys
    self.precision = precision
  }

  /// The results with the region on the tape instead of the operations that made them.
  func outputs(of results: [Tensor], from start: Int) -> [Tensor] {
    // What the body only passed on keeps its own entry.
    let isMade = results.map { ($0.node?.id ?? 0) >= start }
    // Computed now: a pending result would hold what it is made of.
    for (result, isMade) in zip(results, isMade) where isMade { _ = try? result.computed() }
    return JointGradients.record("recomputed", results, where: isMade, inputs: inputs) {
      [self] gradients, _ in
      inputGradients(gradients)
    }
  }

  private func inputGradients(_ upstream: [Tensor?]) -> [Tensor?] {
    let isDifferentiatedAgain = GradientMode.isRecording
    let boundary = GradientNode.nextID
    let draws = DrawLog(repeating: keys)
    let results = GradientMode.$isRecording.withValue(true) {
      PrecisionScope.$current.withValue(precision) {
        DrawLog.$current.withValue(draws) {
          Recomputation.$isUnderWay.withValue(true, operation: body)
        }
      }
    }
    require(
      results.count == upstream.count && draws.isFinished,
      "recomputed: the second run gave \(results.count) results and drew \(draws.used) times, the first "
        + "\(upstream.count) and \(keys.count): it must do the same each time")
    var roots: [(node: GradientNode, gradient: Tensor)] = []
    for (result, gradient) in zip(results, upstream) {
      guard let gradient else { continue }
      guard let node = result.node, node.id >= boundary, result.shape == gradient.shape else {
        stop("recomputed: the second run made another result than the first: it must do the same each time")
      }
      roots.append((node, gradient))
    }
    return BackwardWalk(targets: inputs, keeping: isDifferentiatedAgain, after: boundary).run(from: roots)
  }
}

/// Whether a recomputed region runs for the second time, when running statistics must not move again.
package enum Recomputation {
  @TaskLocal package static var isUnderWay = false
}

extension GradientNode {
  /// The nodes made before `start` that those made since read directly, oldest first.
  static func boundary(of roots: [GradientNode], before start: Int) -> [GradientNode] {
    var found: [GradientNode] = []
    var seen = Set(roots.map { ObjectIdentifier($0) })
    var stack = roots.filter { $0.id >= start }
    while let node = stack.popLast() {
      for case let input? in node.inputs where seen.insert(ObjectIdentifier(input)).inserted {
        if input.id >= start { stack.append(input) } else { found.append(input) }
      }
    }
    // A result that was passed on may be read inside as well.
    for root in roots where root.id < start && !found.contains(where: { $0 === root }) { found.append(root) }
    return found.sorted { $0.id < $1.id }
  }
}
