import Lathe

/// How a parameter's first values are drawn.
///
/// They are drawn on the CPU from the generator given, so that a network starts equal on every device.
public enum Initializer: Sendable {
  /// Every element the same.
  case constant(Float)
  /// Uniform between two numbers.
  case uniform(low: Float, high: Float)
  /// Normal with a mean and standard deviation.
  case normal(mean: Float, deviation: Float)
  /// Uniform with the variance that keeps ReLU activations steady (He et al., 2015); `slope` as of a leaky ReLU.
  case kaimingUniform(slope: Float)
  /// Normal with the variance that keeps ReLU activations steady.
  case kaimingNormal(slope: Float)
  /// Uniform with the variance between what forward and backward pass want (Glorot and Bengio, 2010).
  case xavierUniform(gain: Float)
  /// Normal with the variance between what forward and backward pass want.
  case xavierNormal(gain: Float)

  /// Draws values; the first axis counts outputs, the second inputs, the others the window.
  public func callAsFunction(_ shape: Shape, generator: Generator, device: Device = .default) -> Tensor {
    draw(shape, generator).moved(to: device)
  }

  private func draw(_ shape: Shape, _ generator: Generator) -> Tensor {
    let window = shape.dropFirst(2).reduce(1, *)
    let fanIn = Float(shape.rank > 1 ? shape[1] * window : max(shape.elementCount, 1))
    let fanOut = Float(shape.rank > 1 ? shape[0] * window : max(shape.elementCount, 1))
    switch self {
    case .constant(let value): return .full(shape, value, device: .cpu)
    case .uniform(let low, let high):
      return .uniform(shape, low: low, high: high, generator: generator, device: .cpu)
    case .normal(let mean, let deviation):
      return .normal(shape, mean: mean, deviation: deviation, generator: generator, device: .cpu)
    case .kaimingUniform(let slope):
      let bound = (6 / ((1 + slope * slope) * fanIn)).squareRoot()
      return .uniform(shape, low: -bound, high: bound, generator: generator, device: .cpu)
    case .kaimingNormal(let slope):
      let deviation = (2 / ((1 + slope * slope) * fanIn)).squareRoot()
      return .normal(shape, deviation: deviation, generator: generator, device: .cpu)
    case .xavierUniform(let gain):
      let bound = gain * (6 / (fanIn + fanOut)).squareRoot()
      return .uniform(shape, low: -bound, high: bound, generator: generator, device: .cpu)
    case .xavierNormal(let gain):
      let deviation = gain * (2 / (fanIn + fanOut)).squareRoot()
      return .normal(shape, deviation: deviation, generator: generator, device: .cpu)
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
