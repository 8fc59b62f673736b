import Glibc

extension NDArray {
  /// Element i of an axis comes from i - shift, counted around.
  package func rolled(_ shift: Int, _ axis: Int) -> NDArray {
    let n = shape[self.axis(axis)]
    return picking(axis, (0..<n).map { (($0 - shift) % n + n) % n })
  }

  /// Element i of an axis `counts[i]` times.
  package func repeatInterleave(_ counts: [Int], _ axis: Int) -> NDArray {
    picking(axis, counts.enumerated().flatMap { Array(repeating: $0, count: $1) })
  }

  package func diff(_ axis: Int) -> NDArray {
    let n = shape[self.axis(axis)]
    return picking(axis, Array(1..<Swift.max(n, 1))) - picking(axis, Array(0..<Swift.max(n - 1, 0)))
  }

  /// result[..., i] is the element whose places along two axes are i and i + offset.
  package func diagonal(_ offset: Int, _ a: Int, _ b: Int) -> NDArray {
    let (row, column) = (Swift.max(0, -offset), Swift.max(0, offset))
    let n = Swift.max(0, Swift.min(shape[a] - row, shape[b] - column))
    let others = (0..<rank).filter { $0 != a && $0 != b }
    return NDArray(others.map { shape[$0] } + [n]) { index in
      var source = Array(repeating: 0, count: rank)
      for (i, axis) in others.enumerated() { source[axis] = index[i] }
      source[a] = row + index[others.count]
      source[b] = column + index[others.count]
      return self[source]
    }
  }

  package func norm(_ order: Double, _ axes: [Int]? = nil, keepDims: Bool = false) -> NDArray {
    reduced(axes, keepDims: keepDims) { group in
      let magnitudes = group.map { Swift.abs($0) }
      switch order {
      case 0: return Double(magnitudes.filter { $0 != 0 }.count)
      case .infinity: return magnitudes.reduce(0, Scalar.maximum)
      case -.infinity: return magnitudes.reduce(.infinity, Scalar.minimum)
      default: return pow(magnitudes.reduce(0) { $0 + pow($1, order) }, 1 / order)
      }
    }
  }

  /// Distances of rows, each from each.
  package static func cdist(_ a: NDArray, _ b: NDArray, _ order: Double) -> NDArray {
    (a.unsqueezed(-2) - b.unsqueezed(-3)).norm(order, [-1])
  }

  /// Every product of every combination of letters, added where the result's letters say; letters alone, no dots.
  package static func einsum(_ equation: String, _ operands: [NDArray]) -> NDArray {
    let sides = equation.split(separator: ">").map { $0.filter { $0.isLetter || $0 == "," } }
    let inputs = sides[0].split(separator: ",", omittingEmptySubsequences: false).map(Array.init)
    let output = sides.count > 1 ? Array(sides[1]) : []
    var sizes: [Character: Int] = [:]
    for (letters, operand) in Swift.zip(inputs, operands) {
      for (letter, size) in Swift.zip(letters, operand.shape) { sizes[letter] = size }
    }
    let all = sizes.keys.sorted()
    var result = NDArray(output.map { sizes[$0] ?? 0 }, filledWith: 0)
    forEachIndex(all.map { sizes[$0] ?? 0 }) { index in
      let place = Dictionary(uniqueKeysWithValues: Swift.zip(all, index))
      var product = 1.0
      for (letters, operand) in Swift.zip(inputs, operands) {
        product *= operand[letters.map { place[$0] ?? 0 }]
      }
      result[output.map { place[$0] ?? 0 }] += product
    }
    return result
  }
}
