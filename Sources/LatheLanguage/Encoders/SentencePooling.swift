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
  /// The last token's vector.
  case lastToken = "lasttoken"

  /// Vectors of texts.
  ///
  /// - Parameters:
  ///   - states: float32 [batch, t, width].
  ///   - lengths: How many tokens of each text count; the vector of a text without tokens is 0.
  /// - Returns: [batch, width].
  public func callAsFunction(_ states: Tensor, lengths: [Int]) -> Tensor {
    let (batch, time, device) = (states.shape[0], states.shape[1], states.device)
    require(
      states.rank == 3 && lengths.count == batch && lengths.allSatisfy { (0...time).contains($0) },
      "SentencePooling: lengths \(lengths) for states \(states.shape)")
    let hasTokens = Tensor(lengths.map { $0 > 0 }, shape: [batch, 1], device: device)
    let result: Tensor
    switch self {
    case .cls: result = states.sliced(axis: 1, from: 0, to: 1).squeezed(1)
    case .lastToken:
      let rows = lengths.enumerated().map { Int32($0.offset * time + Swift.max($0.element, 1) - 1) }
      result = states.reshaped(to: [batch * time, states.shape[2]]).indexSelected(
        axis: 0, indices: Tensor(rows, device: device))
    case .max:
      let counts = Self.counts(lengths, time, device)
      result = states.maskedFill(.!counts, -Float.infinity).max(axis: 1)
    case .mean, .meanSqrtLength:
      let sums = (states * Self.counts(lengths, time, device).cast(to: .float32)).sum(axis: 1)
      let divisors = lengths.map { length in
        self == .mean ? Float(Swift.max(length, 1)) : Float(Swift.max(length, 1)).squareRoot()
      }
      result = sums / Tensor(divisors, shape: [batch, 1], device: device)
    }
    if !lengths.contains(0) { return result }
    return Tensor.where(hasTokens, result, Tensor.zeros([], device: device))
  }

  /// Bools [batch, t, 1], true at tokens that count.
  private static func counts(_ lengths: [Int], _ time: Int, _ device: Device) -> Tensor {
    let ends = Tensor(lengths.map { Int32($0) }, shape: [lengths.count, 1, 1], device: device)
    return Tensor.arange(time, device: device).reshaped(to: [1, time, 1]) .< ends
  }
}
