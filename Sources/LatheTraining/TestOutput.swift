import Foundation
import Lathe
import LatheNN

/// A batch of a test as metrics see it: what the model gave and what is right.
///
/// Answers that do not count, such as those of an ignored index, are left out. What several metrics read of it comes from
/// the device once.
public final class TestOutput {
  /// The model's output: of classes, logits [n, classes], a row for every label; else as the model gives it.
  public let output: Tensor
  /// What it is compared with: class indices [n], or numbers.
  public let targets: Tensor
  /// Of examples whose labels are shares of classes, the shares [n, classes].
  private let shares: Tensor?
  /// Of the batch's targets in row-major order, the places of those that count; nil where all do.
  package let places: [Int]?
  /// Targets of each example: the length of the targets' last axis, 1 where each example has one.
  package let rowLength: Int
  private var keptPredictions: [Int]?
  private var keptLabels: [Int]?
  private var keptMargins: [Double]?
  private var keptProbabilities: [[Double]]?
  private var keptCrossEntropy: Double?

  /// - Parameters:
  ///   - output: What the model gave.
  ///   - targets: What is right.
  ///   - counted: Which of the targets count, one bool for each; nil where all do.
  ///   - kind: What the output says.
  /// - Throws: `LatheError` where the device fails.
  package init(_ output: Tensor, targets: Tensor, counted: Tensor? = nil, kind: OutputKind) throws {
    rowLength = targets.rank > 1 && !targets.dtype.isFloatingPoint ? targets.shape[targets.rank - 1] : 1
    let rows = counted?.reshaped(to: [-1]).nonzero().reshaped(to: [-1])
    places = try rows?.scalars(as: Int.self)
    func chosen(_ tensor: Tensor) -> Tensor {
      rows.map { tensor.indexSelected(axis: 0, indices: $0) } ?? tensor
    }
    guard kind == .classes else {
      func flat(_ tensor: Tensor) -> Tensor { rows == nil ? tensor : tensor.reshaped(to: [-1]) }
      (self.output, self.targets, shares) = (chosen(flat(output)), chosen(flat(targets)), nil)
      return
    }
    let logits = output.reshaped(to: [-1, output.shape[output.rank - 1]])
    self.output = chosen(logits)
    shares = targets.dtype.isFloatingPoint ? chosen(targets.reshaped(to: logits.shape)) : nil
    self.targets = shares?.argmax(axis: 1) ?? chosen(targets.reshaped(to: [-1]))
  }

  /// Whether none of the batch's answers counts.
  package var isEmpty: Bool { places?.isEmpty ?? false }

  /// Classes of the logits.
  public var classes: Int { output.shape[1] }

  /// The class of the largest logit of each row.
  public func predictions() throws -> [Int] {
    try kept(\.keptPredictions) { try output.argmax(axis: 1).scalars(as: Int.self) }
  }

  /// The class of each row.
  public func labels() throws -> [Int] { try kept(\.keptLabels) { try targets.scalars(as: Int.self) } }

  /// Of two classes, how far the logit of class 1 is above that of class 0: the logarithm of its odds.
  public func margins() throws -> [Double] {
    try kept(\.keptMargins) {
      let logits = try output.scalars(as: Float.self)
      return stride(from: 0, to: logits.count, by: 2).map { Double(logits[$0 + 1]) - Double(logits[$0]) }
    }
  }

  /// The softmax of each row of logits.
  public func probabilities() throws -> [[Double]] {
    try kept(\.keptProbabilities) {
      let logits = try output.scalars(as: Float.self)
      return stride(from: 0, to: logits.count, by: classes).map { start in
        let row = logits[start..<start + classes]
        let largest = Double(row.max() ?? 0)
        let powers = row.map { exp(Double($0) - largest) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
      }
    }
  }

  /// The mean cross-entropy, without label smoothing.
  public func meanCrossEntropy() throws -> Double {
    try kept(\.keptCrossEntropy) {
      Double(try (shares.map { crossEntropy(output, shares: $0) } ?? crossEntropy(output, targets)).item())
    }
  }

  private func kept<Value>(
    _ place: ReferenceWritableKeyPath<TestOutput, Value?>, _ make: () throws -> Value
  ) rethrows -> Value {
    if let value = self[keyPath: place] { return value }
    let value = try make()
    self[keyPath: place] = value
    return value
  }
}
