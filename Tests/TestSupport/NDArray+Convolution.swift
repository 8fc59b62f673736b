/// The sizes that a convolution or a pooling takes, in the order rows, columns.
package struct Window: Sendable {
  package var stride = (1, 1)
  package var padding = (0, 0)
  package var dilation = (1, 1)
  package var groups = 1
  package var outputPadding = (0, 0)

  package init(
    stride: (Int, Int) = (1, 1), padding: (Int, Int) = (0, 0), dilation: (Int, Int) = (1, 1), groups: Int = 1,
    outputPadding: (Int, Int) = (0, 0)
  ) {
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
    self.outputPadding = outputPadding
  }
}

extension NDArray {
  /// x [n, c, h, w], filter [o, c / groups, kh, kw], bias [o] -> [n, o, oh, ow].
  package func conv2D(_ filter: NDArray, _ bias: NDArray? = nil, _ window: Window = Window()) -> NDArray {
    let (kh, kw) = (filter.shape[2], filter.shape[3])
    let groupInputs = shape[1] / window.groups
    let groupOutputs = filter.shape[0] / window.groups
    let oh = (shape[2] + 2 * window.padding.0 - window.dilation.0 * (kh - 1) - 1) / window.stride.0 + 1
    let ow = (shape[3] + 2 * window.padding.1 - window.dilation.1 * (kw - 1) - 1) / window.stride.1 + 1
    return NDArray([shape[0], filter.shape[0], oh, ow]) { index in
      let (n, o) = (index[0], index[1])
      var sum = bias?.values[o] ?? 0
      for c in 0..<groupInputs {
        for ky in 0..<kh {
          for kx in 0..<kw {
            let y = index[2] * window.stride.0 - window.padding.0 + ky * window.dilation.0
            let x = index[3] * window.stride.1 - window.padding.1 + kx * window.dilation.1
            if y < 0 || y >= shape[2] || x < 0 || x >= shape[3] { continue }
            sum += self[n, o / groupOutputs * groupInputs + c, y, x] * filter[o, c, ky, kx]
          }
        }
      }
      return sum
    }
  }

  /// x [n, c, h, w], filter [c, o / groups, kh, kw], bias [o] -> [n, o, oh, ow]: each input spreads its filter.
  package func convTranspose2D(_ filter: NDArray, _ bias: NDArray? = nil, _ window: Window = Window())
    -> NDArray
  {
    let (kh, kw) = (filter.shape[2], filter.shape[3])
    let groupInputs = shape[1] / window.groups
    let groupOutputs = filter.shape[1]
    func size(_ input: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ dilation: Int, _ extra: Int)
      -> Int
    {
      (input - 1) * stride - 2 * padding + dilation * (kernel - 1) + extra + 1
    }
    let oh = size(shape[2], kh, window.stride.0, window.padding.0, window.dilation.0, window.outputPadding.0)
    let ow = size(shape[3], kw, window.stride.1, window.padding.1, window.dilation.1, window.outputPadding.1)
    var result = NDArray([shape[0], groupOutputs * window.groups, oh, ow]) { bias?.values[$0[1]] ?? 0 }
    NDArray.forEachIndex(shape) { index in
      let (n, c) = (index[0], index[1])
      for o in 0..<groupOutputs {
        for ky in 0..<kh {
          for kx in 0..<kw {
            let y = index[2] * window.stride.0 - window.padding.0 + ky * window.dilation.0
            let x = index[3] * window.stride.1 - window.padding.1 + kx * window.dilation.1
            if y < 0 || y >= oh || x < 0 || x >= ow { continue }
            result[n, c / groupInputs * groupOutputs + o, y, x] +=
              self[n, c, index[2], index[3]] * filter[c, o, ky, kx]
          }
        }
      }
    }
    return result
  }

  /// The values under each window, nil where the window reaches into the padding, joined into one.
  package func pooled(
    _ kernel: (Int, Int), _ window: Window, _ join: ([Double?]) -> Double
  ) -> NDArray {
    let oh = (shape[2] + 2 * window.padding.0 - kernel.0) / window.stride.0 + 1
    let ow = (shape[3] + 2 * window.padding.1 - kernel.1) / window.stride.1 + 1
    return NDArray([shape[0], shape[1], oh, ow]) { index in
      var inside: [Double?] = []
      for ky in 0..<kernel.0 {
        for kx in 0..<kernel.1 {
          let y = index[2] * window.stride.0 - window.padding.0 + ky
          let x = index[3] * window.stride.1 - window.padding.1 + kx
          let isInside = y >= 0 && y < shape[2] && x >= 0 && x < shape[3]
          inside.append(isInside ? self[index[0], index[1], y, x] : nil)
        }
      }
      return join(inside)
    }
  }

  package func maxPool2D(_ kernel: (Int, Int), _ window: Window) -> NDArray {
    pooled(kernel, window) { $0.compactMap { $0 }.reduce(-Double.infinity, Scalar.maximum) }
  }

  package func averagePool2D(_ kernel: (Int, Int), _ window: Window, countsPadding: Bool = true) -> NDArray {
    pooled(kernel, window) { values in
      let inside = values.compactMap { $0 }
      return inside.reduce(0, +) / Double(countsPadding ? values.count : inside.count)
    }
  }
}

extension NDArray {
  /// The gradients of `x.conv2D(filter)` with respect to x and the filter, from the result's.
  package static func conv2DGradients(
    _ x: NDArray, _ filter: NDArray, _ gradient: NDArray, _ window: Window
  ) -> [NDArray] {
    var (dx, dfilter) = (NDArray(x.shape) { _ in 0 }, NDArray(filter.shape) { _ in 0 })
    let groupInputs = x.shape[1] / window.groups
    let groupOutputs = filter.shape[0] / window.groups
    func place(_ shape: [Int], _ index: [Int]) -> Int {
      Swift.zip(shape, index).reduce(0) { $0 * $1.0 + $1.1 }
    }
    for n in 0..<x.shape[0] {
      for o in 0..<filter.shape[0] {
        for row in 0..<gradient.shape[2] {
          for column in 0..<gradient.shape[3] {
            let g = gradient[n, o, row, column]
            for c in 0..<groupInputs {
              for ky in 0..<filter.shape[2] {
                for kx in 0..<filter.shape[3] {
                  let i = row * window.stride.0 - window.padding.0 + ky * window.dilation.0
                  let j = column * window.stride.1 - window.padding.1 + kx * window.dilation.1
                  if i < 0 || i >= x.shape[2] || j < 0 || j >= x.shape[3] { continue }
                  let from = place(x.shape, [n, o / groupOutputs * groupInputs + c, i, j])
                  let tap = place(filter.shape, [o, c, ky, kx])
                  dx.values[from] += g * filter.values[tap]
                  dfilter.values[tap] += g * x.values[from]
                }
              }
            }
          }
        }
      }
    }
    return [dx, dfilter]
  }
}
