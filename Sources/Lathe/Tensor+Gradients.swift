import LatheCore

extension Tensor {
  /// The gradients of this tensor (of the sum of its elements, if it has several) with respect to others.
  ///
  /// - Parameters:
  ///   - inputs: Tracked tensors: leaves made by `requiringGradient()` or anything computed from them. One that this
  ///     tensor does not depend on gets zeros.
  ///   - retainingGraph: Keeps what was saved for the gradient, so that it can be asked for again.
  ///   - creatingGraph: Records the computation of the gradients, so that they can be differentiated in turn.
  /// - Returns: One gradient per input, of its shape and type.
  public func gradients(
    of inputs: [Tensor], retainingGraph: Bool = false, creatingGraph: Bool = false
  ) -> [Tensor] {
    let seed = Tensor.ones(shape, dtype: dtype, device: device)
    return gradients(of: inputs, upstream: seed, retainingGraph: retainingGraph, creatingGraph: creatingGraph)
  }

  /// The gradient with respect to one tensor; see `gradients(of:retainingGraph:creatingGraph:)`.
  public func gradient(of input: Tensor, retainingGraph: Bool = false, creatingGraph: Bool = false) -> Tensor
  {
    gradients(of: [input], retainingGraph: retainingGraph, creatingGraph: creatingGraph)[0]
  }

  /// The vector-Jacobian product: the gradients of `sum(upstream * self)`.
  ///
  /// - Parameter upstream: A tensor of this tensor's shape.
  public func gradients(
    of inputs: [Tensor], upstream: Tensor, retainingGraph: Bool = false, creatingGraph: Bool = false
  ) -> [Tensor] {
    require(
      upstream.shape == shape, "gradients: upstream \(upstream.shape) for a tensor of shape \(shape)")
    guard let root = node else {
      stop("gradients: this tensor was not computed from one that requires a gradient")
    }
    let targets = inputs.map { input -> GradientNode in
      guard let node = input.node else {
        stop(
          "gradients: an input of shape \(input.shape) is not tracked; use requiringGradient()")
      }
      return node
    }
    let keep = retainingGraph || creatingGraph
    let walk = {
      BackwardWalk(targets: targets, keeping: keep).run(from: [(root, upstream.cast(to: dtype))])
    }
    // The types of the forward pass decide, not where the gradients are asked for.
    let found = Trace.span("backward") {
      withPrecision(.float32) { creatingGraph ? walk() : noGradient(walk) }
    }
    return zip(inputs, targets).map { input, target in
      found[ObjectIdentifier(target)] ?? Tensor.zeros(input.shape, dtype: input.dtype, device: input.device)
    }
  }
}

/// The reverse walk over the tape: nodes in falling order of creation, freed as it goes.
struct BackwardWalk {
  let targets: [GradientNode]
  let keeping: Bool
  /// Nodes with smaller numbers are not passed: the walk ends at them.
  let boundary: Int

  init(targets: [GradientNode], keeping: Bool, after boundary: Int = 0) {
    self.targets = targets
    self.keeping = keeping
    self.boundary = boundary
  }

  /// The targets' gradients by those of some roots; a target that none of them depends on has no entry.
  func run(from roots: [(node: GradientNode, gradient: Tensor)]) -> [ObjectIdentifier: Tensor] {
    let wanted = Set(targets.map { ObjectIdentifier($0) })
    let lowest = targets.map(\.id).min() ?? 0
    let relevant = nodesLeadingToTargets(from: roots.map(\.node), wanted: wanted, lowest: lowest)
    var results: [ObjectIdentifier: Tensor] = [:]
    var gradients: [ObjectIdentifier: Tensor] = [:]
    var queue = NodeQueue()
    for (root, gradient) in roots {
      if let sum = gradients[ObjectIdentifier(root)] {
        gradients[ObjectIdentifier(root)] = sum + gradient
      } else {
        gradients[ObjectIdentifier(root)] = gradient
        queue.push(root)
      }
    }
    while let node = queue.pop() {
      let key = ObjectIdentifier(node)
      guard let gradient = gradients.removeValue(forKey: key) else { continue }
      if wanted.contains(key) { results[key] = gradient }
      guard relevant.contains(key) else { continue }
      guard let pullback = node.pullback else {
        stop(
          "gradients: the graph was freed by an earlier call; pass retainingGraph: true to that one")
      }
      var output = node.savedOutput
      output?.node = node
      let parts = pullback(gradient, output)
      for (input, part) in zip(node.inputs, parts) {
        guard let input, let part,
          relevant.contains(ObjectIdentifier(input)) || wanted.contains(ObjectIdentifier(input))
        else { continue }
        let inputKey = ObjectIdentifier(input)
        if let sum = gradients[inputKey] {
          gradients[inputKey] = sum + part
        } else {
          gradients[inputKey] = part
          queue.push(input)
        }
      }
      if !keeping { node.free() }
    }
    return results
  }

  /// The nodes from which a target is reached, so that no gradient is computed in vain.
  private func nodesLeadingToTargets(
    from roots: [GradientNode], wanted: Set<ObjectIdentifier>, lowest: Int
  ) -> Set<ObjectIdentifier> {
    var order: [GradientNode] = []
    var seen: Set<ObjectIdentifier> = []
    var stack = roots.filter { seen.insert(ObjectIdentifier($0)).inserted }
    while let node = stack.popLast() {
      guard node.id >= boundary else { continue }
      order.append(node)
      for case let input? in node.inputs where input.id >= lowest {
        if seen.insert(ObjectIdentifier(input)).inserted { stack.append(input) }
      }
    }
    order.sort { $0.id < $1.id }
    var relevant: Set<ObjectIdentifier> = []
    for node in order {
      let leads = node.inputs.contains { input in
        guard let input else { return false }
        return wanted.contains(ObjectIdentifier(input)) || relevant.contains(ObjectIdentifier(input))
      }
      if leads { relevant.insert(ObjectIdentifier(node)) }
    }
    return relevant
  }
}

/// A heap of nodes, the latest created on top.
private struct NodeQueue {
  private var heap: [GradientNode] = []

  mutating func push(_ node: GradientNode) {
    heap.append(node)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if heap[parent].id >= heap[child].id { return }
      heap.swapAt(parent, child)
      child = parent
    }
  }

  mutating func pop() -> GradientNode? {
    guard let top = heap.first else { return nil }
    let last = heap.removeLast()
    if heap.isEmpty { return top }
    heap[0] = last
    var parent = 0
    while true {
      var largest = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && heap[child].id > heap[largest].id {
        largest = child
      }
      if largest == parent { return top }
      heap.swapAt(parent, largest)
      parent = largest
    }
  }
}
