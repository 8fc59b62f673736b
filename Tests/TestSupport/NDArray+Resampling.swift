import Glibc

extension NDArray {
  /// Each place of an axis as the weighted sum of all elements, by a function of place and element.
  private func resampled(_ axis: Int, _ places: Int, _ weight: (Int, Int) -> Double) -> NDArray {
    var target = shape
    target[axis] = places
    return NDArray(target) { index in
      var sum = 0.0
      var at = index
      for j in 0..<shape[axis] {
        let w = weight(index[axis], j)
        if w == 0 { continue }
        at[axis] = j
        sum += w * self[at]
      }
      return sum
    }
  }

  private static func keys(_ x: Double, _ a: Double) -> Double {
    let x = Swift.abs(x)
    if x <= 1 { return (a + 2) * x * x * x - (a + 3) * x * x + 1 }
    return x < 2 ? a * x * x * x - 5 * a * x * x + 8 * a * x - 4 * a : 0
  }

  /// PyTorch's `interpolate` along every axis behind the first two; modes are "nearest", "nearestExact", "linear", "cubic".
  ///
  /// With factors, places are as far apart as these say.
  package func interpolated(
    _ size: [Int], _ mode: String, alignCorners: Bool, antialias: Bool, scale: [Double]? = nil
  ) -> NDArray {
    var result = self
    for (i, m) in size.enumerated() {
      let n = shape[i + 2]
      let ratio =
        alignCorners
        ? (m > 1 ? Double(n - 1) / Double(m - 1) : 0) : scale.map { 1 / $0[i] } ?? Double(n) / Double(m)
      result = result.resampled(i + 2, m) { place, element in
        let middle = ratio * (Double(place) + 0.5)
        let at = alignCorners ? ratio * Double(place) : middle - 0.5
        func clamp(_ j: Int) -> Int { Swift.min(Swift.max(j, 0), n - 1) }
        if antialias {
          let wide = Swift.max(ratio, 1)
          func weight(_ j: Int) -> Double {
            let x = (Double(j) + 0.5 - middle) / wide
            return mode == "cubic" ? NDArray.keys(x, -0.5) : Swift.max(0, 1 - Swift.abs(x))
          }
          return weight(element) / (0..<n).map(weight).reduce(0, +)
        }
        switch mode {
        case "nearest": return element == clamp(Int(floor(Double(place) * ratio + 1e-9))) ? 1 : 0
        case "nearestExact": return element == clamp(Int(floor(middle + 1e-9))) ? 1 : 0
        case "linear":
          let from = Swift.min(Swift.max(at, 0), Double(n - 1))
          return Swift.max(0, 1 - Swift.abs(from - Double(element)))
        default:
          let first = Int(floor(at))
          return (first - 1...first + 2).filter { clamp($0) == element }
            .map { NDArray.keys(at - Double($0), -0.75) }.reduce(0, +)
        }
      }
    }
    return result
  }

  /// Windows of images as columns [n, c * kh * kw, windows].
  package func unfold2D(
    _ kernel: (Int, Int), _ stride: (Int, Int), _ padding: (Int, Int), _ dilation: (Int, Int)
  ) -> NDArray {
    let padded = padded([(0, 0), (0, 0), (padding.0, padding.0), (padding.1, padding.1)])
    let rows = (padded.shape[2] - dilation.0 * (kernel.0 - 1) - 1) / stride.0 + 1
    let columns = (padded.shape[3] - dilation.1 * (kernel.1 - 1) - 1) / stride.1 + 1
    return NDArray([shape[0], shape[1] * kernel.0 * kernel.1, rows * columns]) { i in
      let (c, tap) = i[1].quotientAndRemainder(dividingBy: kernel.0 * kernel.1)
      return padded[
        i[0], c, i[2] / columns * stride.0 + tap / kernel.1 * dilation.0,
        i[2] % columns * stride.1 + tap % kernel.1 * dilation.1]
    }
  }

  /// A pooling by a function of the elements that a window has inside the image, and of how many of its places lie inside
  /// image and padding.
  package func pooled(
    _ kernel: (Int, Int), _ stride: (Int, Int), _ padding: (Int, Int), dilation: (Int, Int) = (1, 1),
    ceilMode: Bool = false, _ join: ([Double], Int) -> Double
  ) -> NDArray {
    func count(_ n: Int, _ k: Int, _ s: Int, _ p: Int, _ d: Int) -> Int {
      let room = Double(n + 2 * p - d * (k - 1) - 1) / Double(s)
      var outputs = Int(ceilMode ? room.rounded(.up) : room.rounded(.down)) + 1
      if ceilMode && (outputs - 1) * s >= n + p { outputs -= 1 }
      return outputs
    }
    let (h, w) = (shape[2], shape[3])
    let rows = count(h, kernel.0, stride.0, padding.0, dilation.0)
    let columns = count(w, kernel.1, stride.1, padding.1, dilation.1)
    return NDArray([shape[0], shape[1], rows, columns]) { i in
      var inside: [Double] = []
      var places = 0
      for ky in 0..<kernel.0 {
        for kx in 0..<kernel.1 {
          let y = i[2] * stride.0 - padding.0 + ky * dilation.0
          let x = i[3] * stride.1 - padding.1 + kx * dilation.1
          if y < h + padding.0 && x < w + padding.1 { places += 1 }
          if y >= 0 && y < h && x >= 0 && x < w { inside.append(self[i[0], i[1], y, x]) }
        }
      }
      return join(inside, places)
    }
  }

  /// The windows along an axis.
  package static func windowCount(
    _ length: Int, kernel: Int, stride: Int, padding: Int, dilation: Int
  ) -> Int {
    let extent: Int = dilation * (kernel - 1) + 1
    let room: Int = length + 2 * padding - extent
    return room / stride + 1
  }

  /// Where a tap of a window lies along three axes.
  private static func place(
    _ window: [Int], _ tap: [Int], _ stride: [Int], _ padding: [Int], _ dilation: [Int]
  ) -> [Int] {
    var result: [Int] = []
    for i in 0..<3 {
      let start: Int = window[i + 2] * stride[i] - padding[i]
      result.append(start + tap[i + 1] * dilation[i])
    }
    return result
  }

  private static func isInside(_ place: [Int], _ sizes: [Int]) -> Bool {
    for i in 0..<3 where place[i] < 0 || place[i] >= sizes[i] { return false }
    return true
  }

  /// The 3-D convolution by its definition.
  package static func conv3D(
    _ x: NDArray, _ filter: NDArray, _ stride: [Int], _ padding: [Int], _ dilation: [Int], groups: Int
  ) -> NDArray {
    var sizes: [Int] = []
    for i in 0..<3 {
      sizes.append(
        windowCount(
          x.shape[i + 2], kernel: filter.shape[i + 2], stride: stride[i], padding: padding[i],
          dilation: dilation[i]))
    }
    let inputs = filter.shape[1]
    let outputs = filter.shape[0] / groups
    let volume = Array(x.shape.suffix(3))
    let taps = Array(filter.shape.dropFirst())
    return NDArray([x.shape[0], filter.shape[0]] + sizes) { index in
      var sum = 0.0
      NDArray.forEachIndex(taps) { tap in
        let at = place(index, tap, stride, padding, dilation)
        guard isInside(at, volume) else { return }
        let channel: Int = index[1] / outputs * inputs + tap[0]
        let value: Double = x[[index[0], channel] + at]
        sum += value * filter[[index[1]] + tap]
      }
      return sum
    }
  }

  /// What `conv3D` gives to each of its inputs, as a sum: the transposed convolution.
  package static func convTranspose3D(
    _ x: NDArray, _ filter: NDArray, _ stride: [Int], _ padding: [Int], _ dilation: [Int],
    _ outputPadding: [Int],
    groups: Int
  ) -> NDArray {
    var sizes: [Int] = []
    for i in 0..<3 {
      let steps: Int = (x.shape[i + 2] - 1) * stride[i] - 2 * padding[i]
      let extent: Int = dilation[i] * (filter.shape[i + 2] - 1) + 1
      sizes.append(steps + extent + outputPadding[i])
    }
    let inputs = x.shape[1] / groups
    let outputs = filter.shape[1]
    let taps = Array(filter.shape.dropFirst())
    var result = NDArray([x.shape[0], outputs * groups] + sizes, filledWith: 0)
    NDArray.forEachIndex(x.shape) { index in
      NDArray.forEachIndex(taps) { tap in
        let at = place(index, tap, stride, padding, dilation)
        guard isInside(at, sizes) else { return }
        let channel: Int = index[1] / inputs * outputs + tap[0]
        let target: [Int] = [index[0], channel] + at
        result[target] += x[index] * filter[[index[1]] + tap]
      }
    }
    return result
  }
}
