import LatheCore

/// A function's results and its vector-Jacobian product: upstream tensors times the matrix of derivatives.
///
/// One run forward and one backward.
///
/// - Parameters:
///   - function: What is differentiated; it may use other tensors beside its arguments.
///   - inputs: Where.
///   - upstream: A tensor of each result's shape.
///   - creatingGraph: Keeps results and product tracked, so that they can be differentiated in turn.
/// - Returns: The results, and one gradient per input, zeros where no result depends on it.
public func vectorJacobianProduct(
  of function: ([Tensor]) -> [Tensor], at inputs: [Tensor], upstream: [Tensor], creatingGraph: Bool = false
) -> (outputs: [Tensor], gradients: [Tensor]) {
  let run = DifferentiableRun(function, inputs)
  require(
    upstream.count == run.outputs.count,
    "vectorJacobianProduct: \(upstream.count) upstream tensors for \(run.outputs.count) results")
  let gradients = run.pulledBack(upstream, creatingGraph: creatingGraph)
  return (
    run.outputs.map { creatingGraph ? $0 : $0.detached() },
    zip(inputs, gradients).map { input, gradient in gradient ?? input.zeros }
  )
}

/// A function's results and its Jacobian-vector product: the derivatives of the results along a direction.
///
/// The product is the derivative of the vector-Jacobian product by its upstream tensors, in which it is linear. So every
/// operation with a gradient of its gradient has it, at the cost of one run forward and two backward, the first of which
/// is recorded: about three times the time and memory of a vector-Jacobian product.
///
/// - Parameters:
///   - function: What is differentiated; it may use other tensors beside its arguments.
///   - inputs: Where.
///   - tangents: The direction: a tensor of each input's shape.
///   - creatingGraph: Keeps results and product tracked, so that they can be differentiated in turn.
/// - Returns: The results, and one derivative per result, of its shape.
public func jacobianVectorProduct(
  of function: ([Tensor]) -> [Tensor], at inputs: [Tensor], tangents: [Tensor], creatingGraph: Bool = false
) -> (outputs: [Tensor], tangents: [Tensor]) {
  require(
    tangents.count == inputs.count,
    "jacobianVectorProduct: \(tangents.count) tangents for \(inputs.count) inputs")
  for (input, tangent) in zip(inputs, tangents) {
    require(
      input.shape == tangent.shape,
      "jacobianVectorProduct: a tangent of shape \(tangent.shape) for an input of shape \(input.shape)")
  }
  let run = DifferentiableRun(function, inputs)
  // What they hold does not matter: the product's derivative by them is wanted.
  let directions = run.outputs.map { $0.dtype.isFloatingPoint ? $0.zeros.requiringGradient() : $0.zeros }
  let pulled = run.pulledBack(directions, creatingGraph: true)
  let roots = zip(pulled, tangents).compactMap { gradient, tangent -> (output: Tensor, upstream: Tensor)? in
    gradient.flatMap { $0.node == nil ? nil : ($0, tangent) }
  }
  let places = directions.indices.filter { directions[$0].node != nil }
  var results = directions.map { $0.zeros }
  if !roots.isEmpty {
    let found = BackwardWalk.gradients(
      of: roots, withRespectTo: places.map { directions[$0] }, retainingGraph: false,
      creatingGraph: creatingGraph)
    for (place, product) in zip(places, found) { if let product { results[place] = product } }
  }
  return (run.outputs.map { creatingGraph ? $0 : $0.detached() }, results)
}

/// The matrix of derivatives of a function's result by its argument.
///
/// One run forward and one backward for each element of the result.
///
/// - Parameters:
///   - function: What is differentiated.
///   - input: Where.
///   - creatingGraph: Keeps the matrix tracked, so that it can be differentiated in turn.
/// - Returns: The derivatives, of the result's shape followed by the argument's: at most eight axes together.
public func jacobian(
  of function: (Tensor) -> Tensor, at input: Tensor, creatingGraph: Bool = false
) -> Tensor {
  let run = DifferentiableRun({ [function($0[0])] }, [input])
  return run.outputs[0].derivatives(by: run.inputs[0], "jacobian", creatingGraph: creatingGraph)
}

/// The second derivatives of a function with one number as its result.
///
/// One run forward, and one backward for each element of the argument beside the first.
///
/// - Parameters:
///   - function: What is differentiated twice.
///   - input: Where.
///   - creatingGraph: Keeps the matrix tracked, so that it can be differentiated in turn.
/// - Returns: The derivatives, of the argument's shape twice: at most eight axes together.
public func hessian(
  of function: (Tensor) -> Tensor, at input: Tensor, creatingGraph: Bool = false
) -> Tensor {
  let run = DifferentiableRun({ [function($0[0])] }, [input])
  let output = run.outputs[0]
  require(output.count == 1, "hessian: the function's result has shape \(output.shape), not one element")
  let gradient = run.pulledBack([output.ones], creatingGraph: true)[0] ?? input.zeros
  return gradient.derivatives(by: run.inputs[0], "hessian", creatingGraph: creatingGraph)
}

/// The product of a function's second derivatives with a vector, without their matrix: one run forward, two backward.
///
/// - Parameters:
///   - function: What is differentiated twice; its result is one number.
///   - input: Where.
///   - vector: A tensor of the argument's shape.
/// - Returns: The product, of the argument's shape.
public func hessianVectorProduct(
  of function: (Tensor) -> Tensor, at input: Tensor, vector: Tensor
) -> Tensor {
  let run = DifferentiableRun({ [function($0[0])] }, [input])
  let output = run.outputs[0]
  require(
    output.count == 1,
    "hessianVectorProduct: the function's result has shape \(output.shape), not one element")
  guard let gradient = run.pulledBack([output.ones], creatingGraph: true)[0], gradient.node != nil else {
    return input.zeros
  }
  return gradient.gradients(of: [run.inputs[0]], upstream: vector)[0]
}

/// A function's results at tracked inputs.
private struct DifferentiableRun {
  let inputs: [Tensor]
  let outputs: [Tensor]

  init(_ function: ([Tensor]) -> [Tensor], _ inputs: [Tensor]) {
    // One that is tracked stays what it is, so that what was computed before is differentiated, too.
    let tracked = inputs.map { $0.node == nil ? $0.requiringGradient() : $0 }
    self.inputs = tracked
    outputs = GradientMode.$isRecording.withValue(true) { function(tracked) }
  }

  /// The vector-Jacobian product; results that depend on nothing tracked add nothing.
  func pulledBack(_ upstream: [Tensor], creatingGraph: Bool) -> [Tensor?] {
    let roots = zip(outputs, upstream).filter { $0.0.node != nil }.map { (output: $0, upstream: $1) }
    return BackwardWalk.gradients(
      of: roots, withRespectTo: inputs, retainingGraph: false, creatingGraph: creatingGraph)
  }
}

extension Tensor {
  /// The derivative of each element by all of a tensor.
  fileprivate func derivatives(by input: Tensor, _ name: String, creatingGraph: Bool) -> Tensor {
    let axes = Array(shape) + Array(input.shape)
    require(
      axes.count <= Shape.maximumRank,
      "\(name): derivatives of shape \(shape) by shape \(input.shape) have more than \(Shape.maximumRank) axes"
    )
    guard node != nil, count > 0 else {
      return Tensor.zeros(Shape(axes), dtype: dtype, device: device)
    }
    let units = Tensor.eye(count, dtype: dtype, device: device)
    let rows = (0..<count).map { index in
      let unit = units.select(axis: 0, index: index).reshaped(to: shape)
      return gradients(
        of: [input], upstream: unit, retainingGraph: true, creatingGraph: creatingGraph)[0]
    }
    return Tensor.stack(rows).reshaped(to: Shape(axes))
  }
}
