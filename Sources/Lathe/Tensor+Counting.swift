import LatheCore

extension Tensor {
  /// How often each whole number from 0 on occurs; the largest is read by the host.
  ///
  /// - Parameters:
  ///   - weights: What each element adds in place of 1, of the tensor's shape.
  ///   - minimumLength: The least number of counts.
  /// - Returns: One count for each number up to the largest: int64, or the sums of the weights in their type. A
  ///   negative number is an `indexOutOfRange` error, thrown where values are read.
  public func bincount(weights: Tensor? = nil, minimumLength: Int = 0) -> Tensor {
    require(dtype.isInteger, "bincount: counts whole numbers, not \(dtype)")
    require(minimumLength >= 0, "bincount: minimum length \(minimumLength)")
    require(
      weights.map { $0.shape == shape && $0.device == device } ?? true,
      "bincount: weights \(weights?.shape ?? []) for a tensor of shape \(shape) on \(device)")
    let result = weights.map { $0.dtype == .bool ? .int64 : $0.dtype } ?? .int64
    return Tensor.afterReading("bincount", valuesOf: [self], [minimumLength], result, device) {
      var length = minimumLength
      if count > 0 {
        let ends = try Tensor.stack([min(), max()]).scalars(as: Int64.self)
        guard ends[0] >= 0 else {
          throw LatheError(.indexOutOfRange, "bincount: counts numbers from 0 on, and there is \(ends[0])")
        }
        require(
          ends[1] < Int64(Int32.max),
          "bincount: \(ends[1]) is too large: there would be a count for each number")
        length = Swift.max(length, Int(ends[1]) + 1)
      }
      let numbers = asInt32().reshaped(to: [count])
      guard let weights else {
        let edges = numbers.sorted().values.searchSorted(Tensor.arange(length + 1, device: device))
        return edges.diff().cast(to: .int64)
      }
      return Tensor.zeros([length], dtype: result, device: device)
        .scatterAdd(axis: 0, indices: numbers, source: weights.cast(to: result).reshaped(to: [count]))
    }
  }

  /// How many elements fall into each of several bins of equal width; NaN falls into none.
  ///
  /// - Parameters:
  ///   - bins: How many bins.
  ///   - range: The ends of the first and the last bin; where nil the smallest and the largest element, which the host
  ///     reads (a width of 1 around them where they are equal, 0 to 1 where there is none).
  ///   - weights: What each element adds in place of 1, of the tensor's shape.
  ///   - density: Divides by the sum and the bins' widths, so that the integral is 1.
  /// - Returns: The counts (int64; float32 with weights or as a density), and the edges of the bins.
  public func histogram(
    bins: Int, range: ClosedRange<Float>? = nil, weights: Tensor? = nil, density: Bool = false
  ) -> (counts: Tensor, edges: Tensor) {
    require(bins > 0, "histogram: \(bins) bins")
    let type = dtype.floatType
    let edges = Tensor.afterReading(
      "histogram without a range", valuesOf: range == nil ? [self] : [], [bins + 1], type, device
    ) {
      var (low, high) = range.map { (Double($0.lowerBound), Double($0.upperBound)) } ?? (0, 1)
      if range == nil && count > 0 {
        let ends = try Tensor.stack([min().cast(to: type), max().cast(to: type)]).scalars(
          as: Double.self)
        guard ends.allSatisfy(\.isFinite) else {
          throw LatheError(
            .indexOutOfRange, "histogram: elements from \(ends[0]) to \(ends[1]) have no bins; give a range")
        }
        (low, high) = (ends[0], ends[1])
      }
      if low == high { (low, high) = (low - 0.5, high + 0.5) }
      return Tensor.linspace(low, high, count: bins + 1, dtype: type, device: device)
    }
    return (histogram(edges: edges, weights: weights, density: density), edges)
  }

  /// How many elements fall into each bin: from an edge on and below the next, with it for the last bin.
  ///
  /// - Parameters:
  ///   - edges: Rising numbers with one axis, one more than there are bins.
  ///   - weights: What each element adds in place of 1, of the tensor's shape.
  ///   - density: Divides by the sum and the bins' widths, so that the integral is 1.
  /// - Returns: int64; float32 with weights or as a density.
  public func histogram(edges: Tensor, weights: Tensor? = nil, density: Bool = false) -> Tensor {
    require(
      edges.rank == 1 && edges.count >= 2, "histogram: edges of shape \(edges.shape): one axis, two or more")
    require(
      weights.map { $0.shape == shape && $0.device == device } ?? true,
      "histogram: weights \(weights?.shape ?? []) for a tensor of shape \(shape) on \(device)")
    let bins = edges.count - 1
    let elements = detached().reshaped(to: [count])
    var counts: Tensor
    if let weights {
      // The last edge belongs to the last bin; what lies outside goes to a bin of its own.
      let place = edges.searchSorted(elements, right: true) - 1
      let isLast = elements .== edges[-1].cast(to: DType.promote(dtype, edges.dtype))
      let inside = Tensor.where(isLast, bins - 1, Tensor.where(place .< 0, bins, place)).minimum(bins)
      counts = Tensor.zeros([bins + 1], dtype: weights.dtype.floatType, device: device).scatterAdd(
        axis: 0, indices: inside, source: weights.inFloatType.reshaped(to: [count])
      ).sliced(axis: 0, to: bins)
    } else {
      let sorted = elements.sorted().values
      let starts = sorted.searchSorted(edges.sliced(axis: 0, to: bins))
      let end = sorted.searchSorted(edges.sliced(axis: 0, from: bins), right: true)
      counts = Tensor.concatenate([starts, end]).diff().cast(to: .int64)
    }
    guard density else { return counts }
    let type = DType.promote(counts.dtype.floatType, edges.dtype.floatType)
    return counts.cast(to: type) / counts.cast(to: type).sum() / edges.cast(to: type).diff()
  }
}
