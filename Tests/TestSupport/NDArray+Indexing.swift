extension NDArray {
  /// `result[i, j, k] = self[i, indices[i, j, k], k]` for axis 1 of three; a negative index counts from the end.
  package func gather(_ axis: Int, _ indices: NDArray) -> NDArray {
    let axis = self.axis(axis)
    return NDArray(indices.shape) { index in
      var source = index
      let picked = Int(indices[index])
      source[axis] = picked < 0 ? picked + shape[axis] : picked
      return self[source]
    }
  }

  /// The array with every element of `source` added where `gather` would have read it.
  package func scatterAdd(_ axis: Int, _ indices: NDArray, _ source: NDArray) -> NDArray {
    let axis = self.axis(axis)
    var result = self
    NDArray.forEachIndex(indices.shape) { index in
      var target = index
      let picked = Int(indices[index])
      target[axis] = picked < 0 ? picked + shape[axis] : picked
      result[target] += source[index]
    }
    return result
  }

  /// The positions of an axis that a one-dimensional array names.
  package func indexSelected(_ axis: Int, _ indices: NDArray) -> NDArray {
    let size = shape[self.axis(axis)]
    return picking(axis, indices.values.map { $0 < 0 ? Int($0) + size : Int($0) })
  }

  /// The rows of a table [count, width] that indices of any shape name.
  package static func embedding(_ indices: NDArray, _ table: NDArray) -> NDArray {
    NDArray(indices.shape + [table.shape[1]]) { index in
      table[Int(indices[Array(index.dropLast())]), index[index.count - 1]]
    }
  }

  /// One more axis that is 1 at the index and 0 elsewhere.
  package func oneHot(_ classes: Int) -> NDArray {
    NDArray(shape + [classes]) { index in
      Scalar.truth(self[Array(index.dropLast())] == Double(index[index.count - 1]))
    }
  }

  /// Zeros above the diagonal of the last two axes.
  package func tril(_ diagonal: Int = 0) -> NDArray {
    NDArray(shape) { $0[rank - 1] - $0[rank - 2] <= diagonal ? self[$0] : 0 }
  }

  /// Zeros below the diagonal of the last two axes.
  package func triu(_ diagonal: Int = 0) -> NDArray {
    NDArray(shape) { $0[rank - 1] - $0[rank - 2] >= diagonal ? self[$0] : 0 }
  }
}

// MARK: - Sorting

extension NDArray {
  /// The permutation that sorts each row along an axis: stable, NaN counts as the largest.
  package func argsort(_ axis: Int = -1, descending: Bool = false) -> NDArray {
    let axis = self.axis(axis)
    func isBefore(_ a: Double, _ b: Double) -> Bool {
      let smaller = descending ? b : a
      let larger = descending ? a : b
      return smaller < larger || (larger.isNaN && !smaller.isNaN)
    }
    var rowShape = shape
    rowShape[axis] = 1
    var result = self
    NDArray.forEachIndex(rowShape) { start in
      func at(_ i: Int) -> [Int] {
        var index = start
        index[axis] = i
        return index
      }
      let row = (0..<shape[axis]).map { self[at($0)] }
      // Equal elements keep their order.
      let order = row.indices.sorted {
        isBefore(row[$0], row[$1]) || (!isBefore(row[$1], row[$0]) && $0 < $1)
      }
      for (i, from) in order.enumerated() { result[at(i)] = Double(from) }
    }
    return result
  }

  package func sorted(_ axis: Int = -1, descending: Bool = false) -> NDArray {
    gather(axis, argsort(axis, descending: descending))
  }

  /// The positions of the k largest (smallest) elements, the largest (smallest) first.
  package func topKIndices(_ k: Int, _ axis: Int = -1, largest: Bool = true) -> NDArray {
    argsort(axis, descending: largest).sliced(axis, from: 0, to: k)
  }

  package func topK(_ k: Int, _ axis: Int = -1, largest: Bool = true) -> NDArray {
    gather(axis, topKIndices(k, axis, largest: largest))
  }
}
