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
    Tensor.requireOneDevice("matmul", self, other)
    let common = DType.promote(dtype, other.dtype)
    if !common.isFloatingPoint {
      return cast(to: common).wholeNumberProduct(other.cast(to: common)).cast(to: common)
    }
    if common == .float64 { return Tensor.product(cast(to: common), other.cast(to: common)) }
    return Tensor.product(KernelOperand(self, ofProduct: ()), KernelOperand(other, ofProduct: ()))
  }

  /// Products of whole numbers as a reduction that multiplies on the way, without storing the products.
  private func wholeNumberProduct(_ other: Tensor) -> Tensor {
    let left = dtype == .bool ? cast(to: .int64) : self
    let right = dtype == .bool ? other.cast(to: .int64) : other
    if Swift.max(rank, other.rank) == Shape.maximumRank {
      // The products have one axis more: that of the batch is then one.
      guard let batch = Shape.broadcast(Shape(shape.dropLast(2)), Shape(other.shape.dropLast(2))) else {
        stop("matmul: \(shape) x \(other.shape): batches do not broadcast")
      }
      func asBatch(_ x: Tensor) -> Tensor {
        let matrix = Shape(x.shape.suffix(2))
        return x.expanded(to: Shape(Array(batch) + Array(matrix)))
          .reshaped(to: [batch.elementCount, matrix[0], matrix[1]])
      }
      return asBatch(left).wholeNumberProduct(asBatch(right))
        .reshaped(to: batch.appending(shape[rank - 2]).appending(other.shape[other.rank - 1]))
    }
    return (left.unsqueezed(-1) * right.unsqueezed(-3)).sum(axes: [-2], dtype: left.dtype)
  }

  private static func product(_ a: Tensor, _ b: Tensor) -> Tensor {
    product(KernelOperand(a), KernelOperand(b))
  }

  /// The product in a type, that of the operands where none is named.
  private static func product(_ a: KernelOperand, _ b: KernelOperand, as result: DType? = nil) -> Tensor {
    // A batch of rows times one matrix is one large product.
    if b.tensor.rank == 2 && a.tensor.rank > 2 {
      let n = b.tensor.shape[1]
      return product(a.viewed { $0.asRows() }, b, as: result)
        .reshaped(to: Shape(a.tensor.shape.dropLast()).appending(n))
    }
    // Each side is saved only if the other side's gradient is wanted.
    let savedA = b.tensor.node == nil ? nil : a
    let savedB = a.tensor.node == nil ? nil : b
    let shapes = (a.tensor.shape, b.tensor.shape)
    let types = (a.tensor.dtype, b.tensor.dtype)
    let precision = Float32MatmulPrecision.current
    let common = DType.promote(a.dtype, b.dtype)
    let output = multiplied(a, b, bias: nil, activation: .none, narrowly: result ?? common)
    return (result.map { output.cast(to: $0) } ?? output.stored(as: common))
      .recorded("matmul", [a.tensor, b.tensor]) { gradient, _ in
        let g = KernelOperand(gradient: gradient, of: .products)
        // Sums over a broadcast batch are made in float32.
        func type(_ type: DType, _ shape: Shape) -> DType {
          shape.dropLast(2) == gradient.shape.dropLast(2) ? type : type.floatType
        }
        return withFloat32MatmulPrecision(precision) {
          [
            savedB.map {
              product(g, $0.transposed, as: type(types.0, shapes.0)).reducedBroadcast(to: shapes.0)
                .cast(to: types.0)
            },
            savedA.map {
              product($0.transposed, g, as: type(types.1, shapes.1)).reducedBroadcast(to: shapes.1)
                .cast(to: types.1)
            },
          ]
        }
      }
  }

  /// The product without a gradient: in a narrow type where the kernel gives it, else in the kernel's own.
  private static func multiplied(
    _ left: KernelOperand, _ right: KernelOperand, bias: Tensor?, activation: Activation,
    narrowly narrow: DType
  ) -> Tensor {
    let inputs = KernelOperand.inputs(left, right, of: .products)
    let (a, b) = (inputs[0], inputs[1])
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
    let operation = MatrixMultiplication(
      m: m, n: n, k: k, hasBias: bias != nil, activation: activation,
      allowsTF32: a.dtype == .float32 && Float32MatmulPrecision.current == .high)
    return run(
      .matmul(operation), bias.map { [left, right, $0.detached().contiguous()] } ?? [left, right],
      output: batch.appending(m).appending(n), dtype: a.dtype.isHalf ? narrow : a.dtype)
  }

  /// The tensor itself where its last two axes are rows or columns of a matrix in memory, else a copy.
  private func withUnitStride() -> Tensor {
    guard let layout = view?.layout else { return self }
    let rows = layout.shape[rank - 2]
    let columns = layout.shape[rank - 1]
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
    let operands = [self, weight] + (bias.map { [$0] } ?? [])
    if operands.contains(where: { $0.dtype == .float64 }), !operands.allSatisfy({ $0.dtype == .float64 }) {
      return cast(to: .float64).linear(
        weight: weight.cast(to: .float64), bias: bias?.cast(to: .float64), activation: activation)
    }
    let x = KernelOperand(activation: self).viewed { $0.asRows() }
    let w = KernelOperand(parameter: weight)
    let b = bias.map { KernelOperand(parameter: $0) }
    let common = DType.promote(DType.promote(x.dtype, w.dtype), b?.dtype ?? w.dtype)
    let savedRows = weight.node == nil ? nil : x
    let savedWeight = x.tensor.node == nil ? nil : w
    let biasType = bias.flatMap { $0.node == nil ? nil : $0.dtype }
    let types = (x.tensor.dtype, weight.dtype)
    let precision = Float32MatmulPrecision.current
    let output = Tensor.multiplied(
      x, w.transposed, bias: b?.kernelInput, activation: activation, narrowly: common
    ).stored(as: common)
      .recorded(
        "linear", bias.map { [x.tensor, weight, $0] } ?? [x.tensor, weight], savesOutput: activation == .relu
      ) {
        gradient, output in
        var g = gradient
        if let output { g = Tensor.where(output .<= 0, g.zero, g) }
        let operand = KernelOperand(gradient: g, of: .products)
        return withFloat32MatmulPrecision(precision) {
          [
            savedWeight.map { Tensor.product(operand, $0, as: types.0) },
            savedRows.map { Tensor.product(operand.transposed, $0, as: types.1) },
            biasType.map { operand.wide.sum(axes: [0]).cast(to: $0) },
          ]
        }
      }
    return output.reshaped(to: Shape(shape.dropLast()).appending(weight.shape[0]))
  }

  /// All axes but the last made into one.
  func asRows() -> Tensor {
    var rows = 1
    for size in shape.dropLast() { rows *= size }
    return reshaped(to: [rows, shape[rank - 1]])
  }
}
