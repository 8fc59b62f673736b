import Lathe
import LatheNN

/// An autoencoder whose code is a normal distribution (Kingma and Welling, 2014), over pixels in 0...1.
public final class VariationalAutoencoder: Module {
  private var encoder: any Module
  private var mean: any Module
  private var logVariance: any Module
  private var decoder: any Module
  private let generator: Generator
  private var isTraining = true

  /// - Parameters:
  ///   - input: The images' shape.
  ///   - hidden: Elements of the hidden layers.
  ///   - code: Elements of the code.
  ///   - generator: Draws first values, and in training the codes.
  ///   - device: Where its tensors live.
  public init(
    _ input: ModelInput = ModelInput(), hidden: Int = 400, code: Int = 20, generator: Generator = .layers,
    device: Device = .default
  ) {
    let pixels = input.channels * input.height * input.width
    encoder = Sequential {
      Flatten()
      Linear(pixels, hidden, generator: generator, device: device)
      ReLU()
    }
    mean = Linear(hidden, code, generator: generator, device: device)
    logVariance = Linear(hidden, code, generator: generator, device: device)
    decoder = Sequential {
      Linear(code, hidden, generator: generator, device: device)
      ReLU()
      Linear(hidden, pixels, generator: generator, device: device)
      Reshape([input.channels, input.height, input.width])
    }
    self.generator = generator
  }

  /// The mean and the logarithm of the variance of each image's code.
  public func encode(_ input: Tensor) -> (mean: Tensor, logVariance: Tensor) {
    let hidden = encoder(input)
    return (mean(hidden), logVariance(hidden))
  }

  /// Pixels as logits, from codes.
  public func decode(_ code: Tensor) -> Tensor { decoder(code) }

  /// Pixels in 0...1 by each image's mean code.
  public func forward(_ input: Tensor) -> Tensor { decode(encode(input).mean).sigmoid() }

  /// The negative evidence lower bound, summed over pixels and code, the mean over images.
  ///
  /// Codes are drawn in training; in evaluation they are the means.
  public func loss(_ input: Tensor) -> Tensor {
    let (mean, logVariance) = encode(input)
    var code = mean
    if isTraining {
      code =
        mean + (logVariance * Float(0.5)).exp()
        * Tensor.normal(mean.shape, generator: generator, device: mean.device)
    }
    let reconstruction = binaryCrossEntropy(logits: decode(code), input, reduction: .sum)
    let divergence = (mean.square() + logVariance.exp() - logVariance - Float(1)).sum() * Float(0.5)
    return (reconstruction + divergence) / Float(input.shape[0])
  }

  /// Names the parts.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("encoder", encoder) { self.encoder = $0 }
    visitor.module("mean", mean) { self.mean = $0 }
    visitor.module("logVariance", logVariance) { self.logVariance = $0 }
    visitor.module("decoder", decoder) { self.decoder = $0 }
    visitor.generator("generator", generator)
  }

  /// Draws codes only in training.
  public func setTraining(_ isTraining: Bool) { self.isTraining = isTraining }

  /// Whether the layer is in training.
  public var trainingMode: Bool? { isTraining }
}

/// The loss of a `VariationalAutoencoder`.
public struct VariationalObjective: Objective {
  /// An objective without settings.
  public init() {}

  /// Yes.
  public var reconstructsInputs: Bool { true }

  /// Runs the model on a batch.
  public func callAsFunction(_ model: any Module, _ batch: Batch) -> ObjectiveResult {
    guard let model = model as? VariationalAutoencoder else {
      stop("VariationalObjective: the model is \(type(of: model)), not a VariationalAutoencoder")
    }
    return ObjectiveResult(loss: model.loss(batch.inputs))
  }
}
