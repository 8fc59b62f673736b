import Lathe
import LatheNN

/// ResNet-18 for images of 32 x 32 (He et al., 2016, in the form used for CIFAR: a 3 x 3 stem and no first pooling).
enum ResNet18 {
  static func model(classes: Int = 10, generator: Generator, device: Device) -> Sequential {
    var layers: [any Module] = [
      Conv2D(3, 64, kernel: 3, padding: 1, bias: false, generator: generator, device: device),
      BatchNorm(64, device: device), ReLU(),
    ]
    var channels = 64
    for (outputs, stride) in [(64, 1), (128, 2), (256, 2), (512, 2)] {
      for block in 0..<2 {
        layers.append(
          ResidualBlock(
            channels, outputs, stride: block == 0 ? stride : 1, generator: generator, device: device))
        channels = outputs
      }
    }
    layers += [GlobalAveragePool(), Linear(512, classes, generator: generator, device: device)]
    return Sequential(layers)
  }

  /// The loss in float64.
  static func loss(_ images: Array64, labels: [Int], _ parameters: ParameterQueue) -> Double {
    var parameters = parameters
    var x = images.conv2D(parameters.take(), padding: 1).batchNorm(parameters.take(), parameters.take())
      .relu()
    for (stage, stride) in [1, 2, 2, 2].enumerated() {
      for block in 0..<2 {
        let stride = block == 0 ? stride : 1
        var y = x.conv2D(parameters.take(), stride: stride, padding: 1)
          .batchNorm(parameters.take(), parameters.take()).relu()
        y = y.conv2D(parameters.take(), padding: 1).batchNorm(parameters.take(), parameters.take())
        if block == 0 && stage > 0 {
          x = x.conv2D(parameters.take(), stride: stride).batchNorm(parameters.take(), parameters.take())
        }
        x = (x + y).relu()
      }
    }
    return x.globalAverage().linear(parameters.take(), parameters.take()).crossEntropy(labels)
  }
}

/// Two 3 x 3 convolutions and a way around them.
final class ResidualBlock: Module {
  private let first: Sequential
  private let second: Sequential
  private let shortcut: Sequential?

  init(_ inputs: Int, _ outputs: Int, stride: Int, generator: Generator, device: Device) {
    func convolution(_ inputs: Int, kernel: Int, stride: Int) -> Conv2D {
      Conv2D(
        inputs, outputs, kernel: kernel, stride: stride, padding: kernel / 2, bias: false,
        generator: generator,
        device: device)
    }
    first = Sequential([
      convolution(inputs, kernel: 3, stride: stride), BatchNorm(outputs, device: device), ReLU(),
    ])
    second = Sequential([convolution(outputs, kernel: 3, stride: 1), BatchNorm(outputs, device: device)])
    shortcut =
      stride > 1 || inputs != outputs
      ? Sequential([convolution(inputs, kernel: 1, stride: stride), BatchNorm(outputs, device: device)]) : nil
  }

  func forward(_ input: Tensor) -> Tensor {
    (second(first(input)) + (shortcut.map { $0(input) } ?? input)).relu()
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("first", first)
    visitor.module("second", second)
    if let shortcut { visitor.module("shortcut", shortcut) }
  }
}

/// Batch normalisation in training, which also follows mean and variance for later use.
final class BatchNorm: Module {
  private let weight: Parameter
  private let bias: Parameter
  private var runningMean: Tensor
  private var runningVariance: Tensor

  init(_ channels: Int, device: Device) {
    weight = Parameter(Tensor.ones([channels], device: device))
    bias = Parameter(Tensor.zeros([channels], device: device))
    runningMean = Tensor.zeros([channels], device: device)
    runningVariance = Tensor.ones([channels], device: device)
  }

  func forward(_ input: Tensor) -> Tensor {
    let (output, mean, variance) = input.batchNorm(weight: weight.value, bias: bias.value)
    let count = Float(input.count / input.shape[1])
    runningMean = (runningMean * 0.9 + mean * 0.1).contiguous()
    runningVariance = (runningVariance * 0.9 + variance * (0.1 * count / (count - 1))).contiguous()
    return output
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.parameter("weight", weight)
    visitor.parameter("bias", bias)
  }
}

/// The mean of each channel: [n, c, h, w] to [n, c].
final class GlobalAveragePool: Module {
  func forward(_ input: Tensor) -> Tensor { input.globalAveragePool2D().flattened(from: 1) }
}
