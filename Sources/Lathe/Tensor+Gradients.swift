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
  /// - Parameters:
  ///   - inputs: The tensors whose gradients are wanted.
  ///   - upstream: A tensor of this tensor's shape.
  ///   - retainingGraph: Keeps what a second walk needs.
  ///   - creatingGraph: Makes gradients that can be differentiated again.
  public func gradients(
    of inputs: [Tensor], upstream: Tensor, retainingGraph: Bool = false, creatingGraph: Bool = false
  ) -> [Tensor] {
    zip(
      inputs,
      BackwardWalk.gradients(
        of: [(self, upstream)], withRespectTo: inputs, retainingGraph: retainingGraph,
        creatingGraph: creatingGraph)
    ).map { input, gradient in gradient ?? input.zeros }
  }

  /// Zeros of the tensor's shape and type.
  var zeros: Tensor { Tensor.zeros(shape, dtype: dtype, device: device) }
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

  /// The targets' gradients by those of some roots; nil for a target that none of them depends on.
  func run(from roots: [(node: GradientNode, gradient: Tensor)]) -> [Tensor?] {
    let graph = NodeList(reachedFrom: roots.map(\.node), down: targets.map(\.id).min() ?? 0, to: boundary)
    var isWanted = Array(repeating: false, count: graph.nodes.count)
    let places = targets.map { graph.place(of: $0) }
    for case let place? in places { isWanted[place] = true }
    let leads = nodesLeading(to: isWanted, in: graph)
    var gradients: [Tensor?] = Array(repeating: nil, count: graph.nodes.count)
    func add(_ gradient: Tensor, at place: Int) {
      if let sum = gradients[place] { gradients[place] = sum + gradient } else { gradients[place] = gradient }
    }
    for (root, gradient) in roots {
      if let place = graph.place(of: root) { add(gradient, at: place) }
    }
    for (place, node) in graph.nodes.enumerated() where leads[place] {
      guard let gradient = isWanted[place] ? gradients[place] : gradients[place].take() else { continue }
      guard let pullback = node.pullback else {
        stop(
          "gradients: the graph was freed by an earlier call, and \(node.name) has nothing left for another; pass "
            + "retainingGraph: true to the earlier one")
      }
      var output = node.savedOutput
      output?.node = node
      for (input, part) in zip(node.inputs, pullback(gradient, output)) {
        guard let input, let part, let place = graph.place(of: input), leads[place] || isWanted[place]
        else { continue }
        add(part, at: place)
      }
      if !keeping { node.free() }
    }
    return places.map { $0.flatMap { gradients[$0] } }
  }

  /// Which nodes lead to a target, so that no gradient is computed in vain.
  private func nodesLeading(to isWanted: [Bool], in graph: NodeList) -> [Bool] {
    var leads = Array(repeating: false, count: isWanted.count)
    for place in graph.nodes.indices.reversed() where graph.nodes[place].id >= boundary {
      for case let input? in graph.nodes[place].inputs {
        guard let from = graph.place(of: input), leads[from] || isWanted[from] else { continue }
        leads[place] = true
        break
      }
    }
    return leads
  }
}

/// The nodes of a walk, the latest created first.
///
/// What a walk knows of a node stands in lists beside this one, not in the node: threads that walk graphs of their own
/// may share leaves.
private struct NodeList {
  private(set) var nodes: [GradientNode] = []
  private var ids: [Int] = []

  /// The nodes from some on, down to number `lowest`; those below `boundary` end the walk.
  init(reachedFrom roots: [GradientNode], down lowest: Int, to boundary: Int) {
    nodes.reserveCapacity(64)
    ids.reserveCapacity(64)
    var queue = NodeQueue()
    for root in roots { queue.push(root) }
    while let node = queue.pop() {
      // A node that was pushed several times comes out several times in a row.
      if ids.last == node.id { continue }
      nodes.append(node)
      ids.append(node.id)
      if node.id < boundary { continue }
      for case let input? in node.inputs where input.id >= lowest { queue.push(input) }
    }
  }

  /// The place of a node in the list, found by halving.
  func place(of node: GradientNode) -> Int? {
    var (low, high) = (0, ids.count)
    while low < high {
      let middle = (low + high) / 2
      if ids[middle] > node.id { low = middle + 1 } else { high = middle }
    }
    return low < ids.count && ids[low] == node.id ? low : nil
  }
}

/// A heap of nodes, the latest created on top.
private struct NodeQueue {
  private var heap: [GradientNode] = []

  init() { heap.reserveCapacity(32) }

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
      for child in 2 * parent + 1...2 * parent + 2
      where child < heap.count && heap[child].id > heap[largest].id {
        largest = child
      }
      if largest == parent { return top }
      heap.swapAt(parent, largest)
      parent = largest
    }
  }
}
