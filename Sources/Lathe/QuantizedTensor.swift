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
  /// The products are those of the dequantised weights but for rounding: the CPU path rounds x to eight bits, for each 32
  /// elements of a row by one scale, where the weights are blocks. With weights of 16 bits nothing but the weights is
  /// rounded. An element of x that is not finite makes its row of the result not finite.
  ///
  /// - Parameters:
  ///   - weight: [out, in].
  ///   - bias: [out].
  /// - Returns: [..., out] for x of [..., in]: float32, or x's type where that is one of 16 bits.
  public func linear(weight: QuantizedTensor, bias: Tensor? = nil) -> Tensor {
    let (n, k) = (weight.shape[0], weight.shape[1])
    require(
      rank >= 1 && shape[rank - 1] == k,
      "linear: input \(shape) and weight \(weight.shape): the last sizes differ")
    require(
      dtype.isFloatingPoint && dtype != .float64,
      "linear: input of \(dtype) and weight of \(weight.type.name); cast the input to float32")
    require(
      bias.map { $0.shape == [n] } ?? true, "linear: bias \(bias?.shape ?? []) for weight \(weight.shape)")
    Tensor.requireOneDevice("linear", self, weight.blocks, bias)
    let x = cast(to: .float32).asRows()
    let b = bias.map { $0.cast(to: .float32) }
    let sizes = BlockProduct(type: weight.type, m: x.shape[0], n: n, k: k, hasBias: b != nil)
    let inputs = [x.detached().contiguous(), weight.blocks] + (b.map { [$0.detached().contiguous()] } ?? [])
    return Tensor.run(.blockProduct(sizes), inputs, output: [x.shape[0], n])
      .recorded("linear", b.map { [x, $0] } ?? [x]) { gradient, _ in
        [gradient.matmul(weight.dequantized())] + (b == nil ? [] : [gradient.sum(axes: [0])])
      }
      .cast(to: dtype).reshaped(to: Shape(shape.dropLast()).appending(n))
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
