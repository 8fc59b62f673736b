import Lathe

/// How a parameter's first values are drawn.
///
/// They are drawn on the CPU from the generator given, so that a network starts equal on every device.
public enum Initializer: Sendable {
  /// What Kaiming's initialisers keep steady: activations of the forward pass, or gradients of the backward pass.
  public enum Fan: Sendable {
    case input, output
  }

  /// Every element the same.
  case constant(Float)
  /// Uniform between two numbers.
  case uniform(low: Float, high: Float)
  /// Normal with a mean and standard deviation.
  case normal(mean: Float, deviation: Float)
  /// Normal, drawn again beyond two bounds, which are absolute numbers as in PyTorch.
  case truncatedNormal(mean: Float, deviation: Float, low: Float = -2, high: Float = 2)
  /// Uniform with the variance that keeps ReLU activations steady (He et al., 2015); `slope` as of a leaky ReLU.
  case kaimingUniform(slope: Float, fan: Fan = .input)
  /// Normal with the variance that keeps ReLU activations steady.
  case kaimingNormal(slope: Float, fan: Fan = .input)
  /// Uniform with the variance between what forward and backward pass want (Glorot and Bengio, 2010).
  case xavierUniform(gain: Float)
  /// Normal with the variance between what forward and backward pass want.
  case xavierNormal(gain: Float)
  /// Rows (or columns, if there are fewer) that are orthogonal and of length `gain` (Saxe et al., 2014).
  case orthogonal(gain: Float)

  /// Draws values; the first axis counts outputs, the second inputs, the others the window.
  public func callAsFunction(_ shape: Shape, generator: Generator, device: Device = .default) -> Tensor {
    draw(shape, generator).moved(to: device)
  }

  private func draw(_ shape: Shape, _ generator: Generator) -> Tensor {
    let window = shape.dropFirst(2).reduce(1, *)
    let fanIn = Float(shape.rank > 1 ? shape[1] * window : max(shape.elementCount, 1))
    let fanOut = Float(shape.rank > 1 ? shape[0] * window : max(shape.elementCount, 1))
    func uniform(_ bound: Float) -> Tensor {
      .uniform(shape, low: -bound, high: bound, generator: generator, device: .cpu)
    }
    func normal(_ deviation: Float, mean: Float = 0) -> Tensor {
      .normal(shape, mean: mean, deviation: deviation, generator: generator, device: .cpu)
    }
    switch self {
    case .constant(let value): return .full(shape, value, device: .cpu)
    case .uniform(let low, let high):
      return .uniform(shape, low: low, high: high, generator: generator, device: .cpu)
    case .normal(let mean, let deviation): return normal(deviation, mean: mean)
    case .truncatedNormal(let mean, let deviation, let low, let high):
      return InitialValues.truncatedNormal(shape, mean, deviation, low, high, generator)
    case .kaimingUniform(let slope, let fan):
      return uniform((6 / ((1 + slope * slope) * (fan == .input ? fanIn : fanOut))).squareRoot())
    case .kaimingNormal(let slope, let fan):
      return normal((2 / ((1 + slope * slope) * (fan == .input ? fanIn : fanOut))).squareRoot())
    case .xavierUniform(let gain): return uniform(gain * (6 / (fanIn + fanOut)).squareRoot())
    case .xavierNormal(let gain): return normal(gain * (2 / (fanIn + fanOut)).squareRoot())
    case .orthogonal(let gain): return InitialValues.orthogonal(shape, gain, generator)
    }
  }

  /// The weights of PyTorch's Linear and Conv2d: uniform within 1 / sqrt(fan in).
  public static let standard = Initializer.kaimingUniform(slope: Float(5).squareRoot())

  /// The biases of PyTorch's Linear and Conv2d.
  public static func standardBias(fanIn: Int) -> Initializer {
    let bound = 1 / Float(max(fanIn, 1)).squareRoot()
    return .uniform(low: -bound, high: bound)
  }
}

extension Generator {
  /// What layers draw their first values from where no generator is given; starts from seed 0.
  public static let layers = Generator(seed: 0)
}
