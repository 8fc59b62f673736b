import LatheCore

/// Optimizer steps of all parameters together, in one launch or a few.
///
/// Memory that nobody else holds is updated in place.
package enum FusedOptimizer {
  /// One step of Adam; see `AdamStep`.
  package static func adam(
    _ step: AdamStep, parameters: inout [Tensor], gradients: [Tensor], m: inout [Tensor], v: inout [Tensor]
  ) {
    let count = parameters.count
    require(
      gradients.count == count && m.count == count && v.count == count, "adam: lists of different lengths")
    update(&parameters, gradients, [m, v], .adam(step, count: count)) { states in
      m = states[0]
      v = states[1]
    }
  }

  /// One step of gradient descent, see `SGDStep`; `velocities` is empty without momentum.
  package static func sgd(
    _ step: SGDStep, parameters: inout [Tensor], gradients: [Tensor], velocities: inout [Tensor]
  ) {
    let count = parameters.count
    let states = step.momentum == 0 ? [] : [velocities]
    update(&parameters, gradients, states, .sgd(step, count: count)) { states in
      if let first = states.first { velocities = first }
    }
  }

  private static func update(
    _ parameters: inout [Tensor], _ gradients: [Tensor], _ states: [[Tensor]], _ operation: Operation,
    store: ([[Tensor]]) -> Void
  ) {
    guard let device = parameters.first?.device else { return }
    for (parameter, gradient) in zip(parameters, gradients) {
      require(
        parameter.shape == gradient.shape && parameter.dtype == .float32,
        "optimizer: parameter \(parameter.shape) of \(parameter.dtype) and gradient \(gradient.shape)")
    }
    device.evaluationLock.withLock {
      do {
        var inputs: [Operand] = []
        var outputs: [Operand] = []
        for i in parameters.indices {
          let parameter = try parameters[i].detached().contiguous().operand()
          let gradient = try gradients[i].cast(to: .float32).detached().contiguous().operand()
          inputs += [parameter, gradient]
          outputs.append(try target(for: parameter, unique: isUnique(&parameters[i]), on: device))
          for state in states {
            let operand = try state[i].contiguous().operand()
            inputs.append(operand)
            outputs.append(operand)
          }
        }
        try Dispatch.run(operation, inputs: inputs, outputs: outputs, on: device)
        let stride = 1 + states.count
        func tensor(_ operand: Operand) -> Tensor {
          Tensor(
            Storage(device: device, dtype: .float32, shape: operand.shape, state: .ready(operand.buffer)),
            operand.layout)
        }
        for i in parameters.indices { parameters[i] = tensor(outputs[i * stride]) }
        store(states.indices.map { s in parameters.indices.map { tensor(outputs[$0 * stride + 1 + s]) } })
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

  private static func isUnique(_ tensor: inout Tensor) -> Bool {
    tensor.node = nil
    return isKnownUniquelyReferenced(&tensor.storage)
  }
}
