import LatheCore

/// Pooling to a wanted size: window i of n over an axis of L elements is floor(i L / n) ..< ceil((i + 1) L / n), as
/// PyTorch's.
extension Tensor {
  private static func windows(_ length: Int, _ count: Int) -> [Range<Int>] {
    (0..<count).map { i in i * length / count..<((i + 1) * length + count - 1) / count }
  }

  private func checkAdaptive(_ name: StaticString, _ output: (Int, Int)) {
    require(
      rank == 4 && dtype.isFloatingPoint, "\(name): \(dtype) of shape \(shape), not floats [n, c, h, w]")
    require(
      output.0 > 0 && output.1 > 0 && shape[2] > 0 && shape[3] > 0,
      "\(name): output \(output) for a tensor of shape \(shape)")
  }

  /// The means of [n, c, h, w] over windows that divide each plane into `output` pieces.
  public func adaptiveAveragePool2D(output: (Int, Int)) -> Tensor {
    checkAdaptive("adaptiveAveragePool2D", output)
    let (height, width) = (shape[2], shape[3])
    if height % output.0 == 0 && width % output.1 == 0 {
      return averagePool2D(kernel: (height / output.0, width / output.1))
    }
    // Means over windows are linear and separable: a matrix of shares on each side.
    let rows = Tensor.windowShares(height, output.0, device: device).cast(to: dtype)
    let columns = Tensor.windowShares(width, output.1, device: device).cast(to: dtype)
    return rows.matmul(matmul(columns.transposed()))
  }

  /// [count, length]: the share that each element has in each window's mean.
  private static func windowShares(_ length: Int, _ count: Int, device: Device) -> Tensor {
    var shares = [Float](repeating: 0, count: count * length)
    for (row, window) in windows(length, count).enumerated() {
      for column in window { shares[row * length + column] = 1 / Float(window.count) }
    }
    return Tensor(shares, shape: [count, length], device: device)
  }

  /// The largest elements of [n, c, h, w] in windows that divide each plane into `output` pieces.
  public func adaptiveMaxPool2D(output: (Int, Int)) -> Tensor {
    checkAdaptive("adaptiveMaxPool2D", output)
    let (height, width) = (shape[2], shape[3])
    if height % output.0 == 0 && width % output.1 == 0 {
      return maxPool2D(kernel: (height / output.0, width / output.1))
    }
    return windowMaxima(axis: 2, output.0).windowMaxima(axis: 3, output.1)
  }

  private func windowMaxima(axis: Int, _ count: Int) -> Tensor {
    Tensor.concatenate(
      Tensor.windows(shape[axis], count).map {
        sliced(axis: axis, from: $0.lowerBound, to: $0.upperBound).max(axes: [axis], keepDims: true)
      }, axis: axis)
  }

  /// The means of [n, c, length] over windows that divide the length into `output` pieces.
  public func adaptiveAveragePool1D(output: Int) -> Tensor {
    require(rank == 3, "adaptiveAveragePool1D: a tensor of shape \(shape), not [n, c, length]")
    return unsqueezed(2).adaptiveAveragePool2D(output: (1, output)).squeezed(2)
  }

  /// The largest elements of [n, c, length] in windows that divide the length into `output` pieces.
  public func adaptiveMaxPool1D(output: Int) -> Tensor {
    require(rank == 3, "adaptiveMaxPool1D: a tensor of shape \(shape), not [n, c, length]")
    return unsqueezed(2).adaptiveMaxPool2D(output: (1, output)).squeezed(2)
  }
}
