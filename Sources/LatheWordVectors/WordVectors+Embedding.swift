import Lathe
import LatheCore
import LatheNN

extension WordVectors {
  /// A layer whose rows are the vectors of a vocabulary's words.
  ///
  /// - Parameters:
  ///   - vocabulary: The words by their numbers.
  ///   - paddingIndex: A row of zeros that gets no gradient.
  ///   - deviation: Rows of words without a vector are drawn from a normal distribution of this deviation; nil is that of all vectors.
  ///   - generator: Draws them.
  ///   - device: Where the tensor lives.
  /// - Returns: The layer, and how many words have a vector.
  /// - Throws: `LatheError.invalidArgument` where no word has one, or the padding's number is not in the vocabulary.
  public func embedding(
    for vocabulary: [String], paddingIndex: Int? = nil, deviation: Double? = nil,
    generator: Generator = .layers, device: Device = .default
  ) throws -> (layer: Embedding, found: Int) {
    guard paddingIndex.map(vocabulary.indices.contains) ?? true else {
      throw LatheError(
        .invalidArgument,
        "word vectors: the padding's number \(paddingIndex ?? 0) is not below \(vocabulary.count)")
    }
    let places = vocabulary.map(number)
    let found = places.count { $0 != nil }
    guard found > 0 else {
      throw LatheError(
        .invalidArgument,
        "word vectors: none of the \(vocabulary.count) words has a vector; is it their case?")
    }
    let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
    let own = (values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(values.count))
      .squareRoot()
    let missing = places.count { $0 == nil }
    let drawn =
      missing == 0
      ? []
      : try Initializer.normal(mean: 0, deviation: Float(deviation ?? own))(
        [missing, width], generator: generator, device: device
      ).scalars(as: Float.self)
    var rows: [Float] = []
    rows.reserveCapacity(vocabulary.count * width)
    var next = 0
    for (number, place) in places.enumerated() {
      if let place { rows += values[place * width..<(place + 1) * width] }
      if place == nil {
        rows += drawn[next * width..<(next + 1) * width]
        next += 1
      }
      if number == paddingIndex {
        rows.replaceSubrange(number * width..<(number + 1) * width, with: repeatElement(0, count: width))
      }
    }
    let weight = Parameter(Tensor(rows, shape: [vocabulary.count, width], device: device))
    return (Embedding(weight: weight, paddingIndex: paddingIndex), found)
  }
}
