import LatheCore

extension Tensor {
  /// Where values stand in this rising sequence: how many of its elements are smaller; NaN counts as largest.
  ///
  /// - Parameters:
  ///   - values: [..., m] for sequences [..., n], or any shape for one sequence.
  ///   - right: Counts elements that are equal, too.
  /// - Returns: int32 of the values' shape. A sequence that does not rise gives places without meaning.
  public func searchSorted(_ values: Tensor, right: Bool = false) -> Tensor {
    require(
      rank >= 1
        && (rank == 1 || (rank == values.rank && shape.dropLast().elementsEqual(values.shape.dropLast()))),
      "searchSorted: values \(values.shape) in sequences \(shape): one sequence, or the same axes in front")
    require(
      device == values.device, "searchSorted: tensors on different devices, \(device) and \(values.device)")
    let axis = rank - 1
    checkCount(axis, "searchSorted")
    let type = DType.promote(dtype, values.dtype).kernelType
    let picked = rank == 1 ? values.count : values.shape[axis]
    let rows = picked == 0 ? 0 : values.count / picked
    return Tensor.run(
      .searchSorted(
        sequences: rank == 1 ? 1 : rows, rows: rows, count: shape[axis], picked: picked, right: right),
      [cast(to: type).detached().contiguous(), values.cast(to: type).detached().contiguous()],
      output: values.shape, dtype: .int32)
  }

  /// The places of all elements other than 0 in row-major order; their number is read by the host.
  ///
  /// - Returns: int32 [number, rank]: one row of indices for each.
  public func nonzero() -> Tensor {
    Tensor.afterReading(
      "nonzero (also in unique and indices by masks)", valuesOf: [self], [0, rank], .int32, device
    ) {
      require(
        count <= Int(Int32.max),
        "nonzero: \(shape) has more than \(Int32.max) elements, which int32 does not count")
      // The k-th is the first up to which there are k.
      let ranks = detached().reshaped(to: [count]).cast(to: .bool).cumulativeSum(axis: 0).cast(to: .int32)
      let number = count == 0 ? 0 : try ranks[-1].item(as: Int.self)
      var rest = ranks.searchSorted(Tensor.arange(1, number + 1, dtype: .int32, device: device))
      var indices: [Tensor] = []
      for size in shape.reversed() {
        indices.insert(rest % Int32(Swift.max(size, 1)), at: 0)
        rest = rest.floorDivide(Int32(Swift.max(size, 1)))
      }
      return indices.isEmpty
        ? Tensor.zeros([number, 0], dtype: .int32, device: device) : Tensor.stack(indices, axis: 1)
    }
  }

  /// The different elements in rising order, each once; their number is read by the host.
  ///
  /// NaN is one element, as in NumPy.
  ///
  /// - Returns: The elements; for each of this tensor's its place among them (int32, of this tensor's shape); how often
  ///   each occurs (int64).
  public func unique() -> (values: Tensor, inverse: Tensor, counts: Tensor) {
    let source = detached().reshaped(to: [count])
    func failed(_ error: any Error) -> (values: Tensor, inverse: Tensor, counts: Tensor) {
      func tensor(_ shape: Shape, _ dtype: DType) -> Tensor {
        Tensor(failed: Dispatch.typed(error), shape: shape, dtype: dtype, device: device)
      }
      return (tensor([0], dtype), tensor(shape, .int32), tensor([0], .int64))
    }
    guard count > 0 else {
      return (
        source, Tensor.zeros(shape, dtype: .int32, device: device),
        Tensor.zeros([0], dtype: .int64, device: device)
      )
    }
    let sorted = source.sorted().values
    let (next, last) = (sorted.sliced(axis: 0, from: 1), sorted.sliced(axis: 0, to: -1))
    let differs = (next .!= last) .&& (next.isNaN() .&& last.isNaN()).logicalNot()
    let starts = Tensor.concatenate([Tensor.full([1], 1, dtype: .bool, device: device), differs]).nonzero()
    do { try starts.computed() } catch { return failed(error) }
    let places = starts.reshaped(to: [starts.count])
    let values = sorted.indexSelected(axis: 0, indices: places)
    let ends = Tensor.concatenate([
      places.sliced(axis: 0, from: 1), Tensor.full([1], count, dtype: .int32, device: device),
    ])
    return (values, values.searchSorted(source).reshaped(to: shape), (ends - places).cast(to: .int64))
  }
}
