import LatheCore

/// Pooling to a wanted size: window i of n over an axis of L elements is floor(i L / n) ..< ceil((i + 1) L / n), as
/// PyTorch's.
extension Tensor {
  private func adaptiveSizes(_ name: StaticString, _ output: (Int, Int)) -> Pool2D {
    require(
      rank == 4 && dtype.isFloatingPoint, "\(name): \(dtype) of shape \(shape), not floats [n, c, h, w]")
    require(
      output.0 > 0 && output.1 > 0 && shape[2] > 0 && shape[3] > 0,
      "\(name): output \(output) for a tensor of shape \(shape)")
    checkPlane(name)
    let (height, width) = (shape[2], shape[3])
    // Windows that divide a plane are those of an ordinary pooling.
    let isAdaptive = height % output.0 != 0 || width % output.1 != 0
    let window = ((height + output.0 - 1) / output.0, (width + output.1 - 1) / output.1)
    var sizes = Pool2D(
      planes: shape[0] * shape[1], height: height, width: width, kernelHeight: window.0,
      kernelWidth: window.1,
      strideY: window.0, strideX: window.1, paddingY: 0, paddingX: 0, outputHeight: output.0,
      outputWidth: output.1)
    sizes.isAdaptive = isAdaptive
    return sizes
  }

  /// The means of [n, c, h, w] over windows that divide each plane into `output` pieces.
  public func adaptiveAveragePool2D(output: (Int, Int)) -> Tensor {
    let sizes = adaptiveSizes("adaptiveAveragePool2D", output)
    return output == (1, 1) ? globalAveragePool2D() : averagePool2D(sizes)
  }

  /// The largest elements of [n, c, h, w] in windows that divide each plane into `output` pieces; the gradient goes to
  /// the first largest element of a window, or to its last NaN.
  public func adaptiveMaxPool2D(output: (Int, Int)) -> Tensor {
    maxPool2D(adaptiveSizes("adaptiveMaxPool2D", output))
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
