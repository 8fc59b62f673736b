import Lathe

/// What a recurrent layer gives.
public struct RecurrentOutput: Sendable {
  /// [batch, time, directions * size]; 0 behind the end of a sequence.
  public let output: Tensor
  /// The last states [layers * directions, batch, size], forward before backward.
  public let hidden: Tensor
  /// The last cell states of an LSTM, likewise; nil for others.
  public let cell: Tensor?
}

/// Recurrent layers over sequences [batch, time, features], several deep, in one direction or both.
///
/// Parameters have PyTorch's names (`weight_ih_l0`, `bias_hh_l1_reverse`) and first values: uniform within
/// 1 / sqrt(size).
public class RecurrentLayer: SequenceModule {
  /// Elements of the state.
  public let size: Int
  private let cell: RecurrentCell
  private let layerCount: Int
  private let isBidirectional: Bool
  private let dropout: Dropout?
  private let runs: [Run]

  /// One layer in one direction.
  private struct Run {
    let suffix: String
    let inputWeight: Parameter
    let hiddenWeight: Parameter
    let inputBias: Parameter?
    let hiddenBias: Parameter?
  }

  init(
    _ cell: RecurrentCell, _ inputs: Int, _ size: Int, layers: Int, bias: Bool, bidirectional: Bool,
    dropout: Float, generator: Generator, device: Device
  ) {
    require(
      inputs > 0 && size > 0 && layers > 0, "\(Self.self): \(inputs) inputs, size \(size), \(layers) layers")
    self.cell = cell
    self.size = size
    layerCount = layers
    isBidirectional = bidirectional
    self.dropout = dropout > 0 && layers > 1 ? Dropout(dropout, generator: generator) : nil
    let rows = cell.gateCount * size
    let directions = bidirectional ? 2 : 1
    let first = Initializer.standardBias(fanIn: size)
    func draw(_ shape: Shape) -> Parameter { Parameter(first(shape, generator: generator, device: device)) }
    runs = (0..<layers).flatMap { layer in
      (0..<directions).map { direction in
        Run(
          suffix: "_l\(layer)" + (direction == 0 ? "" : "_reverse"),
          inputWeight: draw([rows, layer == 0 ? inputs : size * directions]),
          hiddenWeight: draw([rows, size]),
          inputBias: bias ? draw([rows]) : nil, hiddenBias: bias ? draw([rows]) : nil)
      }
    }
  }

  /// The outputs alone, [batch, time, directions * size], 0 behind the lengths; an empty sequence counts as one of one
  /// element.
  public func forward(_ input: Tensor, lengths: [Int]?) -> Tensor {
    run(input, hidden: nil, cell: nil, lengths: lengths?.map { max($0, 1) }).output
  }

  /// Runs whole sequences.
  ///
  /// - Parameters:
  ///   - input: [batch, time, features].
  ///   - hidden: First states [layers * directions, batch, size]; zeros where nil; `cell` likewise for LSTM.
  ///   - cell: First states of an LSTM's cells, of the same shape; zeros where nil.
  ///   - lengths: How many elements of each sequence count, as with PyTorch's packed sequences: behind them the state
  ///     stays and outputs are 0, and the backward direction starts at the last that counts.
  public func callAsFunction(
    _ input: Tensor, hidden: Tensor?, cell: Tensor? = nil, lengths: [Int]? = nil
  ) -> RecurrentOutput {
    var result: RecurrentOutput?
    let output = observed(input: input) {
      let made = run(input, hidden: hidden, cell: cell, lengths: lengths)
      result = made
      return made.output
    }
    guard let result else { stop("\(Self.self): no result") }
    return RecurrentOutput(output: output, hidden: result.hidden, cell: result.cell)
  }

  private func run(_ input: Tensor, hidden: Tensor?, cell first: Tensor?, lengths: [Int]?) -> RecurrentOutput
  {
    check(input, hidden, first, lengths)
    let (batch, time) = (input.shape[0], input.shape[1])
    let mask = lengths.map { Self.mask($0, time, device: input.device) }
    let directions = isBidirectional ? 2 : 1
    var x = input
    var lastHidden: [Tensor] = []
    var lastCell: [Tensor] = []
    for layer in 0..<layerCount {
      if layer > 0, let dropout { x = dropout(x) }
      let outputs = (0..<directions).map { direction -> Tensor in
        let index = layer * directions + direction
        let run = runs[index]
        let zeros = Tensor.zeros([batch, size], device: input.device)
        let isLSTM = cell == .lstm
        let states = Recurrence(cell, isReversed: direction == 1, mask: mask)(
          x.linear(weight: run.inputWeight.value, bias: run.inputBias?.value),
          h: hidden?.select(axis: 0, index: index) ?? zeros,
          c: isLSTM ? first?.select(axis: 0, index: index) ?? zeros : nil, weight: run.hiddenWeight.value,
          bias: run.hiddenBias?.value)
        let end = direction == 1 ? 0 : time - 1
        let sequence = states.select(axis: 0, index: 0)
        lastHidden.append(sequence.select(axis: 1, index: end))
        if isLSTM { lastCell.append(states.select(axis: 0, index: 1).select(axis: 1, index: end)) }
        return mask.map { sequence * $0.unsqueezed(2) } ?? sequence
      }
      x = outputs.count == 1 ? outputs[0] : Tensor.concatenate(outputs, axis: 2)
    }
    return RecurrentOutput(
      output: x, hidden: Tensor.stack(lastHidden),
      cell: lastCell.isEmpty ? nil : Tensor.stack(lastCell))
  }

  private func check(_ input: Tensor, _ hidden: Tensor?, _ first: Tensor?, _ lengths: [Int]?) {
    let features = runs[0].inputWeight.shape[1]
    require(
      input.rank == 3 && input.shape[2] == features && input.shape[1] > 0,
      "\(Self.self): input \(input.shape), expected [batch, time, \(features)]")
    let states: Shape = [runs.count, input.shape[0], size]
    for state in [hidden, first] {
      require(
        state.map { $0.shape == states } ?? true,
        "\(Self.self): a first state of \(state?.shape ?? []), expected \(states)")
    }
    require(
      lengths.map { $0.count == input.shape[0] && $0.allSatisfy { $0 > 0 && $0 <= input.shape[1] } } ?? true,
      "\(Self.self): lengths \(lengths ?? []) for input \(input.shape): one of 1...\(input.shape[1]) a sequence"
    )
  }

  private static func mask(_ lengths: [Int], _ time: Int, device: Device) -> Tensor {
    let all = lengths.flatMap { length in (0..<time).map { Float($0 < length ? 1 : 0) } }
    return Tensor(all, shape: [lengths.count, time], device: device)
  }

  /// Names the weights as PyTorch does, and what the dropout draws from.
  public func visit(_ visitor: inout ModuleVisitor) {
    for run in runs {
      visitor.parameter("weight_ih\(run.suffix)", run.inputWeight)
      visitor.parameter("weight_hh\(run.suffix)", run.hiddenWeight)
      visitor.parameter("bias_ih\(run.suffix)", run.inputBias)
      visitor.parameter("bias_hh\(run.suffix)", run.hiddenBias)
    }
    // The generator alone: the dropout has nothing else.
    dropout?.visit(&visitor)
  }

  /// Drops between layers only in training.
  public func setTraining(_ isTraining: Bool) { dropout?.setTraining(isTraining) }

  /// That of the dropout; nil where there is none.
  public var trainingMode: Bool? { dropout?.trainingMode }

  /// The products with both weights at each step.
  public func operationCount(input: Shape, output: Shape) -> Int {
    let weights = runs.reduce(0) {
      $0 + $1.inputWeight.shape.elementCount + $1.hiddenWeight.shape.elementCount
    }
    return 2 * weights * input[0] * input[1]
  }
}

/// A plain recurrent layer: h' = tanh(W_ih x + b_ih + W_hh h + b_hh).
public final class RNN: RecurrentLayer {
  /// - Parameters:
  ///   - inputs: Features of an element.
  ///   - size: Elements of a state.
  ///   - layers: How many layers follow each other.
  ///   - relu: Whether max(., 0) takes the place of tanh.
  ///   - bias: Whether the projections have one.
  ///   - bidirectional: Whether a second direction reads from the end.
  ///   - dropout: How likely an element becomes 0 between two layers.
  ///   - generator: Draws first values.
  ///   - device: Where its tensors live.
  public init(
    _ inputs: Int, _ size: Int, layers: Int = 1, relu: Bool = false, bias: Bool = true,
    bidirectional: Bool = false, dropout: Float = 0, generator: Generator = .layers, device: Device = .default
  ) {
    super.init(
      relu ? .relu : .tanh, inputs, size, layers: layers, bias: bias, bidirectional: bidirectional,
      dropout: dropout, generator: generator, device: device)
  }
}

/// Long short-term memory (Hochreiter and Schmidhuber, 1997), with PyTorch's gates.
public final class LSTM: RecurrentLayer {
  /// - Parameters:
  ///   - inputs: Features of an element.
  ///   - size: Elements of a state.
  ///   - layers: How many layers follow each other.
  ///   - bias: Whether the projections have one.
  ///   - bidirectional: Whether a second direction reads from the end.
  ///   - dropout: How likely an element becomes 0 between two layers.
  ///   - generator: Draws first values.
  ///   - device: Where its tensors live.
  public init(
    _ inputs: Int, _ size: Int, layers: Int = 1, bias: Bool = true, bidirectional: Bool = false,
    dropout: Float = 0, generator: Generator = .layers, device: Device = .default
  ) {
    super.init(
      .lstm, inputs, size, layers: layers, bias: bias, bidirectional: bidirectional, dropout: dropout,
      generator: generator, device: device)
  }
}

/// Gated recurrent units (Cho et al., 2014), with PyTorch's gates.
public final class GRU: RecurrentLayer {
  /// - Parameters:
  ///   - inputs: Features of an element.
  ///   - size: Elements of a state.
  ///   - layers: How many layers follow each other.
  ///   - bias: Whether the projections have one.
  ///   - bidirectional: Whether a second direction reads from the end.
  ///   - dropout: How likely an element becomes 0 between two layers.
  ///   - generator: Draws first values.
  ///   - device: Where its tensors live.
  public init(
    _ inputs: Int, _ size: Int, layers: Int = 1, bias: Bool = true, bidirectional: Bool = false,
    dropout: Float = 0, generator: Generator = .layers, device: Device = .default
  ) {
    super.init(
      .gru, inputs, size, layers: layers, bias: bias, bidirectional: bidirectional, dropout: dropout,
      generator: generator, device: device)
  }
}
