import Lathe

/// What all convolutions share: filters and biases with PyTorch's first values, their names, and what they cost.
public class Convolution: Module {
  /// [out, in / groups, window...]; of transposed convolutions [in, out / groups, window...].
  public let weight: Parameter
  /// [out].
  public let bias: Parameter?
  private let isTransposed: Bool
  private let apply: (Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor

  init(
    inputs: Int, outputs: Int, groups: Int, window: [Int], isTransposed: Bool = false, bias: Bool,
    _ initializer: Initializer, _ generator: Generator, _ device: Device,
    apply: @escaping (Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor
  ) {
    require(
      groups > 0 && inputs > 0 && outputs > 0 && inputs % groups == 0 && outputs % groups == 0
        && window.allSatisfy { $0 > 0 },
      "\(Self.self): \(inputs) inputs and \(outputs) outputs in \(groups) groups with window \(window)")
    let (rows, columns) = isTransposed ? (inputs, outputs / groups) : (outputs, inputs / groups)
    weight = Parameter(initializer(Shape([rows, columns] + window), generator: generator, device: device))
    let first = Initializer.standardBias(fanIn: window.reduce(columns, *))
    self.bias = bias ? Parameter(first([outputs], generator: generator, device: device)) : nil
    self.isTransposed = isTransposed
    self.apply = apply
  }

  /// Computes the layer.
  public func forward(_ input: Tensor) -> Tensor { apply(input, weight.value, bias?.value) }

  /// Names the weights and the bias.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.parameter("weight", weight)
    visitor.parameter("bias", bias)
  }

  /// A multiply-add per filter element at each place of the output (transposed: of the input), and the biases.
  public func operationCount(input: Shape, output: Shape) -> Int {
    let places = isTransposed ? input.elementCount / input[1] : output.elementCount / output[1]
    return places * 2 * weight.shape.elementCount + (bias == nil ? 0 : output.elementCount)
  }
}

/// A 1-D convolution of sequences [n, c, length].
public final class Conv1D: Convolution {
  /// A layer with first values as PyTorch draws them.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    groups: Int = 1, bias: Bool = true, initializer: Initializer = .standard, generator: Generator = .layers,
    device: Device = .default
  ) {
    super.init(
      inputs: inputs, outputs: outputs, groups: groups, window: [kernel], bias: bias, initializer, generator,
      device
    ) { $0.conv1D($1, bias: $2, stride: stride, padding: padding, dilation: dilation, groups: groups) }
  }
}

/// A 2-D convolution of images [n, c, h, w].
public final class Conv2D: Convolution {
  /// A layer with square windows and first values as PyTorch draws them.
  public convenience init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    groups: Int = 1, bias: Bool = true, initializer: Initializer = .standard, generator: Generator = .layers,
    device: Device = .default
  ) {
    self.init(
      inputs, outputs, kernel: (kernel, kernel), stride: (stride, stride), padding: (padding, padding),
      dilation: (dilation, dilation), groups: groups, bias: bias, initializer: initializer,
      generator: generator, device: device)
  }

  /// A layer whose windows may differ vertically and horizontally.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: (Int, Int), stride: (Int, Int) = (1, 1),
    padding: (Int, Int) = (0, 0), dilation: (Int, Int) = (1, 1), groups: Int = 1, bias: Bool = true,
    initializer: Initializer = .standard, generator: Generator = .layers, device: Device = .default
  ) {
    super.init(
      inputs: inputs, outputs: outputs, groups: groups, window: [kernel.0, kernel.1], bias: bias, initializer,
      generator, device
    ) { $0.conv2D($1, bias: $2, stride: stride, padding: padding, dilation: dilation, groups: groups) }
  }

  /// A layer that convolves every channel by itself, with `multiplier` filters each.
  public static func depthwise(
    _ channels: Int, multiplier: Int = 1, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    bias: Bool = true, initializer: Initializer = .standard, generator: Generator = .layers,
    device: Device = .default
  ) -> Conv2D {
    Conv2D(
      channels, channels * multiplier, kernel: kernel, stride: stride, padding: padding, dilation: dilation,
      groups: channels, bias: bias, initializer: initializer, generator: generator, device: device)
  }
}

/// A transposed 1-D convolution of sequences [n, c, length].
public final class ConvTranspose1D: Convolution {
  /// A layer with first values as PyTorch draws them.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
    dilation: Int = 1, groups: Int = 1, bias: Bool = true, initializer: Initializer = .standard,
    generator: Generator = .layers, device: Device = .default
  ) {
    super.init(
      inputs: inputs, outputs: outputs, groups: groups, window: [kernel], isTransposed: true, bias: bias,
      initializer, generator, device
    ) {
      $0.convTranspose1D(
        $1, bias: $2, stride: stride, padding: padding, outputPadding: outputPadding, dilation: dilation,
        groups: groups)
    }
  }
}

/// A transposed 2-D convolution of images [n, c, h, w].
public final class ConvTranspose2D: Convolution {
  /// A layer with square windows and first values as PyTorch draws them.
  public convenience init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
    dilation: Int = 1, groups: Int = 1, bias: Bool = true, initializer: Initializer = .standard,
    generator: Generator = .layers, device: Device = .default
  ) {
    self.init(
      inputs, outputs, kernel: (kernel, kernel), stride: (stride, stride), padding: (padding, padding),
      outputPadding: (outputPadding, outputPadding), dilation: (dilation, dilation), groups: groups,
      bias: bias,
      initializer: initializer, generator: generator, device: device)
  }

  /// A layer whose windows may differ vertically and horizontally.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: (Int, Int), stride: (Int, Int) = (1, 1),
    padding: (Int, Int) = (0, 0), outputPadding: (Int, Int) = (0, 0), dilation: (Int, Int) = (1, 1),
    groups: Int = 1, bias: Bool = true, initializer: Initializer = .standard, generator: Generator = .layers,
    device: Device = .default
  ) {
    super.init(
      inputs: inputs, outputs: outputs, groups: groups, window: [kernel.0, kernel.1], isTransposed: true,
      bias: bias, initializer, generator, device
    ) {
      $0.convTranspose2D(
        $1, bias: $2, stride: stride, padding: padding, outputPadding: outputPadding, dilation: dilation,
        groups: groups)
    }
  }
}
