import Glibc

extension NDArray {
  /// Each group of elements along some axes turned into one number.
  ///
  /// - Parameter axes: All axes where nil; negative ones count from the end.
  package func reduced(_ axes: [Int]?, keepDims: Bool = false, _ join: ([Double]) -> Double) -> NDArray {
    let reduced = Set((axes ?? Array(0..<rank)).map { axis($0) })
    let keptShape = (0..<rank).map { reduced.contains($0) ? 1 : shape[$0] }
    var groups: [[Double]] = Array(repeating: [], count: keptShape.reduce(1, *))
    let places = NDArray(keptShape, (0..<groups.count).map(Double.init))
    NDArray.forEachIndex(shape) { index in
      let place = places[(0..<rank).map { reduced.contains($0) ? 0 : index[$0] }]
      groups[Int(place)].append(self[index])
    }
    let finalShape = keepDims ? keptShape : (0..<rank).filter { !reduced.contains($0) }.map { shape[$0] }
    return NDArray(finalShape, groups.map(join))
  }

  package func sum(_ axes: [Int]? = nil, keepDims: Bool = false) -> NDArray {
    reduced(axes, keepDims: keepDims) { $0.reduce(0, +) }
  }

  package func mean(_ axes: [Int]? = nil, keepDims: Bool = false) -> NDArray {
    reduced(axes, keepDims: keepDims) { $0.reduce(0, +) / Double($0.count) }
  }

  package func prod(_ axes: [Int]? = nil, keepDims: Bool = false) -> NDArray {
    reduced(axes, keepDims: keepDims) { $0.reduce(1, *) }
  }

  package func max(_ axes: [Int]? = nil, keepDims: Bool = false) -> NDArray {
    reduced(axes, keepDims: keepDims) { $0.reduce(-Double.infinity, Scalar.maximum) }
  }

  package func min(_ axes: [Int]? = nil, keepDims: Bool = false) -> NDArray {
    reduced(axes, keepDims: keepDims) { $0.reduce(Double.infinity, Scalar.minimum) }
  }

  package func any(_ axes: [Int]? = nil, keepDims: Bool = false) -> NDArray {
    reduced(axes, keepDims: keepDims) { Scalar.truth($0.contains { $0 != 0 }) }
  }

  package func all(_ axes: [Int]? = nil, keepDims: Bool = false) -> NDArray {
    reduced(axes, keepDims: keepDims) { Scalar.truth($0.allSatisfy { $0 != 0 }) }
  }

  package func variance(_ axes: [Int]? = nil, keepDims: Bool = false, correction: Int = 0) -> NDArray {
    reduced(axes, keepDims: keepDims) { group in
      let mean = group.reduce(0, +) / Double(group.count)
      return group.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(group.count - correction)
    }
  }

  package func standardDeviation(_ axes: [Int]? = nil, keepDims: Bool = false, correction: Int = 0) -> NDArray
  {
    variance(axes, keepDims: keepDims, correction: correction).map { $0.squareRoot() }
  }

  package func logSumExp(_ axes: [Int]? = nil, keepDims: Bool = false) -> NDArray {
    reduced(axes, keepDims: keepDims) { group in
      let top = group.reduce(-Double.infinity, Scalar.maximum)
      if top == -.infinity || top == .infinity { return top }
      return top + log(group.reduce(0) { $0 + exp($1 - top) })
    }
  }

  /// The index of the first largest element; the first NaN where there is one.
  package func argmax(_ axis: Int, keepDims: Bool = false) -> NDArray {
    reduced([axis], keepDims: keepDims) { group in
      if let nan = group.firstIndex(where: \.isNaN) { return Double(nan) }
      var best = 0
      for i in group.indices where group[i] > group[best] { best = i }
      return Double(best)
    }
  }

  /// The index of the first smallest element; the first NaN where there is one.
  package func argmin(_ axis: Int, keepDims: Bool = false) -> NDArray {
    (-self).argmax(axis, keepDims: keepDims)
  }

  package func cumulativeSum(_ axis: Int) -> NDArray {
    let axis = self.axis(axis)
    return NDArray(shape) { index in
      var sum = 0.0
      var at = index
      for i in 0...index[axis] {
        at[axis] = i
        sum += self[at]
      }
      return sum
    }
  }
}
