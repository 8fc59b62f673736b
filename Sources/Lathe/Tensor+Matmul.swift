import LatheCore

extension Tensor {
  /// The matrix product over the last two axes; the axes before them broadcast.
  ///
  /// As in NumPy a vector on the left is a row, one on the right a column, and its axis goes from the result.
  public func matmul(_ other: Tensor) -> Tensor {
    require(
      rank >= 1 && other.rank >= 1, "matmul: \(shape) x \(other.shape): a scalar has no axis to sum over")
    if rank == 1 && other.rank == 1 { return unsqueezed(0).matmul(other.unsqueezed(1)).reshaped(to: []) }
    if rank == 1 { return unsqueezed(0).matmul(other).squeezed(-2) }
    if other.rank == 1 { return matmul(other.unsqueezed(1)).squeezed(-1) }
    require(
      shape[rank - 1] == other.shape[other.rank - 2],
      "matmul: \(shape) x \(other.shape): inner dimensions \(shape[rank - 1]) and \(other.shape[other.rank - 2]) differ"
    )
    require(
      device == other.device, "matmul: tensors on different devices, \(device) and \(other.device)")
    let common = DType.promote(dtype, other.dtype)
    if !common.isFloatingPoint {
      return cast(to: common).wholeNumberProduct(other.cast(to: common)).cast(to: common)
    }
    let a = cast(to: .float32)
    let b = other.cast(to: .float32)
    return Tensor.product(a, b).cast(to: common)
  }

  /// Products of whole numbers as a reduction that multiplies on the way, without storing the products.
  private func wholeNumberProduct(_ other: Tensor) -> Tensor {
    let left = dtype == .bool ? cast(to: .int64) : self
    let right = dtype == .bool ? other.cast(to: .int64) : other
    return (left.unsqueezed(-1) * right.unsqueezed(-3)).sum(axes: [-2], dtype: left.dtype)
  }

  private static func product(_ a: Tensor, _ b: Tensor) -> Tensor {
    // A batch of rows times one matrix is one large product.
    if b.rank == 2 && a.rank > 2 {
      let n = b.shape[1]
      return product(a.asRows(), b)
        .reshaped(to: Shape(a.shape.dropLast()).appending(n))
    }
    // Each side is saved only if the other side's gradient is wanted.
    let savedA = b.node == nil ? nil : a
    let savedB = a.node == nil ? nil : b
    let shapes = (a.shape, b.shape)
    return multiplied(a, b, bias: nil, activation: .none)
      .recorded("matmul", [a, b]) { gradient, _ in
        [
          savedB.map { product(gradient, $0.transposed()).reducedBroadcast(to: shapes.0) },
          savedA.map { product($0.transposed(), gradient).reducedBroadcast(to: shapes.1) },
        ]
      }
  }

  /// The product without a gradient.
  private static func multiplied(_ a: Tensor, _ b: Tensor, bias: Tensor?, activation: Activation) -> Tensor {
    let m = a.shape[a.rank - 2]
    let k = a.shape[a.rank - 1]
    let n = b.shape[b.rank - 1]
    let batchA = Shape(a.shape.dropLast(2))
    let batchB = Shape(b.shape.dropLast(2))
    guard let batch = Shape.broadcast(batchA, batchB) else {
      stop("matmul: \(a.shape) x \(b.shape): batches \(batchA) and \(batchB) do not broadcast")
    }
    let left = a.detached().withUnitStride().expanded(to: batch.appending(m).appending(k))
    let right = b.detached().withUnitStride().expanded(to: batch.appending(k).appending(n))
    let operation = MatrixMultiplication(m: m, n: n, k: k, hasBias: bias != nil, activation: activation)
    return run(
      .matmul(operation), [left, right] + (bias.map { [$0.detached().contiguous()] } ?? []),
      outputs: [(batch.appending(m).appending(n), .float32)])[0]
  }

  /// The tensor itself where its last two axes are rows or columns of a matrix in memory, else a copy.
  private func withUnitStride() -> Tensor {
    let rows = shape[rank - 2]
    let columns = shape[rank - 1]
    let rowStride = layout.strides[rank - 2]
    let columnStride = layout.strides[rank - 1]
    let rowMajor = (columnStride == 1 || columns == 1) && (rowStride >= Swift.max(columns, 1) || rows == 1)
    let columnMajor = (rowStride == 1 || rows == 1) && (columnStride >= Swift.max(rows, 1) || columns == 1)
    if rowMajor || columnMajor { return self }
    return contiguous()
  }

  /// x W^T + b, with bias and activation in the product's kernel.
  ///
  /// - Parameters:
  ///   - weight: [out, in], as PyTorch stores it.
  ///   - bias: [out].
  ///   - activation: Applied last.
  public func linear(weight: Tensor, bias: Tensor? = nil, activation: Activation = .none) -> Tensor {
    require(
      rank >= 1 && weight.rank == 2 && shape[rank - 1] == weight.shape[1],
      "linear: input \(shape) and weight \(weight.shape): the last sizes differ")
    require(
      bias.map { $0.shape == [weight.shape[0]] } ?? true,
      "linear: bias \(bias?.shape ?? []) for weight \(weight.shape)")
    let common =
      bias.map { DType.promote(DType.promote(dtype, weight.dtype), $0.dtype) }
      ?? DType.promote(dtype, weight.dtype)
    let x = cast(to: .float32)
    let w = weight.cast(to: .float32)
    let b = bias?.cast(to: .float32)
    let rows = x.asRows()
    let savedRows = w.node == nil ? nil : rows
    let savedWeight = rows.node == nil ? nil : w
    let tracksBias = b?.node != nil
    let output = Tensor.multiplied(rows, w.transposed(), bias: b, activation: activation)
      .recorded("linear", [rows, w] + (b.map { [$0] } ?? []), savesOutput: activation == .relu) {
        gradient, output in
        var g = gradient
        if let output { g = Tensor.select(output .> 0, g, Tensor.zeros([], device: g.device)) }
        return [
          savedWeight.map { Tensor.product(g, $0) },
          savedRows.map { Tensor.product(g.transposed(), $0) },
          tracksBias ? g.sum(axes: [0]) : nil,
        ]
      }
    return output.reshaped(to: Shape(shape.dropLast()).appending(w.shape[0])).cast(to: common)
  }

  /// All axes but the last made into one.
  private func asRows() -> Tensor {
    var rows = 1
    for size in shape.dropLast() { rows *= size }
    return reshaped(to: [rows, shape[rank - 1]])
  }
}
