import Lathe

/// What an encoder makes of texts.
public struct EncoderStates {
  /// The sum of vectors that the first layer gets, then what each layer gives, each float32 [batch, t, width]; only the last
  /// one unless all were asked for.
  public let layers: [Tensor]
  /// A vector for each text [batch, width], made of its first token's by a layer that was trained with the network; nil
  /// where the network has no such layer.
  public let pooled: Tensor?

  /// What the last layer gives, float32 [batch, t, width].
  public var last: Tensor { layers[layers.count - 1] }
}
