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
    Tensor.requireOneDevice("searchSorted", self, values)
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

  /// The different slices along an axis, each once, in the order of their first elements, where these are equal of their
  /// second ones, and so on; their number is read by the host.
  ///
  /// NaN is one element that is larger than numbers, as in `unique()`.
  ///
  /// - Parameter axis: The axis that slices are counted along.
  /// - Returns: The slices; for each of this tensor's its place among them (int32 [n]); how often each occurs (int64).
  public func unique(axis: Int) -> (values: Tensor, inverse: Tensor, counts: Tensor) {
    let a = self.axis(axis, "unique")
    require(
      count <= Int(Int32.max),
      "unique: \(shape) has more than \(Int32.max) elements, which int32 does not count")
    let n = shape[a]
    let front = [a] + (0..<rank).filter { $0 != a }
    let rows = detached().permuted(front).reshaped(to: [n, n == 0 ? 0 : count / n])
    // Slices of nothing are all the same.
    let keys =
      rows.count == 0 ? Tensor.zeros([n], dtype: .int64, device: device) : Tensor.orderedKeys(of: rows)
    let found = keys.unique()
    let places = Tensor.zeros([found.values.count], dtype: .int32, device: device)
      .scatter(axis: 0, indices: found.inverse, source: Tensor.arange(n, device: device).cast(to: .int32))
    return (detached().indexSelected(axis: a, indices: places), found.inverse, found.counts)
  }

  /// A whole number for each row that is smaller, equal or larger as rows are in the order of their elements.
  ///
  /// Elements become their ranks, and pairs of neighbours one number that has the order of pairs, until one is left.
  private static func orderedKeys(of rows: Tensor) -> Tensor {
    var keys = rows.ranks()
    while keys.shape[1] > 1 {
      let width = keys.shape[1]
      let (first, second) = (
        keys.sliced(axis: 1, to: width / 2 * 2, step: 2), keys.sliced(axis: 1, from: 1, step: 2)
      )
      // Ranks are below the number of elements, and their products below 2^62.
      let pairs = first * Int64(keys.count) + second
      keys = Tensor.concatenate([pairs, keys.sliced(axis: 1, from: width / 2 * 2)], axis: 1).ranks()
    }
    return keys.reshaped(to: [keys.shape[0]])
  }

  /// Of each element how many are smaller, int64.
  private func ranks() -> Tensor {
    let elements = reshaped(to: [count])
    return elements.sorted().values.searchSorted(elements).cast(to: .int64).reshaped(to: shape)
  }
}
