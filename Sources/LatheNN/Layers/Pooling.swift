import Lathe

/// A layer that is a function without parameters.
public class FunctionLayer: Module {
  private let function: (Tensor) -> Tensor

  init(_ function: @escaping (Tensor) -> Tensor) { self.function = function }

  /// Computes the layer.
  public func forward(_ input: Tensor) -> Tensor { function(input) }
}

/// The largest value of each window of images [n, c, h, w].
public final class MaxPool2D: FunctionLayer {
  /// Square windows; the stride is the window's size where not given.
  public init(_ kernel: Int, stride: Int? = nil, padding: Int = 0) {
    let step = stride ?? kernel
    super.init { $0.maxPool2D(kernel: (kernel, kernel), stride: (step, step), padding: (padding, padding)) }
  }
}

/// The mean of each window of images [n, c, h, w].
public final class AveragePool2D: FunctionLayer {
  /// Square windows; the stride is the window's size where not given.
  public init(_ kernel: Int, stride: Int? = nil, padding: Int = 0, countsPadding: Bool = true) {
    let step = stride ?? kernel
    super.init {
      $0.averagePool2D(
        kernel: (kernel, kernel), stride: (step, step), padding: (padding, padding),
        countsPadding: countsPadding)
    }
  }
}

/// The largest value of each window of sequences [n, c, length].
public final class MaxPool1D: FunctionLayer {
  /// The stride is the window's size where not given.
  public init(_ kernel: Int, stride: Int? = nil, padding: Int = 0) {
    super.init { $0.maxPool1D(kernel: kernel, stride: stride, padding: padding) }
  }
}

/// The mean of each window of sequences [n, c, length].
public final class AveragePool1D: FunctionLayer {
  /// The stride is the window's size where not given.
  public init(_ kernel: Int, stride: Int? = nil, padding: Int = 0, countsPadding: Bool = true) {
    super.init {
      $0.averagePool1D(kernel: kernel, stride: stride, padding: padding, countsPadding: countsPadding)
    }
  }
}

/// Means of images [n, c, h, w] over windows that divide each plane into a wanted number of pieces.
public final class AdaptiveAveragePool2D: FunctionLayer {
  /// - Parameters:
  ///   - height: Rows of the result; `width` columns.
  ///   - width: Columns of the result.
  public init(_ height: Int, _ width: Int) {
    super.init { $0.adaptiveAveragePool2D(output: (height, width)) }
  }
}

/// Largest values of images [n, c, h, w] in windows that divide each plane into a wanted number of pieces.
public final class AdaptiveMaxPool2D: FunctionLayer {
  /// - Parameters:
  ///   - height: Rows of the result; `width` columns.
  ///   - width: Columns of the result.
  public init(_ height: Int, _ width: Int) { super.init { $0.adaptiveMaxPool2D(output: (height, width)) } }
}

/// Means of sequences [n, c, length] over windows that divide the length into a wanted number of pieces.
public final class AdaptiveAveragePool1D: FunctionLayer {
  /// - Parameter length: Elements of the result.
  public init(_ length: Int) { super.init { $0.adaptiveAveragePool1D(output: length) } }
}

/// Largest values of sequences [n, c, length] in windows that divide the length into a wanted number of pieces.
public final class AdaptiveMaxPool1D: FunctionLayer {
  /// - Parameter length: Elements of the result.
  public init(_ length: Int) { super.init { $0.adaptiveMaxPool1D(output: length) } }
}

/// The mean of each plane of images [n, c, h, w]: [n, c].
public final class GlobalAveragePool2D: FunctionLayer {
  /// A layer without parameters.
  public init() { super.init { $0.globalAveragePool2D().flattened(from: 1) } }
}

/// The largest value of each plane of images [n, c, h, w]: [n, c].
public final class GlobalMaxPool2D: FunctionLayer {
  /// A layer without parameters.
  public init() { super.init { $0.globalMaxPool2D().flattened(from: 1) } }
}

/// The largest value of each window of volumes [n, c, d, h, w].
public final class MaxPool3D: FunctionLayer {
  /// Cubic windows; the stride is the window's size where not given.
  public init(_ kernel: Int, stride: Int? = nil, padding: Int = 0) {
    let step = stride ?? kernel
    super.init {
      $0.maxPool3D(
        kernel: (kernel, kernel, kernel), stride: (step, step, step), padding: (padding, padding, padding))
    }
  }
}

/// The mean of each window of volumes [n, c, d, h, w].
public final class AveragePool3D: FunctionLayer {
  /// Cubic windows; the stride is the window's size where not given.
  public init(_ kernel: Int, stride: Int? = nil, padding: Int = 0, countsPadding: Bool = true) {
    let step = stride ?? kernel
    super.init {
      $0.averagePool3D(
        kernel: (kernel, kernel, kernel), stride: (step, step, step), padding: (padding, padding, padding),
        countsPadding: countsPadding)
    }
  }
}

/// Means of volumes [n, c, d, h, w] over windows that divide each into a wanted number of pieces.
public final class AdaptiveAveragePool3D: FunctionLayer {
  /// - Parameters:
  ///   - depth: Slices of the result; `height` rows, `width` columns.
  ///   - height: Rows of the result.
  ///   - width: Columns of the result.
  public init(_ depth: Int, _ height: Int, _ width: Int) {
    super.init { $0.adaptiveAveragePool3D(output: (depth, height, width)) }
  }
}

/// Largest values of volumes [n, c, d, h, w] in windows that divide each into a wanted number of pieces.
public final class AdaptiveMaxPool3D: FunctionLayer {
  /// - Parameters:
  ///   - depth: Slices of the result; `height` rows, `width` columns.
  ///   - height: Rows of the result.
  ///   - width: Columns of the result.
  public init(_ depth: Int, _ height: Int, _ width: Int) {
    super.init { $0.adaptiveMaxPool3D(output: (depth, height, width)) }
  }
}
