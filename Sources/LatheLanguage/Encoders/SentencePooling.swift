import Lathe

/// How the vectors of a text's tokens become one.
public enum SentencePooling: String, Sendable, CaseIterable {
  // In the order in which sentence-transformers puts them behind each other.
  /// The first token's vector.
  case cls
  /// The largest of each element.
  case max
  /// The mean.
  case mean
  /// The sum divided by the square root of the number of tokens.
  case meanSqrtLength = "mean_sqrt_len_tokens"
  /// The mean in which the first token counts once, the second twice, and so on.
  case weightedMean = "weightedmean"
  /// The last token's vector.
  case lastToken = "lasttoken"

  /// Vectors of texts.
  ///
  /// - Parameters:
  ///   - states: float32 [batch, t, width].
  ///   - lengths: How many tokens each text has; the vector of a text without tokens is 0.
  ///   - first: The first token that counts; those before it, such as a prompt's, are passed over.
  /// - Returns: [batch, width].
  public func callAsFunction(_ states: Tensor, lengths: [Int], from first: Int = 0) -> Tensor {
    let (batch, time, device) = (states.shape[0], states.shape[1], states.device)
    require(
      states.rank == 3 && lengths.count == batch && lengths.allSatisfy { (0...time).contains($0) }
        && first >= 0,
      "SentencePooling: lengths \(lengths) from \(first) for states \(states.shape)")
    let hasTokens = Tensor(lengths.map { $0 > first }, shape: [batch, 1], device: device)
    let result: Tensor
    switch self {
    case .cls:
      let start = Swift.min(first, time - 1)
      result = states.sliced(axis: 1, from: start, to: start + 1).squeezed(1)
    case .lastToken:
      let rows = lengths.enumerated().map { Int32($0.offset * time + Swift.max($0.element, 1) - 1) }
      result = states.reshaped(to: [batch * time, states.shape[2]]).indexSelected(
        axis: 0, indices: Tensor(rows, device: device))
    case .max:
      let counts = weights(lengths, first, time) { _ in 1 }.moved(to: device)
      result = states.maskedFill(counts .== 0, -Float.infinity).max(axis: 1)
    case .mean, .meanSqrtLength, .weightedMean:
      let weights = weights(lengths, first, time) { self == .weightedMean ? Float($0 + 1) : 1 }.moved(
        to: device)
      let sums = (states * weights).sum(axis: 1)
      let divisors = weights.sum(axis: 1).maximum(1)
      result = sums / (self == .meanSqrtLength ? divisors.sqrt() : divisors)
    }
    if lengths.allSatisfy({ $0 > first }) { return result }
    return Tensor.where(hasTokens, result, Tensor.zeros([], device: device))
  }

  /// What the tokens of each text weigh, float32 [batch, t, 1] on the CPU; 0 where they do not count.
  private func weights(
    _ lengths: [Int], _ first: Int, _ time: Int, _ weight: (Int) -> Float
  ) -> Tensor {
    let values = lengths.flatMap { length in
      (0..<time).map { $0 >= first && $0 < length ? weight($0) : 0 }
    }
    return Tensor(values, shape: [lengths.count, time, 1], device: .cpu)
  }
}
