import Lathe

/// Keys and values of the elements that an attention layer has seen, so that decoding computes those of each once.
///
/// Memory for the whole capacity is taken at the first element; later ones are written into it, without a copy as long as no
/// gradient is recorded. Attention to another sequence keeps that sequence's keys and values as they are.
public final class KeyValueCache {
  /// How many elements fit.
  public let capacity: Int
  /// How many it holds.
  public private(set) var count = 0
  private var keys: Tensor?
  private var values: Tensor?

  /// An empty cache.
  ///
  /// - Parameter capacity: How many elements fit.
  public init(capacity: Int) {
    require(capacity > 0, "KeyValueCache: a capacity of \(capacity)")
    self.capacity = capacity
  }

  /// The keys and values that it holds, [batch, heads, count, d]; nil where it is empty.
  public var content: (keys: Tensor, values: Tensor)? {
    guard let keys, let values else { return nil }
    return (keys.sliced(axis: 2, from: 0, to: count), values.sliced(axis: 2, from: 0, to: count))
  }

  /// Forgets the elements behind the first ones, such as guesses that were not confirmed.
  ///
  /// - Parameter count: How many stay.
  public func truncate(to count: Int) {
    require(
      (0...self.count).contains(count), "KeyValueCache: truncated to \(count) of \(self.count) elements")
    self.count = count
    if count == 0 { (keys, values) = (nil, nil) }
  }

  /// Takes the sequences of a batch in another order, or several times, as beam search does.
  ///
  /// - Parameter rows: int32 [n]: which sequence stands at each place.
  public func select(_ rows: Tensor) {
    keys = keys?.indexSelected(axis: 0, indices: rows)
    values = values?.indexSelected(axis: 0, indices: rows)
  }

  /// Writes keys and values [batch, heads, t, d] behind those that are there, and gives all [batch, heads, count, d].
  public func append(_ newKeys: Tensor, _ newValues: Tensor) -> (keys: Tensor, values: Tensor) {
    let end = count + newKeys.shape[2]
    guard end <= capacity else {
      let error = LatheError(
        .invalidArgument,
        "KeyValueCache: \(end) elements, and room for \(capacity); make it with a larger capacity, or generate less"
      )
      return (newKeys.failing(error), newValues.failing(error))
    }
    if keys == nil { (keys, values) = (room(for: newKeys), room(for: newValues)) }
    require(
      keys.map { Shape($0.shape.prefix(2)) == Shape(newKeys.shape.prefix(2)) } ?? false,
      "KeyValueCache: keys \(newKeys.shape) behind \(keys?.shape ?? []): sequences and heads have to be as many"
    )
    // In place: nobody else holds the memory by now, unless a gradient is recorded.
    keys?[.all, .all, count..<end] = newKeys
    values?[.all, .all, count..<end] = newValues
    count = end
    guard let keys, let values else { return (newKeys, newValues) }
    return (keys.sliced(axis: 2, from: 0, to: end), values.sliced(axis: 2, from: 0, to: end))
  }

  /// The keys and values of another sequence, made once.
  package func kept(_ make: () -> (keys: Tensor, values: Tensor)) -> (keys: Tensor, values: Tensor) {
    if let keys, let values { return (keys, values) }
    let made = make()
    (keys, values, count) = (made.keys, made.values, made.keys.shape[2])
    return made
  }

  private func room(for tensor: Tensor) -> Tensor {
    .zeros(
      [tensor.shape[0], tensor.shape[1], capacity, tensor.shape[3]], dtype: tensor.dtype,
      device: tensor.device)
  }
}

/// The caches of a transformer's layers.
public final class TransformerCache {
  /// The caches of one layer: of what it decodes, and of the encoder's output.
  public struct Layer {
    /// Of self-attention.
    public let attention: KeyValueCache
    /// Of attention to an encoder's output.
    public let memory: KeyValueCache
  }

  /// One for each layer.
  public let layers: [Layer]

  /// Empty caches.
  ///
  /// - Parameters:
  ///   - layers: How many layers there are.
  ///   - capacity: How many elements fit; an encoder's output may be of any length.
  public init(layers: Int, capacity: Int) {
    self.layers = (0..<layers).map { _ in
      Layer(attention: KeyValueCache(capacity: capacity), memory: KeyValueCache(capacity: capacity))
    }
  }

  /// Stops the program where a stack has another number of layers.
  func check(_ count: Int) {
    require(layers.count == count, "TransformerCache: made for \(layers.count) layers, used with \(count)")
  }

  /// How many elements have been decoded: the position of the next one.
  public var count: Int { layers.first?.attention.count ?? 0 }

  /// Forgets the elements behind the first ones; see `KeyValueCache.truncate(to:)`.
  ///
  /// - Parameter count: How many stay.
  public func truncate(to count: Int) { for layer in layers { layer.attention.truncate(to: count) } }

  /// Takes the sequences of a batch in another order; see `KeyValueCache.select(_:)`.
  ///
  /// - Parameter rows: int32 [n]: which sequence stands at each place.
  public func select(_ rows: Tensor) {
    for layer in layers {
      layer.attention.select(rows)
      layer.memory.select(rows)
    }
  }
}
