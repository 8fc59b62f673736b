import Lathe
import LatheNN

/// A vector for each category of each categorical feature, all of one width and in one table.
final class CategoryEmbedding: Module {
  /// The vectors of the first feature's categories, then those of the next.
  let weight: Parameter
  /// The row of the table with which each feature begins.
  let offsets: [Int]
  private let firsts: ModuleBuffer

  init(_ cardinalities: [Int], _ width: Int, generator: Generator, device: Device) {
    let rows = cardinalities.reduce(0, +)
    // As the paper's: within one over the root of the width.
    let bound = 1 / Float(width).squareRoot()
    weight = Parameter(
      Initializer.uniform(low: -bound, high: bound)([rows, width], generator: generator, device: device))
    var offsets: [Int] = []
    var next = 0
    for count in cardinalities {
      offsets.append(next)
      next += count
    }
    self.offsets = offsets
    firsts = ModuleBuffer(Tensor(offsets.map { Int32($0) }, device: device))
  }

  /// Vectors [n, features, width] of categories [n, features], which are whole numbers of any type.
  func forward(_ input: Tensor) -> Tensor {
    Tensor.embedding(input.cast(to: .int32) + firsts.value, weight.value)
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.parameter("weight", weight)
    visitor.buffer("firsts", firsts)
  }
}

/// Numbers and the vectors of categories side by side, as plain and residual networks take rows.
final class FlatFeatures: Module {
  private let columns: TabularColumns
  private let embedding: CategoryEmbedding?
  /// Elements of a row.
  let width: Int

  init(_ columns: TabularColumns, embeddingWidth: Int, generator: Generator, device: Device) {
    self.columns = columns
    embedding =
      columns.cardinalities.isEmpty
      ? nil : CategoryEmbedding(columns.cardinalities, embeddingWidth, generator: generator, device: device)
    width = columns.numbers + columns.cardinalities.count * embeddingWidth
  }

  func forward(_ input: Tensor) -> Tensor {
    guard let embedding else { return input }
    let vectors = embedding(input.sliced(axis: 1, from: columns.numbers)).flattened(from: 1)
    if columns.numbers == 0 { return vectors }
    return Tensor.concatenate([input.sliced(axis: 1, to: columns.numbers), vectors], axis: 1)
  }

  func visit(_ visitor: inout ModuleVisitor) { visitor.module("embedding", embedding) }
}
