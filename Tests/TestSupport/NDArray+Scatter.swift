import Glibc

extension NDArray {
  /// The places that `scatter` names, each with the source's elements that go there in their order.
  private func scattered(_ axis: Int, _ indices: NDArray, _ source: NDArray) -> [[Int]: [Double]] {
    let axis = self.axis(axis)
    var result: [[Int]: [Double]] = [:]
    NDArray.forEachIndex(indices.shape) { index in
      var target = index
      let picked = Int(indices[index])
      target[axis] = picked < 0 ? picked + shape[axis] : picked
      result[target, default: []].append(source[index])
    }
    return result
  }

  package func scatter(_ axis: Int, _ indices: NDArray, _ source: NDArray) -> NDArray {
    var result = self
    for (target, values) in scattered(axis, indices, source) { result[target] = values.last ?? 0 }
    return result
  }

  package func scatterReduce(
    _ axis: Int, _ indices: NDArray, _ source: NDArray, includeSelf: Bool, _ join: ([Double]) -> Double
  ) -> NDArray {
    var result = self
    for (target, values) in scattered(axis, indices, source) {
      result[target] = join((includeSelf ? [self[target]] : []) + values)
    }
    return result
  }

  /// Elements of a part of each axis written over.
  package func assigned(_ value: NDArray, _ places: [[Int]]) -> NDArray {
    var result = self
    let shape = places.map(\.count)
    let value = value.expanded(to: shape)
    NDArray.forEachIndex(shape) { index in
      result[index.enumerated().map { places[$0][$1] }] = value[index]
    }
    return result
  }
}

// MARK: - Running and searching

extension NDArray {
  /// A function of the elements up to each along an axis.
  package func cumulative(_ axis: Int, _ join: ([Double]) -> Double) -> NDArray {
    let axis = self.axis(axis)
    return NDArray(shape) { index in
      join(
        (0...index[axis]).map { i in
          var at = index
          at[axis] = i
          return self[at]
        })
    }
  }

  /// How many elements of the row of this array are smaller than each value, or not larger.
  package func searchSorted(_ values: NDArray, right: Bool) -> NDArray {
    NDArray(values.shape) { index in
      let row = rank == 1 ? [] : Array(index.dropLast())
      let value = values[index]
      func isBefore(_ x: Double) -> Bool {
        if x.isNaN { return right && value.isNaN }
        return value.isNaN || (right ? x <= value : x < value)
      }
      return Double((0..<shape[rank - 1]).filter { isBefore(self[row + [$0]]) }.count)
    }
  }

  package func nonzero() -> NDArray {
    var rows: [Double] = []
    var number = 0
    NDArray.forEachIndex(shape) { index in
      guard self[index] != 0 else { return }
      rows += index.map(Double.init)
      number += 1
    }
    return NDArray([number, rank], rows)
  }

  /// The different slices along an axis in the order of their elements, with each slice's place among them and how often
  /// each occurs.
  package func uniqueSlices(_ axis: Int) -> (values: NDArray, inverse: NDArray, counts: NDArray) {
    let slices = (0..<shape[axis]).map { picking(axis, [$0]).values }
    var order = slices.indices.sorted { slices[$0].lexicographicallyPrecedes(slices[$1]) }
    for i in order.indices.dropFirst().reversed() where slices[order[i]] == slices[order[i - 1]] {
      order.remove(at: i)
    }
    let inverse = slices.map { slice in Double(order.firstIndex { slices[$0] == slice } ?? -1) }
    return (
      picking(axis, order), NDArray([slices.count], inverse),
      NDArray([order.count], order.map { i in Double(slices.count { $0 == slices[i] }) })
    )
  }
}
