import LatheCore

/// Optimizer steps of all parameters together, in one launch or a few.
///
/// Memory that nobody else holds is updated in place.
package enum FusedOptimizer {
  /// One step of Adam; see `AdamStep`.
  ///
  /// - Parameter verdict: Where the device knows what becomes of the step; see `Operation.adam`.
  package static func adam(
    _ step: AdamStep, parameters: inout [Tensor], gradients: [Tensor], m: inout [Tensor], v: inout [Tensor],
    verdict: Tensor? = nil
  ) {
    var step = step
    step.isJudged = verdict != nil
    let count = parameters.count
    require(
      gradients.count == count && m.count == count && v.count == count, "adam: lists of different lengths")
    // Moved out, so that the lists here hold the only references.
    var states = [m, v]
    (m, v) = ([], [])
    update(&parameters, gradients, &states, .adam(step, count: count), verdict)
    (m, v) = (states[0], states[1])
  }

  /// One step of gradient descent, see `SGDStep`; `velocities` is empty without momentum.
  ///
  /// - Parameter verdict: Where the device knows what becomes of the step; see `Operation.sgd`.
  package static func sgd(
    _ step: SGDStep, parameters: inout [Tensor], gradients: [Tensor], velocities: inout [Tensor],
    verdict: Tensor? = nil
  ) {
    var step = step
    step.isJudged = verdict != nil
    let count = parameters.count
    var states = step.momentum == 0 ? [] : [velocities]
    if !states.isEmpty { velocities = [] }
    update(&parameters, gradients, &states, .sgd(step, count: count), verdict)
    if let first = states.first { velocities = first }
  }

  private static func update(
    _ parameters: inout [Tensor], _ gradients: [Tensor], _ states: inout [[Tensor]], _ operation: Operation,
    _ verdict: Tensor?
  ) {
    guard let device = parameters.first?.device else { return }
    if parameters.contains(where: { $0.dtype == .float64 }) {
      require(verdict == nil, "optimizer: steps in float64 are judged before they are made")
      var lists = [parameters] + states
      (parameters, states) = ([], [])
      switch operation {
      case .adam(let step, _): composedAdam(step, &lists, gradients)
      case .sgd(let step, _): composedSGD(step, &lists, gradients)
      default: stop("optimizer: \(operation.label) has no rule in float64")
      }
      (parameters, states) = (lists.removeFirst(), lists)
      return
    }
    for (parameter, gradient) in zip(parameters, gradients) {
      require(
        parameter.shape == gradient.shape,
        "optimizer: parameter \(parameter.shape) and gradient \(gradient.shape)")
      require(
        parameter.dtype == .float32,
        "optimizer: SGD and Adam take parameters of float32 or float64, not \(parameter.dtype); cast them")
    }
    let gradients = TensorLists.floats(gradients)
    device.computationLock.withLock {
      do {
        var inputs: [Operand] = []
        var outputs: [Operand] = []
        inputs.reserveCapacity(parameters.count * (2 + states.count))
        outputs.reserveCapacity(parameters.count * (1 + states.count))
        func add(updating tensor: inout Tensor) throws {
          let isOwn = try tensor.ownsMemory()
          let operand = try tensor.contiguous().operand()
          inputs.append(operand)
          outputs.append(try target(for: operand, unique: isOwn, on: device))
        }
        for i in parameters.indices {
          try add(updating: &parameters[i])
          inputs.append(try gradients[i].operand())
          for slot in states.indices {
            try add(updating: &states[slot][i])
          }
        }
        if let verdict { inputs.append(try verdict.contiguous().operand()) }
        try device.computationLock.unlocked {
          try Dispatch.run(operation, inputs: inputs, outputs: outputs, on: device)
        }
        let stride = 1 + states.count
        func tensor(_ operand: Operand) -> Tensor {
          Tensor(
            Storage(device: device, dtype: .float32, shape: operand.shape, state: .ready(operand.buffer)))
        }
        for i in parameters.indices {
          parameters[i] = tensor(outputs[i * stride])
          for slot in states.indices { states[slot][i] = tensor(outputs[i * stride + 1 + slot]) }
        }
      } catch {
        let error = Dispatch.typed(error)
        for i in parameters.indices {
          parameters[i] = Tensor(failed: error, shape: parameters[i].shape, dtype: .float32, device: device)
        }
      }
    }
  }

  /// The parameter's own memory where nobody else holds it, else new memory.
  private static func target(for operand: Operand, unique: Bool, on device: Device) throws -> Operand {
    if unique { return operand }
    let buffer = try device.backend.allocate(byteCount: operand.elementCount * 4)
    return Operand(buffer: buffer, layout: Layout(operand.shape), dtype: .float32)
  }
}
