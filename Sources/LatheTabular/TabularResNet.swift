import Lathe
import LatheNN

/// A residual network of tables (Gorishniy et al., 2021): x + dropout(linear(dropout(relu(linear(norm(x)))))) in each block.
public final class TabularResNet: Module {
  /// Sizes and dropout.
  public struct Configuration: Sendable, Hashable, Codable {
    /// Residual blocks.
    public var blocks: Int
    /// Elements between blocks.
    public var width: Int
    /// Elements within a block.
    public var hidden: Int
    /// How likely an element within a block becomes 0 in training.
    public var dropout: Float
    /// How likely an element of what a block adds becomes 0 in training.
    public var residualDropout: Float
    /// Elements of the vector of a category.
    public var embeddingWidth: Int

    /// Sizes and dropout.
    public init(
      blocks: Int = 3, width: Int = 128, hidden: Int = 256, dropout: Float = 0.2, residualDropout: Float = 0,
      embeddingWidth: Int = 16
    ) {
      self.blocks = blocks
      self.width = width
      self.hidden = hidden
      self.dropout = dropout
      self.residualDropout = residualDropout
      self.embeddingWidth = embeddingWidth
    }
  }

  private final class Block: Module {
    let norm: BatchNorm1D
    let first: Linear, second: Linear
    let dropout: Dropout, residualDropout: Dropout

    init(_ configuration: Configuration, _ generator: Generator, _ device: Device) {
      let (width, hidden) = (configuration.width, configuration.hidden)
      norm = BatchNorm1D(width, device: device)
      first = Linear(width, hidden, generator: generator, device: device)
      second = Linear(hidden, width, generator: generator, device: device)
      dropout = Dropout(configuration.dropout, generator: generator)
      residualDropout = Dropout(configuration.residualDropout, generator: generator)
    }

    func forward(_ input: Tensor) -> Tensor {
      input + residualDropout(second(dropout(first(norm(input)).relu())))
    }

    func visit(_ visitor: inout ModuleVisitor) {
      visitor.module("norm", norm)
      visitor.module("first", first)
      visitor.module("second", second)
      visitor.module("dropout", dropout)
      visitor.module("residualDropout", residualDropout)
    }
  }

  private let features: FlatFeatures
  private let input: Linear
  private let blocks: [Block]
  private let norm: BatchNorm1D
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
    input = Linear(features.width, configuration.width, generator: generator, device: device)
    blocks = (0..<configuration.blocks).map { _ in Block(configuration, generator, device) }
    norm = BatchNorm1D(configuration.width, device: device)
    head = Linear(configuration.width, outputs, generator: generator, device: device)
  }

  /// Answers [n, outputs] to rows [n, columns].
  public func forward(_ rows: Tensor) -> Tensor {
    head(norm(blocks.reduce(input(features(rows))) { $1($0) }).relu())
  }

  /// Names the layers.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("features", features)
    visitor.module("input", input)
    visitor.modules("blocks", blocks)
    visitor.module("norm", norm)
    visitor.module("head", head)
  }
}
