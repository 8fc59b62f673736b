/// Recurrent cells, with the gates and their order as PyTorch's.
public enum RecurrentCell: Int, Sendable, Hashable, CaseIterable {
  /// h' = tanh(x + h W^T + b) (Elman, 1990), or with max(., 0).
  case tanh, relu
  /// i, f, g, o: c' = f c + i g, h' = o tanh(c') (Hochreiter and Schmidhuber, 1997).
  case lstm
  /// r, z, n: n = tanh(x_n + r (h W_n^T + b_n)), h' = (1 - z) n + z h (Cho et al., 2014).
  case gru

  /// The parts of the projections.
  public var gateCount: Int {
    switch self {
    case .tanh, .relu: 1
    case .lstm: 4
    case .gru: 3
    }
  }

  /// The state tensors: h, and an LSTM's c.
  public var stateCount: Int { self == .lstm ? 2 : 1 }

  /// What a step keeps for the gradient: h'; i, f, g, o and tanh(c'); or r, z, n and h W_n^T + b_n.
  public var savedCount: Int {
    switch self {
    case .tanh, .relu: 1
    case .lstm: 5
    case .gru: 4
    }
  }
}

/// A recurrent layer over whole sequences, in one direction.
public struct RecurrentSequence: Sendable, Hashable {
  /// What happens at each step.
  public var cell: RecurrentCell
  /// Sequences, elements of each, elements of a state.
  public var batch: Int, steps: Int, size: Int
  /// Whether the last element comes first.
  public var isReversed: Bool
  /// Whether a bias is added to the state's projection.
  public var hasBias: Bool
  /// Whether a mask says with 0 where the state stays, and with 1 where it goes on.
  public var hasMask: Bool

  /// A layer from its parts.
  public init(
    cell: RecurrentCell, batch: Int, steps: Int, size: Int, isReversed: Bool, hasBias: Bool, hasMask: Bool
  ) {
    self.cell = cell
    self.batch = batch
    self.steps = steps
    self.size = size
    self.isReversed = isReversed
    self.hasBias = hasBias
    self.hasMask = hasMask
  }

  /// The steps in the order in which they are done.
  public var order: [Int] { isReversed ? (0..<steps).reversed() : Array(0..<steps) }
}
