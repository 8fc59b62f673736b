import Lathe
import LatheNN

/// A network that says which token may come next: a decoder, or a decoder behind an encoder.
public protocol CausalModel: ParameterContainer {
  /// How many tokens it knows.
  var vocabularySize: Int { get }
  /// How many tokens a sequence may have; nil where nothing limits it.
  var contextLength: Int? { get }
  /// Decoder layers, each of which has a cache.
  var layerCount: Int { get }

  /// What stands in the network's `config.json`.
  var configuration: ConfigurationValues { get }

  /// Scores of the next token behind each one, or behind the last ones.
  ///
  /// - Parameters:
  ///   - tokens: int32 [batch, time], behind those that the cache holds; filled up at the left where sequences are of
  ///     unequal length, see `DecoderCache.padding`.
  ///   - cache: What has been computed of the tokens before, to which these are added.
  ///   - lastOnly: Whether only the scores behind the last token are wanted.
  /// - Returns: float32 [batch, time or 1, vocabulary].
  func logits(_ tokens: Tensor, cache: DecoderCache?, lastOnly: Bool) -> Tensor
}

extension CausalModel {
  /// Where the network lives.
  var device: Device { state.first?.tensor.device ?? .default }

  /// Scores of the next token behind each one of whole sequences.
  ///
  /// - Parameter tokens: int32 [batch, time].
  /// - Returns: float32 [batch, time, vocabulary].
  public func logits(_ tokens: Tensor) -> Tensor { logits(tokens, cache: nil, lastOnly: false) }
}
