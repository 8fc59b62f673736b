import Glibc

extension NDArray {
  /// A pooling of volumes by a function of the elements that a window has inside, and of how many of its places lie inside
  /// volume and padding.
  package func pooledVolumes(
    _ kernel: [Int], _ stride: [Int], _ padding: [Int], dilation: [Int] = [1, 1, 1], ceilMode: Bool = false,
    _ join: ([Double], Int) -> Double
  ) -> NDArray {
    let sizes = (0..<3).map { i -> Int in
      let (n, p) = (shape[i + 2], padding[i])
      let extent: Int = dilation[i] * (kernel[i] - 1) + 1
      let room = Double(n + 2 * p - extent) / Double(stride[i])
      let count = Int(ceilMode ? ceil(room) : floor(room)) + 1
      return ceilMode && (count - 1) * stride[i] >= n + p ? count - 1 : count
    }
    return NDArray([shape[0], shape[1]] + sizes) { index in
      var inside: [Double] = []
      var places = 0
      NDArray.forEachIndex(kernel) { tap in
        var at: [Int] = []
        var (isPlace, isInside) = (true, true)
        for i in 0..<3 {
          let place: Int = index[i + 2] * stride[i] - padding[i] + tap[i] * dilation[i]
          let length: Int = shape[i + 2]
          isPlace = isPlace && place < length + padding[i]
          isInside = isInside && place >= 0 && place < length
          at.append(place)
        }
        if isPlace { places += 1 }
        if isInside { inside.append(self[[index[0], index[1]] + at]) }
      }
      return join(inside, places)
    }
  }

  /// A pooling of volumes by a function of the elements in each of the boxes that divide them.
  package func adaptivelyPooledVolumes(_ sizes: [Int], _ join: ([Double]) -> Double) -> NDArray {
    NDArray([shape[0], shape[1]] + sizes) { index in
      var elements: [Double] = []
      NDArray.forEachIndex(Array(shape.dropFirst(2))) { at in
        let isInside = (0..<3).allSatisfy { axis -> Bool in
          let i: Int = index[axis + 2]
          let n: Int = sizes[axis]
          let length: Int = shape[axis + 2]
          let end: Int = ((i + 1) * length + n - 1) / n
          return at[axis] >= i * length / n && at[axis] < end
        }
        if isInside { elements.append(self[[index[0], index[1]] + at]) }
      }
      return join(elements)
    }
  }
}
