import LatheCore
import Synchronization

/// Takes down what tensors are made of while a `ComputationGraph` is recorded.
///
/// Every way to make a tensor of others tells it: `Tensor.deferred`, `Dispatch.run`, reductions, `assembled`, `moved`, and
/// views, which are also found by their memory where nobody told.
final class GraphRecorder: Sendable {
  @TaskLocal static var current: GraphRecorder?

  /// A tensor's memory and the values that are views of it.
  private struct Memory {
    /// Held, so that no other memory gets its identity.
    let storage: Storage
    /// Whether a node made it or it is an argument; else views of it are values from outside.
    let isMade: Bool
    var views: [(layout: Layout, id: Int)] = []
  }

  private struct State {
    /// The arguments and what is computed from them.
    var depending: Set<Int> = []
    /// What cannot be recorded.
    var refusal: LatheError?
    var values: [ComputationGraph.Value] = []
    var nodes: [ComputationGraph.Node] = []
    var memories: [ObjectIdentifier: Memory] = [:]
  }

  private let state = Mutex(State())
  private let inputs: [Int]
  private let names: [(name: String, tensor: Tensor)]

  init(inputs tensors: [Tensor], names: [String: Tensor]) {
    self.names = names.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    inputs = state.withLock { state in
      let ids = tensors.map { Self.add($0, .input, isMade: true, name: nil, to: &state) }
      state.depending.formUnion(ids)
      return ids
    }
  }

  /// Takes down a node, unless its results are known already.
  func add(
    _ step: @autoclosure () -> GraphStep, _ operands: [ElementwiseOperand], _ results: [Tensor],
    name: String? = nil, attributes: @autoclosure () -> [ComputationGraph.Attribute] = []
  ) {
    let step = step()
    state.withLock { state in
      let arguments = operands.map { operand -> ComputationGraph.Argument in
        switch operand {
        case .tensor(let tensor): .value(id(of: tensor, &state))
        case .scalar(let value): .number(value)
        }
      }
      let isView = if case .view = step { true } else { false }
      // A view of what came from outside is made of a value, too, though its memory is not made here.
      if isView, Self.known(results[0], state) != nil { return }
      let outputs = results.map { Self.add($0, .result, isMade: !isView, name: nil, to: &state) }
      let depends = arguments.contains {
        if case .value(let id) = $0 { state.depending.contains(id) } else { false }
      }
      if depends { state.depending.formUnion(outputs) }
      state.nodes.append(
        ComputationGraph.Node(
          name: name ?? step.name, attributes: name == nil ? step.attributes : attributes(),
          inputs: arguments, outputs: outputs, step: step))
    }
  }

  /// Ends the recording with an error where what values decide about is computed from the arguments.
  ///
  /// - Throws: The error, so that the function ends, too.
  func refuseReading(_ tensors: [Tensor], by function: String) throws {
    try state.withLock { state in
      guard
        tensors.contains(where: { state.depending.contains(id(of: $0, &state)) })
      else { return }
      let error = LatheError(
        .unsupported,
        "\(function): values decide about its result, which a graph that is recorded cannot hold; leave it to what runs"
          + " before or after the graph")
      state.refusal = state.refusal ?? error
      throw error
    }
  }

  /// The graph of what some tensors depend on.
  ///
  /// - Throws: The error of the first function that cannot be recorded.
  func graph(of outputs: [Tensor]) throws -> ComputationGraph {
    try state.withLock { state in
      if let refusal = state.refusal { throw refusal }
      let results = outputs.map { id(of: $0, &state) }
      var isNeeded = Array(repeating: false, count: state.values.count)
      for id in results + inputs { isNeeded[id] = true }
      var nodes: [ComputationGraph.Node] = []
      for node in state.nodes.reversed() where node.outputs.contains(where: { isNeeded[$0] }) {
        for case .value(let id) in node.inputs { isNeeded[id] = true }
        for id in node.outputs { isNeeded[id] = true }
        nodes.append(node)
      }
      // Places anew, since what nobody needs is left out.
      var places = Array(repeating: -1, count: isNeeded.count)
      var values: [ComputationGraph.Value] = []
      for value in state.values where isNeeded[value.id] {
        places[value.id] = values.count
        values.append(
          .init(
            id: values.count, spec: value.spec, role: value.role, name: value.name, tensor: value.tensor))
      }
      return ComputationGraph(
        values: values,
        nodes: nodes.reversed().map { node in
          ComputationGraph.Node(
            name: node.name, attributes: node.attributes,
            inputs: node.inputs.map { if case .value(let id) = $0 { .value(places[id]) } else { $0 } },
            outputs: node.outputs.map { places[$0] }, step: node.step)
        },
        inputs: inputs.map { places[$0] }, outputs: results.map { places[$0] })
    }
  }

  /// The value that a tensor is; a new one where it came from outside or is a view that nobody told of.
  private func id(of tensor: Tensor, _ state: inout State) -> Int {
    if let known = Self.known(tensor, state) { return known }
    if let memory = state.memories[ObjectIdentifier(tensor.storage)], memory.isMade {
      let step = GraphStep.view(tensor.layout)
      let whole = memory.views[0].id
      let id = Self.add(tensor, .result, isMade: true, name: nil, to: &state)
      if state.depending.contains(whole) { state.depending.insert(id) }
      state.nodes.append(
        ComputationGraph.Node(
          name: step.name, attributes: step.attributes, inputs: [.value(whole)], outputs: [id], step: step))
      return id
    }
    let isParameter = tensor.node.map { $0.inputs.isEmpty } ?? false
    let name = names.first {
      $0.tensor.storage === tensor.storage && $0.tensor.layout == tensor.layout
    }
    return Self.add(
      tensor, isParameter || name?.tensor.requiresGradient == true ? .parameter : .constant, isMade: false,
      name: name?.name, to: &state)
  }

  private static func known(_ tensor: Tensor, _ state: State) -> Int? {
    let layout = tensor.layout
    return state.memories[ObjectIdentifier(tensor.storage)]?.views.first { $0.layout == layout }?.id
  }

  private static func add(
    _ tensor: Tensor, _ role: ComputationGraph.Role, isMade: Bool, name: String?, to state: inout State
  ) -> Int {
    let id = state.values.count
    let isOutside = role == .parameter || role == .constant
    state.values.append(
      .init(
        id: id, spec: TensorSpec(tensor.shape, tensor.dtype), role: role, name: name,
        tensor: isOutside ? tensor : nil))
    let key = ObjectIdentifier(tensor.storage)
    state.memories[key, default: Memory(storage: tensor.storage, isMade: isMade)].views
      .append((tensor.layout, id))
    return id
  }
}
