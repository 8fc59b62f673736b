import Lathe
import LatheNN

/// What a decoder keeps of the tokens it has seen, for a batch of sequences.
///
/// Sequences of unequal length end in the same column: shorter ones are filled up at the left, by as many places as `padding`
/// says, which nobody sees.
public final class DecoderCache {
  /// Keys and values of each layer.
  public let layers: [KeyValueCache]
  /// Of attention to an encoder's output, where there is one.
  public let memoryLayers: [KeyValueCache]
  /// The encoder's output [batch, m, width], where there is one.
  public var memory: Tensor?
  /// Bools [batch, m], true at elements of the encoder's output that count; nil where all do.
  public var memoryPadding: Tensor?
  /// How many places at the left of each sequence are filled up; empty where none is.
  public private(set) var padding: [Int]
  /// The same as bools [batch, 1, 1, capacity], true at places that count.
  private var visible: Tensor?

  /// An empty cache.
  ///
  /// - Parameters:
  ///   - layers: How many layers the decoder has.
  ///   - capacity: How many tokens of a sequence fit.
  ///   - padding: How many places at the left of each sequence are filled up; empty where none is.
  public init(layers: Int, capacity: Int, padding: [Int] = []) {
    self.layers = (0..<layers).map { _ in KeyValueCache(capacity: capacity) }
    memoryLayers = (0..<layers).map { _ in KeyValueCache(capacity: capacity) }
    self.padding = padding.contains { $0 > 0 } ? padding : []
  }

  /// How many tokens fit.
  public var capacity: Int { layers.first?.capacity ?? 0 }

  /// How many tokens of each sequence it holds, filled up ones included: the column of the next one.
  public var count: Int { layers.first?.count ?? 0 }

  /// Forgets the tokens behind the first ones.
  ///
  /// - Parameter count: How many stay.
  public func truncate(to count: Int) { for layer in layers { layer.truncate(to: count) } }

  /// Takes the sequences in another order, or several times, as beam search does.
  ///
  /// - Parameter rows: Which sequence stands at each place.
  public func select(_ rows: [Int], device: Device) {
    let indices = Tensor(rows.map { Int32($0) }, device: device)
    for layer in layers { layer.select(indices) }
    for layer in memoryLayers { layer.select(indices) }
    memory = memory?.indexSelected(axis: 0, indices: indices)
    memoryPadding = memoryPadding?.indexSelected(axis: 0, indices: indices)
    if !padding.isEmpty { padding = rows.map { padding[$0] } }
    visible = nil
  }

  /// Bools [batch, 1, 1, keys], true at places that are not filled up; nil where all count.
  ///
  /// - Parameter keys: How many places there are with those that come now.
  func mask(keys: Int, device: Device) -> Tensor? {
    guard !padding.isEmpty else { return nil }
    if visible == nil {
      let starts = Tensor(padding.map { Int32($0) }, shape: [padding.count, 1, 1, 1], device: device)
      visible = starts .<= Tensor.arange(capacity, device: device)
    }
    return visible?.sliced(axis: -1, from: 0, to: keys)
  }

  /// The position of each token that comes now, int32 [batch, time], counted from each sequence's first; nil where all sequences
  /// are at `count`.
  func positions(time: Int, device: Device) -> Tensor? {
    guard !padding.isEmpty else { return nil }
    let offset = count
    let values = padding.flatMap { start in (0..<time).map { Int32(max(offset + $0 - start, 0)) } }
    return Tensor(values, shape: [padding.count, time], device: device)
  }
}
