import LatheCore

extension Tensor {
  /// A matrix of its rows, such as `Tensor([[1, 2], [3, 4]])`.
  ///
  /// - Parameters:
  ///   - rows: Rows of one length.
  ///   - dtype: The element type; the Swift type's own where nil (Float and Double: float32, Int: int64).
  ///   - device: Where the tensor lives.
  public init<T: TensorScalar>(_ rows: [[T]], dtype: DType? = nil, device: Device = .default) {
    let width = Tensor.commonCount(rows)
    self.init(rows.flatMap { $0 }, shape: [rows.count, width], dtype: dtype, device: device)
  }

  /// A tensor of three axes from nested lists.
  ///
  /// - Parameters:
  ///   - blocks: Matrices of one shape, by their rows.
  ///   - dtype: The element type; the Swift type's own where nil (Float and Double: float32, Int: int64).
  ///   - device: Where the tensor lives.
  public init<T: TensorScalar>(_ blocks: [[[T]]], dtype: DType? = nil, device: Device = .default) {
    let (rows, width) = (Tensor.commonCount(blocks), Tensor.commonCount(blocks.flatMap { $0 }))
    self.init(
      blocks.flatMap { $0.flatMap { $0 } }, shape: [blocks.count, rows, width], dtype: dtype, device: device)
  }

  /// A tensor of four axes from nested lists.
  ///
  /// - Parameters:
  ///   - items: Lists of matrices, each of one shape.
  ///   - dtype: The element type; the Swift type's own where nil (Float and Double: float32, Int: int64).
  ///   - device: Where the tensor lives.
  public init<T: TensorScalar>(_ items: [[[[T]]]], dtype: DType? = nil, device: Device = .default) {
    let blocks = items.flatMap { $0 }
    let rows = blocks.flatMap { $0 }
    self.init(
      rows.flatMap { $0 },
      shape: [items.count, Tensor.commonCount(items), Tensor.commonCount(blocks), Tensor.commonCount(rows)],
      dtype: dtype, device: device)
  }

  /// The length that all lists have; 0 of no lists.
  private static func commonCount<T>(_ lists: [[T]]) -> Int {
    let count = lists.first?.count ?? 0
    if let odd = lists.firstIndex(where: { $0.count != count }) {
      stop(
        "Tensor: nested lists of different lengths: the first has \(count) elements, number \(odd) has \(lists[odd].count)"
      )
    }
    return count
  }
}
