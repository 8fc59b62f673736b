import Lathe
import LatheNN

/// The sum of vectors of tokens, their places and their types, normalised.
final class EncoderEmbeddings: ParameterContainer {
  private(set) var tokens: any Module
  private var positions: any Module
  private var types: (any Module)?
  private var norm: any Module
  private let dropout: Dropout
  private let longest: Int
  /// The token behind which positions are counted; nil where they are counted from the first.
  private let padding: Int?

  init(_ path: String, _ configuration: EncoderConfiguration, from source: LayerSource) throws {
    let width = configuration.width
    tokens = try source.embedding("\(path).word_embeddings", configuration.vocabularySize, width)
    positions = try source.embedding("\(path).position_embeddings", configuration.positions, width)
    types =
      configuration.types > 0
      ? try source.embedding("\(path).token_type_embeddings", configuration.types, width) : nil
    norm = try source.layerNorm("\(path).LayerNorm", width, epsilon: configuration.epsilon)
    dropout = Dropout(configuration.dropout, generator: source.generator)
    longest = configuration.longestText
    padding = configuration.family == .roberta ? configuration.padding : nil
  }

  /// [batch, t, width] of int32 [batch, t]; types and positions are int32 that broadcast to it.
  func callAsFunction(_ input: Tensor, types given: Tensor?, positions places: Tensor?) -> Tensor {
    observed(input: input) {
      guard places != nil || input.shape[1] <= longest else {
        let error = LatheError(
          .invalidArgument,
          "a text of \(input.shape[1]) tokens, and the encoder has places for \(longest); shorten it")
        return tokens(input).failing(error)
      }
      var sum = tokens(input) + positions(places ?? counted(input))
      if let types {
        sum = sum + types(given ?? Tensor.zeros([1, 1], dtype: .int32, device: input.device))
      }
      return dropout(norm(sum))
    }
  }

  /// The places of tokens: 0, 1, 2 and so on, or counted from behind the padding's number without the padding.
  private func counted(_ input: Tensor) -> Tensor {
    guard let padding else { return Tensor.arange(input.shape[1], device: input.device).unsqueezed(0) }
    let counts = (input .!= Int32(padding)).cast(to: .int32)
    return counts.cumulativeSum(axis: 1).cast(to: .int32) * counts + Int32(padding)
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("word_embeddings", tokens) { self.tokens = $0 }
    visitor.module("position_embeddings", positions) { self.positions = $0 }
    visitor.module("token_type_embeddings", types) { self.types = $0 }
    visitor.module("LayerNorm", norm) { self.norm = $0 }
    visitor.module("dropout", dropout)
  }
}
