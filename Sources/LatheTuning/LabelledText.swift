import Lathe
import LatheData
import LatheLanguage
import LatheNN

/// A text or a pair of texts in tokens, with a class.
public struct LabelledText: Collatable {
  /// The tokens and the class.
  public let sequence: LabelledSequence
  /// Which of two texts each token belongs to; nil where the text stands alone.
  public let types: [Int32]?

  /// A text from its parts.
  public init(_ sequence: LabelledSequence, types: [Int32]?) {
    (self.sequence, self.types) = (sequence, types)
  }

  /// As `LabelledSequence` does it, with the types of tokens where one has some.
  public static func collate(_ examples: [LabelledText], on device: Device) -> Batch {
    let batch = LabelledSequence.collate(examples.map(\.sequence), on: device)
    // Networks without types are asked for none where all belong to the first text.
    guard examples.contains(where: { $0.types?.contains { $0 != 0 } ?? false }) else { return batch }
    let longest = batch.inputs.shape[1]
    let types = examples.flatMap { example in
      let own = example.types ?? []
      return own + [Int32](repeating: 0, count: longest - own.count)
    }
    return Batch(
      inputs: batch.inputs, labels: batch.labels, count: batch.count, lengths: batch.lengths,
      named: [
        TextEncoder.Name.types: Tensor(types, shape: [examples.count, longest], device: device)
      ])
  }
}
