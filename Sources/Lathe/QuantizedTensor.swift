import LatheCore

/// A matrix whose rows stay in memory as blocks of few bits, or as elements of 16: weights that are only read.
///
/// It is no `Tensor`, since a block has no element at an address. `Tensor.linear(weight:bias:)` multiplies rows of float32
/// with it as it is, `rows(_:)` looks rows up, and `dequantized()` makes a tensor of it.
public struct QuantizedTensor: Sendable {
  /// How the elements are stored.
  public let type: BlockType
  /// Rows and columns; a row is a whole number of blocks.
  public let shape: Shape
  /// The memory: uint8 [rows, bytes of a row].
  public let blocks: Tensor

  /// A matrix of blocks that are in memory.
  ///
  /// - Parameters:
  ///   - blocks: uint8 of as many bytes as the matrix takes, row by row; a shape other than [rows, bytes of a row] is
  ///     replaced by that.
  ///   - type: How the elements are stored.
  ///   - shape: [rows, columns], columns a multiple of the type's `elementCount`.
  public init(blocks: Tensor, type: BlockType, shape: Shape) {
    require(shape.rank == 2, "QuantizedTensor: shape \(shape), expected [rows, columns]")
    guard let bytes = type.rowByteCount(shape[1]) else {
      stop(
        "QuantizedTensor: rows of \(shape[1]) elements are no whole number of \(type.name)'s blocks of \(type.elementCount)"
      )
    }
    require(blocks.dtype == .uint8, "QuantizedTensor: blocks of \(blocks.dtype), expected uint8")
    require(
      blocks.count == shape[0] * bytes,
      "QuantizedTensor: \(blocks.count) bytes for \(shape) of \(type.name), which takes \(shape[0] * bytes)")
    self.type = type
    self.shape = shape
    let rows: Shape = [shape[0], bytes]
    self.blocks = (blocks.shape == rows ? blocks : blocks.reshaped(to: rows)).detached().contiguous()
  }

  /// The elements of a float16 or bfloat16 matrix [rows, columns], which share its memory.
  public init(_ matrix: Tensor) {
    guard let type = BlockType(matrix.dtype), matrix.rank == 2 else {
      stop("QuantizedTensor: \(matrix.dtype) \(matrix.shape), expected a matrix of float16 or bfloat16")
    }
    self.init(
      blocks: matrix.detached().contiguous().sharingMemory(
        as: .uint8, [matrix.shape[0], 2 * matrix.shape[1]]), type: type, shape: matrix.shape)
  }

  /// The elements as a tensor of 16 bits that shares the memory; nil of types that have blocks.
  public var halves: Tensor? { type.dtype.map { blocks.sharingMemory(as: $0, shape) } }

  /// Where the blocks are.
  public var device: Device { blocks.device }

  /// Bytes that the blocks take.
  public var byteCount: Int { blocks.count }

  /// The same on another device.
  public func moved(to device: Device) -> QuantizedTensor {
    QuantizedTensor(blocks: blocks.moved(to: device), type: type, shape: shape)
  }

  /// The elements as a float32 tensor [rows, columns].
  public func dequantized() -> Tensor { picked(Tensor.arange(shape[0], device: device)) }

  /// Rows as float32, such as the vectors of tokens.
  ///
  /// - Parameter indices: Whole numbers of any shape; negative ones count from the end.
  /// - Returns: A tensor of the indices' shape with one more axis, of the columns. An index outside the rows is an
  ///   `indexOutOfRange` error, thrown where values are read.
  public func rows(_ indices: Tensor) -> Tensor {
    Tensor.requireOneDevice("rows", blocks, indices)
    return picked(indices.asIndices("rows").flattened())
      .reshaped(to: indices.shape.appending(shape[1]))
  }

  private func picked(_ indices: Tensor) -> Tensor {
    blocks.checkCount(0, "rows")
    return Tensor.run(
      .blockRows(type, rows: shape[0], columns: shape[1], picked: indices.count),
      [blocks, indices.contiguous()], output: [indices.count, shape[1]])
  }
}

extension Tensor {
  /// x W^T + b with weights that stay as they are in memory; the gradient goes to x and to b.
  ///
  /// The products are those of the dequantised weights but for rounding: the CPU path, and OpenCL on CPUs for one row, rounds x
  /// to eight bits, for each 32 elements of a row by one scale, where the weights are blocks. With weights of 16 bits nothing but the weights is
  /// rounded. An element of x that is not finite makes its row of the result not finite.
  ///
  /// - Parameters:
  ///   - weight: [out, in].
  ///   - bias: [out].
  /// - Returns: [..., out] for x of [..., in]: float32, or x's type where that is one of 16 bits.
  public func linear(weight: QuantizedTensor, bias: Tensor? = nil) -> Tensor {
    linear(weights: [weight], biases: bias.map { [$0] })
  }

  /// x W^T + b with several weights at once, as `linear(weight:bias:)` computes each: results side by side along the last axis.
  ///
  /// - Parameters:
  ///   - weights: [out, in] each, with one size `in`.
  ///   - biases: [out] of each weight.
  /// - Returns: [..., sum of the sizes `out`].
  public func linear(weights: [QuantizedTensor], biases: [Tensor]? = nil) -> Tensor {
    let k = rank >= 1 ? shape[rank - 1] : 0
    for weight in weights {
      require(
        rank >= 1 && weight.shape[1] == k,
        "linear: input \(shape) and weight \(weight.shape): the last sizes differ")
      Tensor.requireOneDevice("linear", self, weight.blocks)
    }
    require(!weights.isEmpty, "linear: no weights")
    require(
      dtype.isFloatingPoint && dtype != .float64,
      "linear: input of \(dtype) and weight of \(weights[0].type.name); cast the input to float32")
    if let biases {
      require(
        biases.count == weights.count, "linear: \(biases.count) biases for \(weights.count) weights")
      for (bias, weight) in zip(biases, weights) {
        require(
          bias.shape == [weight.shape[0]], "linear: bias \(bias.shape) for weight \(weight.shape)")
        Tensor.requireOneDevice("linear", self, bias)
      }
    }
    let x = cast(to: .float32).asRows()
    let b = biases?.map { $0.cast(to: .float32) } ?? []
    let sizes = BlockProduct(
      weights.map { .init(type: $0.type, n: $0.shape[0]) }, m: x.shape[0], k: k, hasBias: !b.isEmpty)
    var inputs = [x.detached().contiguous()]
    inputs.reserveCapacity(1 + weights.count + b.count)
    for weight in weights { inputs.append(weight.blocks) }
    for bias in b { inputs.append(bias.detached().contiguous()) }
    let rows = Tensor.run(.blockProduct(sizes), inputs, output: [x.shape[0], sizes.n])
      .recorded("linear", [x] + b) { gradient, _ in
        var first = 0
        let parts = weights.map { weight in
          defer { first += weight.shape[0] }
          return gradient.sliced(axis: 1, from: first, to: first + weight.shape[0])
        }
        let ofX = zip(parts, weights).map { $0.matmul($1.dequantized()) }
        return [ofX.dropFirst().reduce(ofX[0], +)] + (b.isEmpty ? [] : parts.map { $0.sum(axes: [0]) })
      }
    return rows.cast(to: dtype).reshaped(to: Shape(shape.dropLast()).appending(sizes.n))
  }

  /// The bytes of a contiguous tensor as elements of another type, in the same memory.
  fileprivate func sharingMemory(as dtype: DType, _ shape: Shape) -> Tensor {
    do {
      return Tensor(
        Storage(device: device, dtype: dtype, shape: shape, state: .ready(try storage.buffer())))
    } catch {
      return Tensor(failed: error, shape: shape, dtype: dtype, device: device)
    }
  }
}
