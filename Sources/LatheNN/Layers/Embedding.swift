import Lathe

/// A table of vectors, looked up by whole numbers.
public final class Embedding: Module {
  /// [count, width].
  public let weight: Parameter
  /// The padding's row, and the index that names it from the end.
  private let padding: (row: Int32, fromEnd: Int32)?

  /// A table with first values as PyTorch draws them: normal with deviation 1.
  ///
  /// - Parameters:
  ///   - count: Rows of the table.
  ///   - width: Elements of a row.
  ///   - paddingIndex: A row that starts as zeros and gets no gradient.
  ///   - initializer: First values.
  ///   - generator: Draws first values.
  ///   - device: Where its tensors live.
  public init(
    _ count: Int, _ width: Int, paddingIndex: Int? = nil,
    initializer: Initializer = .normal(mean: 0, deviation: 1),
    generator: Generator = .layers, device: Device = .default
  ) {
    require(
      count > 0 && width > 0 && paddingIndex.map { $0 >= 0 && $0 < count } ?? true,
      "Embedding: \(count) rows of \(width), padding index \(paddingIndex.map(String.init) ?? "none")")
    let drawn = initializer([count, width], generator: generator, device: device)
    if let paddingIndex {
      let rows = Tensor.arange(count, device: device).unsqueezed(1)
      weight = Parameter(Tensor.where(rows .== Int32(paddingIndex), Tensor.zeros([], device: device), drawn))
    } else {
      weight = Parameter(drawn)
    }
    padding = paddingIndex.map { (Int32($0), Int32($0 - count)) }
  }

  /// A table of a given parameter, which it may share with other layers.
  ///
  /// - Parameters:
  ///   - weight: [count, width].
  ///   - paddingIndex: A row that gets no gradient.
  public init(weight: Parameter, paddingIndex: Int? = nil) {
    require(
      weight.shape.rank == 2 && paddingIndex.map { $0 >= 0 && $0 < weight.shape[0] } ?? true,
      "Embedding: weight \(weight.shape), padding index \(paddingIndex.map(String.init) ?? "none")")
    self.weight = weight
    padding = paddingIndex.map { (Int32($0), Int32($0 - weight.shape[0])) }
  }

  /// The rows of indices of any shape, [..., width]; an index outside the table is an error where values are read.
  public func forward(_ input: Tensor) -> Tensor {
    let rows = Tensor.embedding(input, weight.value)
    guard let padding, rows.requiresGradient else { return rows }
    let isPadding = (input .== padding.row) .|| (input .== padding.fromEnd)
    return Tensor.where(isPadding.unsqueezed(-1), rows.detached(), rows)
  }

  /// Names the table.
  public func visit(_ visitor: inout ModuleVisitor) { visitor.parameter("weight", weight) }
}
