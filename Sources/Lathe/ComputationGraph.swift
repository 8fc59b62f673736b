import LatheCore

/// What a function of tensors computed: operations and the tensors between them, for exchange formats and pictures.
///
/// ```swift
/// let (graph, outputs) = ComputationGraph.recording([x], naming: ["weight": weight]) { inputs in
///   [inputs[0].linear(weight: weight).relu()]
/// }
/// print(graph.dot)
/// let again = graph([anotherX])
/// ```
///
/// The graph holds what ran: a branch that depends on values is recorded as it went, and random numbers are drawn by the
/// same keys each time. Tensors that were not made while recording are parameters where they require a gradient, else
/// constants; the graph holds them as they are, so that they can be told by identity. Optimizer steps are not
/// recorded.
public struct ComputationGraph: Sendable {
  /// What a value of the graph is.
  public enum Role: String, Sendable, Hashable {
    /// An argument of the recorded function.
    case input
    /// A tensor from outside that requires a gradient.
    case parameter
    /// Another tensor from outside.
    case constant
    /// The result of a node.
    case result
  }

  /// A tensor of the graph.
  public struct Value: Sendable {
    /// Its place in `values`.
    public let id: Int
    /// Shape and type.
    public let spec: TensorSpec
    /// What it is.
    public let role: Role
    /// The name that it was given where the recording began.
    public let name: String?
    /// The tensor itself where it came from outside: a parameter or a constant.
    public let tensor: Tensor?
  }

  /// What a node reads.
  public enum Argument: Sendable {
    /// A tensor, by its place in `values`.
    case value(Int)
    /// A number for all elements.
    case number(ScalarValue)
  }

  /// What an attribute holds.
  public enum AttributeValue: Sendable, Hashable, CustomStringConvertible {
    /// A whole number.
    case int(Int)
    /// A fraction.
    case float(Double)
    /// A truth value.
    case bool(Bool)
    /// A name, such as that of a type or of a kind of reduction.
    case string(String)
    /// Whole numbers, such as axes and sizes.
    case ints([Int])

    /// As a picture shows it.
    public var description: String {
      switch self {
      case .int(let value): "\(value)"
      case .float(let value): "\(value)"
      case .bool(let value): "\(value)"
      case .string(let value): value
      case .ints(let values): "\(values)"
      }
    }
  }

  /// A setting of an operation.
  public struct Attribute: Sendable, Hashable {
    /// The setting's name, such as `strideHeight`.
    public let name: String
    /// What it is set to.
    public let value: AttributeValue
  }

  /// An operation.
  public struct Node: Sendable {
    /// The operation's name, such as `matmul`, `exp` or `permuted`; that of a custom operation is its own.
    public let name: String
    /// Its settings.
    public let attributes: [Attribute]
    /// What it reads.
    public let inputs: [Argument]
    /// What it makes, by places in `values`.
    public let outputs: [Int]
    let step: GraphStep

    /// A setting by its name.
    ///
    /// - Parameter name: The setting's name.
    public subscript(name: String) -> AttributeValue? {
      attributes.first { $0.name == name }?.value
    }
  }

  /// Every tensor.
  public internal(set) var values: [Value]
  /// Operations in an order in which they can run.
  public internal(set) var nodes: [Node]
  /// The recorded function's arguments, by places in `values`.
  public internal(set) var inputs: [Int]
  /// The recorded function's results, by places in `values`.
  public internal(set) var outputs: [Int]

  /// Runs a function and records what it computes.
  ///
  /// - Parameters:
  ///   - inputs: The function's arguments.
  ///   - names: Names for tensors that the function uses beside its arguments, such as a model's parameters.
  ///   - body: Computes with tensors; those that it captures count as parameters and constants.
  /// - Returns: The graph of what the results depend on, and the results.
  /// - Throws: What the function throws, the error of an argument that has failed, and one of kind `unsupported` where the
  ///   function calls one whose result values decide about (`nonzero`, `unique`, `bincount` and their kind).
  public static func recording(
    _ inputs: [Tensor], naming names: [String: Tensor] = [:], _ body: ([Tensor]) throws -> [Tensor]
  ) throws -> (graph: ComputationGraph, outputs: [Tensor]) {
    let arguments = try inputs.map { try $0.withOwnIdentity() }
    let recorder = GraphRecorder(inputs: arguments, names: names)
    let outputs = try GraphRecorder.$current.withValue(recorder) { try body(arguments) }
    return (try recorder.graph(of: outputs), outputs)
  }

  /// Computes the graph for other arguments of the same shapes and types, without recording gradients.
  ///
  /// - Parameter arguments: One tensor for each of `inputs`, on the device of the recording.
  /// - Returns: One tensor for each of `outputs`.
  public func callAsFunction(_ arguments: [Tensor]) -> [Tensor] {
    require(
      arguments.count == inputs.count, "graph: \(arguments.count) arguments for \(inputs.count) inputs")
    var known = values.map(\.tensor)
    for (argument, id) in zip(arguments, inputs) {
      require(
        TensorSpec(argument.shape, argument.dtype) == values[id].spec,
        "graph: an argument of \(argument.dtype) \(argument.shape) for an input of \(values[id].spec)")
      known[id] = argument.detached().contiguous()
    }
    func tensor(_ id: Int) -> Tensor {
      guard let tensor = known[id] else { stop("graph: value \(id) is used before it is made") }
      return tensor
    }
    return noGradient {
      withPrecision(.float32) {
        for node in nodes {
          let operands = node.inputs.map { input -> ElementwiseOperand in
            switch input {
            case .value(let id): .tensor(tensor(id).detached())
            case .number(let value): .scalar(value)
            }
          }
          let results = node.step.run(operands, node.outputs.map { values[$0].spec })
          for (id, result) in zip(node.outputs, results) { known[id] = result }
        }
        return outputs.map(tensor)
      }
    }
  }
}

extension Tensor {
  /// The same elements as a tensor that is no other one: nothing tells it from memory that is used elsewhere.
  fileprivate func withOwnIdentity() throws -> Tensor {
    let source = contiguous()
    let buffer = try source.storage.buffer()
    var result = Tensor(Storage(device: device, dtype: dtype, shape: shape, state: .ready(buffer)))
    result.node = node
    return result
  }
}
