import LatheCPU
import LatheCore

/// An operation that a program brings along, with its own gradient: a function of tensors, or a loop over host memory
/// and OpenCL kernels.
///
/// ```swift
/// let cube = CustomOperation(
///   "cube", results: { $0 },
///   cpu: { inputs, outputs in
///     let x = inputs[0].elements(as: Float.self)
///     let y = outputs[0].elements(as: Float.self)
///     for i in x.indices { y[i] = x[i] * x[i] * x[i] }
///   },
///   openCL: { inputs, _ in
///     [
///       OpenCLLaunch(
///         source: """
///           __kernel void cube(__global const float *x, __global float *y) {
///             const size_t i = get_global_id(0);
///             y[i] = x[i] * x[i] * x[i];
///           }
///           """,
///         kernel: "cube", arguments: [.input(0), .output(0)], global: [inputs[0].count])
///     ]
///   },
///   backward: { pass in [pass.gradients[0] * pass.inputs[0].square() * 3] })
/// let y = cube(x)
/// ```
///
/// Loops and kernels read inputs in row-major order without gaps, views included, whatever was deferred. On a device
/// for which there is no implementation the results carry an error of kind `unsupported` that says so. The gradient is
/// one of tensors, so that it can be differentiated again; it may call further custom operations.
public struct CustomOperation: Sendable {
  /// Shapes and types of the results for those of the inputs; a mistake in these stops the program.
  public typealias ResultRule = @Sendable (_ inputs: [TensorSpec]) -> [TensorSpec]
  /// The gradient of each input (nil: none), in tensor operations; of the input's shape.
  public typealias Backward = @Sendable (_ pass: BackwardPass) -> [Tensor?]

  /// What the tape keeps for the gradient.
  public struct Saved: OptionSet, Sendable {
    /// One bit for each kind.
    public let rawValue: Int

    /// From bits.
    ///
    /// - Parameter rawValue: The bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// The inputs.
    public static let inputs = Saved(rawValue: 1)
    /// The results.
    public static let results = Saved(rawValue: 2)
  }

  /// What a gradient is computed from.
  public struct BackwardPass: Sendable {
    /// The operation's inputs; empty where they are not saved.
    public let inputs: [Tensor]
    /// The operation's results; empty where they are not saved.
    public let results: [Tensor]
    /// The gradient of each result; zeros for one that was not used.
    public let gradients: [Tensor]
    /// Which inputs' gradients are wanted; that of another is not used.
    public let needsGradient: [Bool]
  }

  private enum Body: Sendable {
    case tensors(@Sendable ([Tensor]) -> [Tensor])
    case kernel(CustomKernel, ResultRule)
  }

  /// The name in messages, traces and graphs.
  public let name: String
  private let body: Body
  private let saved: Saved
  private let backward: Backward?

  /// An operation computed by a loop on the CPU and by kernels on OpenCL devices.
  ///
  /// - Parameters:
  ///   - name: The name in messages, traces and graphs.
  ///   - results: Shapes and types of the results for those of the inputs.
  ///   - cpu: What the CPU runs; nil where it has no implementation.
  ///   - openCL: The kernels that OpenCL devices run; nil where they have no implementation.
  ///   - saving: What the tape keeps for the gradient.
  ///   - backward: The gradient; without one, asking for it stops the program.
  public init(
    _ name: String, results: @escaping ResultRule, cpu: CustomKernel.HostLoop? = nil,
    openCL: CustomKernel.OpenCLRule? = nil, saving: Saved = [.inputs, .results], backward: Backward? = nil
  ) {
    self.name = name
    body = .kernel(CustomKernel(name: name, cpu: cpu, openCL: openCL), results)
    saved = saving
    self.backward = backward
  }

  /// An operation computed by tensor operations, with a gradient other than theirs: a more stable or cheaper one, or one
  /// where there is none.
  ///
  /// - Parameters:
  ///   - name: The name in messages.
  ///   - saving: What the tape keeps for the gradient.
  ///   - forward: The results; it runs without being recorded.
  ///   - backward: The gradient; without one, asking for it stops the program.
  public init(
    _ name: String, saving: Saved = [.inputs, .results], forward: @escaping @Sendable ([Tensor]) -> [Tensor],
    backward: Backward? = nil
  ) {
    self.name = name
    body = .tensors(forward)
    saved = saving
    self.backward = backward
  }

  /// The only result of the operation on some tensors.
  ///
  /// - Parameter inputs: Tensors of one device.
  public func callAsFunction(_ inputs: Tensor...) -> Tensor {
    let results = results(of: inputs)
    require(results.count == 1, "\(name): \(results.count) results, use results(of:)")
    return results[0]
  }

  /// The results of the operation on some tensors.
  ///
  /// - Parameter inputs: Tensors of one device.
  /// - Returns: The results; those of floating-point types are tracked where an input is.
  public func results(of inputs: [Tensor]) -> [Tensor] {
    guard let device = inputs.first?.device else {
      stop("\(name): a custom operation takes at least one input")
    }
    if let other = inputs.first(where: { $0.device != device }) {
      Tensor.stopForDevices(name, device, other.device)
    }
    let results = computed(inputs.map { $0.detached() }).map { $0.detached() }
    guard Tensor.isTracked(inputs) else { return results }
    let entries = inputs.map(\.node)
    let specs = inputs.map { TensorSpec($0.shape, $0.dtype) }
    let kept = saved.contains(.inputs) ? inputs : []
    // Zeros for a result that was not used; its memory need not be kept for that.
    let unused = results.map { (spec: TensorSpec($0.shape, $0.dtype), device: $0.device) }
    return JointGradients.record(
      "custom", results, where: results.map(\.dtype.isFloatingPoint), inputs: entries,
      savesResults: saved.contains(.results)
    ) { [name, backward] gradients, results in
      guard let backward else { stop("gradients: the custom operation '\(name)' has no backward function") }
      let pass = BackwardPass(
        inputs: kept, results: results,
        gradients: zip(gradients, unused).map { gradient, result in
          gradient ?? Tensor.zeros(result.spec.shape, dtype: result.spec.dtype, device: result.device)
        },
        needsGradient: entries.map { $0 != nil })
      return CustomOperation.checked(backward(pass), of: specs, name)
    }
  }

  /// The gradients in the inputs' types; stops the program where they are not as many or of other shapes.
  private static func checked(_ gradients: [Tensor?], of specs: [TensorSpec], _ name: String) -> [Tensor?] {
    require(
      gradients.count == specs.count,
      "\(name): backward gave \(gradients.count) gradients for \(specs.count) inputs")
    return gradients.indices.map { index in
      guard let gradient = gradients[index] else { return nil }
      require(
        gradient.shape == specs[index].shape,
        "\(name): backward gave a gradient of shape \(gradient.shape) for input \(index) of shape \(specs[index].shape)"
      )
      return gradient.cast(to: specs[index].dtype)
    }
  }

  private func computed(_ inputs: [Tensor]) -> [Tensor] {
    switch body {
    case .tensors(let forward): return noGradient { forward(inputs) }
    case .kernel(let kernel, let rule):
      let results = rule(inputs.map { TensorSpec($0.shape, $0.dtype) })
      require(!results.isEmpty, "\(name): the rule for results gives none")
      return Tensor.run(
        .custom(kernel), inputs.map { $0.contiguous() }, outputs: results.map { ($0.shape, $0.dtype) })
    }
  }
}

/// Runs `body` over ranges that together make up `0..<count`, on the threads of the CPU path where that pays.
///
/// How `count` is cut depends on `count`, `grain` and the number of threads alone, so that sums over a range give the
/// same bits each time.
///
/// - Parameters:
///   - count: The number of elements, rows or whatever is worked on.
///   - grain: The least that a range has: about as much as takes 20 microseconds.
///   - body: Works on a range; it must not touch what the others write.
public func parallelFor(_ count: Int, grain: Int = 1, _ body: (Range<Int>) -> Void) {
  ThreadPool.shared.parallelFor(count, grain: grain, body)
}
