import Lathe
import LatheNN

/// Several sequences in one row that do not see each other, each of which counts its positions from 0.
public struct SequencePacking: Sendable {
  /// Bools [batch, 1, t, t]: whether a token and another are of one sequence.
  let mask: Tensor
  /// The place of each token in its sequence, int32 [batch, t].
  let positions: Tensor

  /// A packing from the lengths of the sequences of each row.
  ///
  /// - Parameters:
  ///   - lengths: Of each row, the lengths of its sequences in their order; their sum is the same in all rows.
  ///   - device: Where the tokens are.
  public init(_ lengths: [[Int]], device: Device) {
    let time = lengths.first?.reduce(0, +) ?? 0
    require(
      time > 0 && lengths.allSatisfy { $0.reduce(0, +) == time && $0.allSatisfy { $0 > 0 } },
      "SequencePacking: rows of \(lengths.map { $0.reduce(0, +) }) tokens, not of one length; sequences have 1 or more"
    )
    let numbers = Self.numbers(lengths)
    let shape: Shape = [lengths.count, time]
    self.init(
      sequences: Tensor(numbers.sequences, shape: shape, device: device),
      positions: Tensor(numbers.positions, shape: shape, device: device))
  }

  /// The number of each token's sequence in its row, and its place in the sequence, row after row.
  ///
  /// - Parameter lengths: Of each row, the lengths of its sequences.
  package static func numbers(_ lengths: [[Int]]) -> (sequences: [Int32], positions: [Int32]) {
    var found: (sequences: [Int32], positions: [Int32]) = ([], [])
    for row in lengths {
      for (number, length) in row.enumerated() {
        found.sequences += Array(repeating: Int32(number), count: length)
        found.positions += 0..<Int32(length)
      }
    }
    return found
  }

  /// A packing from the number of each token's sequence and its place in it, both int32 [batch, t].
  public init(sequences: Tensor, positions: Tensor) {
    require(
      sequences.rank == 2 && positions.shape == sequences.shape,
      "SequencePacking: sequences \(sequences.shape) and positions \(positions.shape), not [batch, t] both")
    mask = sequences.unsqueezed(1).unsqueezed(-1) .== sequences.unsqueezed(1).unsqueezed(1)
    self.positions = positions
  }
}

/// A decoder that takes several sequences in a row.
public protocol PackingModel: CausalModel {
  /// Scores of the next token behind each one, as if each sequence stood alone.
  ///
  /// - Parameters:
  ///   - tokens: int32 [batch, t].
  ///   - packing: Which sequences they are.
  /// - Returns: float32 [batch, t, vocabulary].
  func logits(_ tokens: Tensor, packing: SequencePacking) -> Tensor
}
