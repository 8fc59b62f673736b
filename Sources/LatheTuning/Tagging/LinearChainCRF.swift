import Lathe
import LatheNN

/// A linear chain of tags (Lafferty et al., 2001): a score for each tag at each word, from a network, and one for each pair of
/// tags that follow each other, learned with it.
///
/// The loss is the negative logarithm of the right tags' probability among all sequences. Its gradient is taken from the
/// probabilities of tags and pairs, which a pass from the front and one from the back give; both go along the words together,
/// so that a word costs one step, and nothing of the passes is kept for a backward pass.
public final class LinearChainCRF: ParameterContainer {
  /// The score of each tag as the first, [tags].
  public let starts: Parameter
  /// The score of each tag as the last, [tags].
  public let ends: Parameter
  /// The score of each tag (row) with the one behind it (column), [tags, tags].
  public let transitions: Parameter

  /// A chain with first scores between -0.1 and 0.1.
  ///
  /// - Parameters:
  ///   - tags: How many tags there are.
  ///   - generator: Draws first scores.
  ///   - device: Where its tensors live.
  public init(tags: Int, generator: Generator = .layers, device: Device = .default) {
    require(tags > 0, "LinearChainCRF: \(tags) tags")
    let drawn = Initializer.uniform(low: -0.1, high: 0.1)
    starts = Parameter(drawn([tags], generator: generator, device: device))
    ends = Parameter(drawn([tags], generator: generator, device: device))
    transitions = Parameter(drawn([tags, tags], generator: generator, device: device))
  }

  /// A chain of given scores.
  public init(starts: Parameter, ends: Parameter, transitions: Parameter) {
    let count = starts.shape[0]
    require(
      starts.shape == [count] && ends.shape == [count] && transitions.shape == [count, count],
      "LinearChainCRF: starts \(starts.shape), ends \(ends.shape), transitions \(transitions.shape)")
    (self.starts, self.ends, self.transitions) = (starts, ends, transitions)
  }

  /// Names the scores.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.parameter("start_transitions", starts)
    visitor.parameter("end_transitions", ends)
    visitor.parameter("transitions", transitions)
  }

  /// The negative logarithm of the probability of tags.
  ///
  /// - Parameters:
  ///   - scores: Of each tag at each word, [n, words, tags].
  ///   - tags: The right ones, int32 [n, words]; those behind a sentence's end count for nothing, whatever they are.
  ///   - lengths: Words of each sentence, int32 [n]; at least 1.
  /// - Returns: One number a sentence, [n].
  public func loss(_ scores: Tensor, tags: Tensor, lengths: Tensor) -> Tensor {
    let count = starts.shape[0]
    require(
      scores.rank == 3 && scores.shape[2] == count && scores.shape[1] > 0,
      "LinearChainCRF: scores \(scores.shape), not [n, words, \(count)]")
    require(
      tags.shape == [scores.shape[0], scores.shape[1]] && lengths.shape == [scores.shape[0]],
      "LinearChainCRF: tags \(tags.shape) and lengths \(lengths.shape) for scores \(scores.shape)")
    let scores = scores.dtype.isFloatingPoint && scores.dtype != .float64 ? scores.cast(to: .float32) : scores
    let (start, end, pair) = (starts.value, ends.value, transitions.value)
    let found = noGradient {
      ChainGradient(scores, start, end, pair, tags: tags.cast(to: .int32), lengths: lengths.cast(to: .int32))
    }
    // Of no value of its own, with the gradient of the loss.
    let carrier =
      (scores * found.scores).sum(axes: [1, 2]) + (pair * found.transitions).sum(axes: [1, 2])
      + (start * found.starts).sum(axis: 1) + (end * found.ends).sum(axis: 1)
    return carrier - carrier.detached() + found.loss
  }
}

/// The loss of a chain and its derivatives, for each sentence.
private struct ChainGradient {
  let loss: Tensor
  /// [n, words, tags].
  let scores: Tensor
  /// [n, tags].
  let starts: Tensor
  /// [n, tags].
  let ends: Tensor
  /// [n, tags, tags].
  let transitions: Tensor

  init(
    _ scores: Tensor, _ start: Tensor, _ end: Tensor, _ pair: Tensor, tags: Tensor, lengths: Tensor
  ) {
    let (n, words, count) = (scores.shape[0], scores.shape[1], scores.shape[2])
    let places = Tensor.arange(words, device: scores.device).unsqueezed(0)
    let length = lengths.unsqueezed(1)
    let isWord = places .< length
    let counted = isWord.unsqueezed(2)
    // Each sentence from its end, what lies behind it left where it is.
    let mirrored = Tensor.where(isWord, length - Int32(1) - places, places).unsqueezed(2)
      .expanded(to: [n, words, count])
    let last = (length - Int32(1)).unsqueezed(2).expanded(to: [n, 1, count])

    // From the front, and from the back, at once.
    let both = Tensor.stack([scores, scores.gather(axis: 1, indices: mirrored)]).permuted([2, 0, 1, 3])
      .contiguous()
    let links = Tensor.stack([pair, pair.transposed(0, 1)]).unsqueezed(1)
    var state = both.select(axis: 0, index: 0) + Tensor.stack([start, end]).unsqueezed(1)
    var states = [state]
    for word in 1..<max(words, 1) {
      state = (state.unsqueezed(3) + links).logSumExp(axis: 2) + both.select(axis: 0, index: word)
      states.append(state)
    }
    let passes = Tensor.stack(states)
    let forward = passes.select(axis: 1, index: 0).permuted([1, 0, 2]).contiguous()
    let backward = passes.select(axis: 1, index: 1).permuted([1, 0, 2]).contiguous()
      .gather(axis: 1, indices: mirrored)
    let total = (forward.gather(axis: 1, indices: last).squeezed(1) + end).logSumExp(axis: 1)

    let one = total.reshaped(to: [n, 1, 1])
    let zero = Tensor.zeros([], dtype: scores.dtype, device: scores.device)
    let share = Tensor.where(counted, (forward + backward - scores - one).exp(), zero)
    let known = Tensor.where(isWord, tags, Int32(0)).oneHot(classes: count, dtype: scores.dtype)
    let right = Tensor.where(counted, known, zero)
    self.scores = share - right
    starts = self.scores.select(axis: 1, index: 0)
    ends = self.scores.gather(axis: 1, indices: last).squeezed(1)

    var rightPairs = Tensor.zeros([n, count, count], dtype: scores.dtype, device: scores.device)
    var pairs = rightPairs
    if words > 1 {
      let next = right.sliced(axis: 1, from: 1)
      rightPairs = right.sliced(axis: 1, to: words - 1).transposed(1, 2).matmul(next)
      let joint =
        forward.sliced(axis: 1, to: words - 1).unsqueezed(3) + pair
        + backward.sliced(axis: 1, from: 1).unsqueezed(2) - one.unsqueezed(3)
      let isPair = isWord.sliced(axis: 1, from: 1).reshaped(to: [n, words - 1, 1, 1])
      pairs = Tensor.where(isPair, joint.exp(), zero).sum(axis: 1)
    }
    transitions = pairs - rightPairs
    let score =
      (scores * right).sum(axes: [1, 2]) + (pair * rightPairs).sum(axes: [1, 2])
      + (start * right.select(axis: 1, index: 0)).sum(axis: 1)
      + (end * right.gather(axis: 1, indices: last).squeezed(1)).sum(axis: 1)
    loss = total - score
  }
}
