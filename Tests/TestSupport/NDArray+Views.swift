extension NDArray {
  package func reshaped(_ shape: [Int]) -> NDArray {
    guard let hole = shape.firstIndex(of: -1) else { return NDArray(shape, values) }
    var shape = shape
    shape[hole] = 1
    shape[hole] = count / shape.reduce(1, *)
    return NDArray(shape, values)
  }

  /// Axis i of the result is axis `axes[i]` of the array.
  package func permuted(_ axes: [Int]) -> NDArray {
    let axes = axes.map { axis($0) }
    return NDArray(axes.map { shape[$0] }) { index in
      var source = index
      for (to, from) in axes.enumerated() { source[from] = index[to] }
      return self[source]
    }
  }

  package func transposed(_ a: Int = -2, _ b: Int = -1) -> NDArray {
    var axes = Array(0..<rank)
    axes.swapAt(axis(a), axis(b))
    return permuted(axes)
  }

  package func unsqueezed(_ axis: Int) -> NDArray {
    var shape = shape
    shape.insert(1, at: axis < 0 ? axis + rank + 1 : axis)
    return NDArray(shape, values)
  }

  /// The elements that Python's `range(count)[from:to:step]` names along an axis.
  package func sliced(_ axis: Int, from: Int? = nil, to: Int? = nil, step: Int = 1) -> NDArray {
    let axis = self.axis(axis)
    let picked = NDArray.sliceIndices(count: shape[axis], from: from, to: to, step: step)
    return picking(axis, picked)
  }

  /// What Python's slice picks of 0..<count.
  package static func sliceIndices(count: Int, from: Int?, to: Int?, step: Int) -> [Int] {
    func clip(_ bound: Int, _ low: Int, _ high: Int) -> Int {
      Swift.min(Swift.max(bound < 0 ? bound + count : bound, low), high)
    }
    if step > 0 {
      return Array(
        stride(
          from: from.map { clip($0, 0, count) } ?? 0, to: to.map { clip($0, 0, count) } ?? count, by: step))
    }
    let start = from.map { clip($0, -1, count - 1) } ?? count - 1
    let end = to.map { clip($0, -1, count - 1) } ?? -1
    return Array(stride(from: start, to: end, by: step))
  }

  /// The given positions of an axis, in their order.
  package func picking(_ axis: Int, _ positions: [Int]) -> NDArray {
    let axis = self.axis(axis)
    var shape = shape
    shape[axis] = positions.count
    return NDArray(shape) { index in
      var source = index
      source[axis] = positions[index[axis]]
      return self[source]
    }
  }

  /// One position of an axis, which goes away.
  package func selected(_ axis: Int, _ position: Int) -> NDArray {
    let axis = self.axis(axis)
    var result = picking(axis, [position < 0 ? position + shape[axis] : position])
    result.shape.remove(at: axis)
    return result
  }

  package func flipped(_ axes: [Int]) -> NDArray {
    axes.reduce(self) { $0.picking($1, Array((0..<$0.shape[$0.axis($1)]).reversed())) }
  }
}

// MARK: - Joining

extension NDArray {
  package static func concatenate(_ arrays: [NDArray], axis: Int = 0) -> NDArray {
    let axis = arrays[0].axis(axis)
    var shape = arrays[0].shape
    shape[axis] = arrays.map { $0.shape[axis] }.reduce(0, +)
    return NDArray(shape) { index in
      var source = index
      for array in arrays {
        if source[axis] < array.shape[axis] { return array[source] }
        source[axis] -= array.shape[axis]
      }
      preconditionFailure("index \(index) beyond shape \(shape)")
    }
  }

  package static func stack(_ arrays: [NDArray], axis: Int = 0) -> NDArray {
    let axis = axis < 0 ? axis + arrays[0].rank + 1 : axis
    return concatenate(arrays.map { $0.unsqueezed(axis) }, axis: axis)
  }

  package func split(_ sizes: [Int], axis: Int) -> [NDArray] {
    var start = 0
    return sizes.map { size in
      defer { start += size }
      return picking(axis, Array(start..<start + size))
    }
  }

  /// `widths[i]` elements of a value before and behind axis i.
  package func padded(_ widths: [(Int, Int)], value: Double = 0) -> NDArray {
    NDArray((0..<rank).map { widths[$0].0 + shape[$0] + widths[$0].1 }) { index in
      let source = (0..<rank).map { index[$0] - widths[$0].0 }
      let isInside = (0..<rank).allSatisfy { source[$0] >= 0 && source[$0] < shape[$0] }
      return isInside ? self[source] : value
    }
  }

  /// The array repeated `repeats[i]` times along axis i; missing leading axes are added on either side.
  package func tiled(_ repeats: [Int]) -> NDArray {
    let rank = Swift.max(self.rank, repeats.count)
    let base = NDArray(Array(repeating: 1, count: rank - self.rank) + shape, values)
    let repeats = Array(repeating: 1, count: rank - repeats.count) + repeats
    return NDArray((0..<rank).map { base.shape[$0] * repeats[$0] }) { index in
      base[(0..<rank).map { index[$0] % base.shape[$0] }]
    }
  }
}
