import Lathe

/// Inputs and labels that a step works on.
public struct Batch: Sendable {
  /// Of images, pixels as float32 [n, channels, height, width], standardised as the data set says; of text, tokens
  /// [n, t]; of tables, features [n, columns].
  public let inputs: Tensor
  /// Class indices, int32 [n], or [n, t]; shares of classes, float32 [n, classes], where examples were mixed; numbers
  /// to predict, float32 [n].
  public let labels: Tensor
  /// The number of examples, or of tokens that have an answer which counts.
  public let count: Int
  /// Of sequences that were filled up to the longest: the elements that count, one number an example.
  public let lengths: [Int]?
  /// Further tensors by name, one row an example: masks, types of tokens, other inputs of a `NamedModule`, the factors of
  /// labels in the loss (`NamedTensors.lossMask`).
  public let named: NamedTensors

  /// The number of examples, also where each has several answers.
  public var exampleCount: Int { inputs.shape.first ?? count }

  /// A batch from its parts.
  ///
  /// - Parameters:
  ///   - inputs: What the model is applied to.
  ///   - labels: The answers.
  ///   - count: How many answers count.
  ///   - lengths: Of sequences that were filled up, how many elements of each count.
  ///   - named: Further tensors by name.
  public init(
    inputs: Tensor, labels: Tensor, count: Int, lengths: [Int]? = nil, named: NamedTensors = [:]
  ) {
    self.inputs = inputs
    self.labels = labels
    self.count = count
    self.lengths = lengths
    self.named = named
  }

  /// All inputs by name: what the batch names, its `inputs`, and where it has lengths, `padding`.
  public var namedInputs: NamedTensors {
    var all = named
    all[NamedTensors.inputs] = inputs
    if let lengths, all.find(NamedTensors.padding) == nil {
      all[NamedTensors.padding] = SequenceMask.bools(lengths, of: inputs)
    }
    return all
  }
}

/// The batches of an epoch, made as they are asked for, once through.
public struct BatchStream {
  private let take: () throws -> Batch?

  /// A stream of what a function gives until it gives nil.
  public init(_ next: @escaping () throws -> Batch?) { take = next }

  /// A stream of what an iterator gives.
  public init(_ iterator: some IteratorProtocol<Batch>) {
    var rest = iterator
    take = { rest.next() }
  }

  /// The next batch, waited for; nil behind the last.
  ///
  /// - Throws: What stopped a worker: an example that could not be read.
  public func next() throws -> Batch? { try take() }

  /// What a function makes of each batch left.
  public func map<Result>(_ transform: (Batch) throws -> Result) throws -> [Result] {
    var results: [Result] = []
    while let batch = try next() { results.append(try transform(batch)) }
    return results
  }
}
