import Lathe
import LatheNN

/// A plain network of tables: numbers and vectors of categories, then layers with ReLU and dropout.
///
/// It is the MLP of "Revisiting Deep Learning Models for Tabular Data" (Gorishniy et al., 2021).
public final class TabularMLP: Module {
  /// Sizes and dropout.
  public struct Configuration: Sendable, Hashable, Codable {
    /// Hidden layers.
    public var blocks: Int
    /// Elements of each.
    public var width: Int
    /// How likely an element behind a layer becomes 0 in training.
    public var dropout: Float
    /// Elements of the vector of a category.
    public var embeddingWidth: Int

    /// Sizes and dropout.
    public init(blocks: Int = 3, width: Int = 256, dropout: Float = 0.1, embeddingWidth: Int = 16) {
      self.blocks = blocks
      self.width = width
      self.dropout = dropout
      self.embeddingWidth = embeddingWidth
    }
  }

  private let features: FlatFeatures
  private let layers: [Linear]
  private let dropout: Dropout
  private let head: Linear

  /// A network with first values drawn.
  ///
  /// - Parameters:
  ///   - columns: What a row has.
  ///   - outputs: Elements of an answer.
  ///   - configuration: Sizes and dropout.
  ///   - generator: Draws first values, and what is dropped.
  ///   - device: Where its tensors live.
  public init(
    _ columns: TabularColumns, outputs: Int, _ configuration: Configuration = Configuration(),
    generator: Generator = .layers, device: Device = .default
  ) {
    features = FlatFeatures(
      columns, embeddingWidth: configuration.embeddingWidth, generator: generator, device: device)
    let width = configuration.width
    let first = features.width
    layers = (0..<configuration.blocks).map {
      Linear($0 == 0 ? first : width, width, generator: generator, device: device)
    }
    dropout = Dropout(configuration.dropout, generator: generator)
    head = Linear(width, outputs, generator: generator, device: device)
  }

  /// Answers [n, outputs] to rows [n, columns].
  public func forward(_ input: Tensor) -> Tensor {
    head(layers.reduce(features(input)) { x, layer in dropout(layer(x).relu()) })
  }

  /// Names the layers.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("features", features)
    visitor.modules("layers", layers)
    visitor.module("dropout", dropout)
    visitor.module("head", head)
  }
}
