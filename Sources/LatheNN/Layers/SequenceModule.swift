import Lathe

/// A module of sequences that were filled up to one length, told how many elements of each count.
///
/// A `Trainer` hands over the lengths of its batches; recurrent layers then treat them as packed sequences, attention
/// sees no padding. `Sequential` and `Residual` pass them on to the layers that take them.
public protocol SequenceModule: Module {
  /// Computes the module's result.
  ///
  /// - Parameters:
  ///   - input: Sequences [batch, time, ...].
  ///   - lengths: How many elements of each sequence count, in 0...time; all where nil.
  func forward(_ input: Tensor, lengths: [Int]?) -> Tensor
}

extension SequenceModule {
  /// Computes the result of sequences that count as a whole.
  public func forward(_ input: Tensor) -> Tensor { forward(input, lengths: nil) }

  /// Applies the module.
  public func callAsFunction(_ input: Tensor, lengths: [Int]?) -> Tensor {
    observed(input: input) { forward(input, lengths: lengths) }
  }
}

extension Module {
  /// Applies the module to a batch; the output of a module that gives several is `NamedTensors.output`.
  ///
  /// - Parameter batch: Inputs and what belongs to them; see `outputs(of:)`.
  public func callAsFunction(_ batch: Batch) -> Tensor { outputs(of: batch)[NamedTensors.output] }

  /// Applies the module, handing the lengths over where it takes them.
  package func apply(_ input: Tensor, lengths: [Int]?) -> Tensor {
    if let lengths, let module = self as? any SequenceModule { return module(input, lengths: lengths) }
    return self(input)
  }
}

/// Which elements of filled-up sequences count.
package enum SequenceMask {
  /// Bools [batch, time], true at elements that count.
  ///
  /// An empty sequence counts its first element, which is padding: attention to nothing has no result.
  package static func bools(_ lengths: [Int], of input: Tensor) -> Tensor {
    let time = input.shape[1]
    require(
      lengths.count == input.shape[0] && lengths.allSatisfy { (0...time).contains($0) },
      "lengths \(lengths) for input \(input.shape): one of 0...\(time) a sequence")
    let values = lengths.flatMap { length in (0..<time).map { $0 < max(length, 1) } }
    return Tensor(values, shape: [lengths.count, time], device: input.device)
  }
}
