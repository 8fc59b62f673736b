import Lathe

/// Tensors by their names: what a model of several inputs takes, and what it gives.
public struct NamedTensors: Sendable, ExpressibleByDictionaryLiteral {
  private var tensors: [String: Tensor]

  /// Tensors by their names.
  ///
  /// - Parameter tensors: By names.
  public init(_ tensors: [String: Tensor] = [:]) { self.tensors = tensors }

  /// Tensors by their names, listed in the program: `["tokens": x, "types": y]`.
  ///
  /// - Parameter elements: Each name once.
  public init(dictionaryLiteral elements: (String, Tensor)...) {
    tensors = Dictionary(uniqueKeysWithValues: elements)
  }

  /// The names in alphabetical order.
  public var names: [String] { tensors.keys.sorted() }

  /// The tensor of a name; stops the program where there is none, which `find(_:)` does not.
  ///
  /// - Parameter name: One of `names`.
  public subscript(_ name: String) -> Tensor {
    get {
      guard let tensor = tensors[name] else {
        stop("NamedTensors: there is no '\(name)' among \(names.joined(separator: ", "))")
      }
      return tensor
    }
    set { tensors[name] = newValue }
  }

  /// The tensor of a name; nil where there is none.
  ///
  /// - Parameter name: Any name.
  public func find(_ name: String) -> Tensor? { tensors[name] }

  /// The same names with other tensors.
  ///
  /// - Parameter transform: What becomes of each.
  public func mapValues(_ transform: (Tensor) throws -> Tensor) rethrows -> NamedTensors {
    NamedTensors(try tensors.mapValues(transform))
  }

  /// These and others, which win where both have a name.
  ///
  /// - Parameter others: Take precedence.
  public func merging(_ others: NamedTensors) -> NamedTensors {
    NamedTensors(tensors.merging(others.tensors) { _, other in other })
  }
}

extension NamedTensors {
  /// The name of a batch's `inputs` among the inputs of a `NamedModule`.
  public static let inputs = "inputs"
  /// The name of bools [n, t] that are true at elements that count, made from a batch's lengths.
  public static let padding = "padding"
  /// The name of a factor for each label of a batch in the loss, 0 where one does not count.
  public static let lossMask = "lossMask"
  /// The name of the result that objectives look at where they are told no other.
  public static let output = "output"
}

/// A module of several named inputs, with one or several named outputs.
///
/// A `Trainer` hands over what its batches name; losses look at the output `NamedTensors.output`, or at another that an
/// objective names.
public protocol NamedModule: Module {
  /// Computes the outputs.
  ///
  /// - Parameter inputs: By name; `NamedTensors.inputs` is the batch's first.
  func forward(_ inputs: NamedTensors) -> NamedTensors
}

extension NamedModule {
  /// Computes the output of a single input.
  public func forward(_ input: Tensor) -> Tensor {
    forward([NamedTensors.inputs: input])[NamedTensors.output]
  }

  /// Applies the module; observers and hooks see the batch's first input and the output of objectives, if there are any.
  ///
  /// - Parameter inputs: By name.
  public func callAsFunction(_ inputs: NamedTensors) -> NamedTensors {
    var outputs = forward(inputs)
    if let output = outputs.find(NamedTensors.output) {
      outputs[NamedTensors.output] = observed(input: inputs.find(NamedTensors.inputs) ?? output) { output }
    }
    return outputs
  }
}

extension Module {
  /// Applies the module to a batch: all that it names where the module takes that, else the inputs, with their lengths where
  /// it takes them.
  ///
  /// - Parameter batch: Inputs and what belongs to them.
  /// - Returns: The outputs by name; a module of one has it under `NamedTensors.output`.
  public func outputs(of batch: Batch) -> NamedTensors {
    if let module = self as? any NamedModule { return module(batch.namedInputs) }
    return [NamedTensors.output: apply(batch.inputs, lengths: batch.lengths)]
  }
}
