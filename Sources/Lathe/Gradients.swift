import LatheCore

/// The gradients of several tensors at once: of the sum of `upstream * output` over all outputs and their elements.
///
/// One walk serves all outputs, so that what they share is passed once. An input that no output depends on gets
/// zeros; `gradientsOrNil(of:withRespectTo:upstream:retainingGraph:creatingGraph:)` tells such inputs apart.
///
/// - Parameters:
///   - outputs: Tensors that were computed from ones that require a gradient.
///   - inputs: Tracked tensors: leaves made by `requiringGradient()` or anything computed from them.
///   - upstream: A tensor of each output's shape, or nil for ones; ones for all outputs where the list is empty.
///   - retainingGraph: Keeps what was saved for the gradient, so that it can be asked for again.
///   - creatingGraph: Records the computation of the gradients, so that they can be differentiated in turn.
/// - Returns: One gradient per input, of its shape and type.
public func gradients(
  of outputs: [Tensor], withRespectTo inputs: [Tensor], upstream: [Tensor?] = [],
  retainingGraph: Bool = false, creatingGraph: Bool = false
) -> [Tensor] {
  let found = gradientsOrNil(
    of: outputs, withRespectTo: inputs, upstream: upstream, retainingGraph: retainingGraph,
    creatingGraph: creatingGraph)
  return zip(inputs, found).map { input, gradient in gradient ?? input.zeros }
}

/// The same with nil for an input that no output depends on; see
/// `gradients(of:withRespectTo:upstream:retainingGraph:creatingGraph:)`.
///
/// - Parameters:
///   - outputs: Tensors that were computed from ones that require a gradient.
///   - inputs: Tracked tensors.
///   - upstream: A tensor of each output's shape, or nil for ones; ones for all outputs where the list is empty.
///   - retainingGraph: Keeps what was saved for the gradient.
///   - creatingGraph: Records the computation of the gradients.
/// - Returns: One gradient per input, of its shape and type, or nil.
public func gradientsOrNil(
  of outputs: [Tensor], withRespectTo inputs: [Tensor], upstream: [Tensor?] = [],
  retainingGraph: Bool = false, creatingGraph: Bool = false
) -> [Tensor?] {
  require(
    upstream.isEmpty || upstream.count == outputs.count,
    "gradients: \(upstream.count) upstream tensors for \(outputs.count) outputs")
  let roots = outputs.enumerated().map { index, output in
    (output, (upstream.isEmpty ? nil : upstream[index]) ?? output.ones)
  }
  return BackwardWalk.gradients(
    of: roots, withRespectTo: inputs, retainingGraph: retainingGraph, creatingGraph: creatingGraph)
}

extension Tensor {
  /// Ones of the tensor's shape and type.
  var ones: Tensor { Tensor.ones(shape, dtype: dtype, device: device) }
}

extension BackwardWalk {
  /// The gradients of the sum of `upstream * output`; nil for an input that no output depends on.
  static func gradients(
    of roots: [(output: Tensor, upstream: Tensor)], withRespectTo inputs: [Tensor], retainingGraph: Bool,
    creatingGraph: Bool
  ) -> [Tensor?] {
    let starts = roots.map { output, upstream -> (node: GradientNode, gradient: Tensor) in
      require(
        upstream.shape == output.shape,
        "gradients: upstream \(upstream.shape) for a tensor of shape \(output.shape)")
      guard let node = output.node else {
        stop("gradients: this tensor was not computed from one that requires a gradient")
      }
      return (node, upstream.cast(to: output.dtype))
    }
    let targets = inputs.map { input -> GradientNode in
      guard let node = input.node else {
        stop("gradients: an input of shape \(input.shape) is not tracked; use requiringGradient()")
      }
      return node
    }
    // The types of the forward pass decide, not where the gradients are asked for.
    return Trace.span("backward") {
      withPrecision(.float32) {
        withFloat32MatmulPrecision(.highest) {
          GradientMode.$isRecording.withValue(creatingGraph) {
            BackwardWalk(targets: targets, keeping: retainingGraph || creatingGraph).run(from: starts)
          }
        }
      }
    }
  }
}
