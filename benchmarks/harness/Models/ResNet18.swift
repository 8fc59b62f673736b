import Lathe
import LatheML

/// ResNet-18 for images of 32 x 32 (He et al., 2016, in the form used for CIFAR: a 3 x 3 stem and no first pooling).
enum ResNet18 {
  static func model(classes: Int = 10, generator: Generator, device: Device) -> Sequential {
    var layers: [any Module] = [
      Conv2D(3, 64, kernel: 3, padding: 1, bias: false, generator: generator, device: device),
      BatchNorm2D(64, device: device), ReLU(),
    ]
    var channels = 64
    for (outputs, stride) in [(64, 1), (128, 2), (256, 2), (512, 2)] {
      for block in 0..<2 {
        let stride = block == 0 ? stride : 1
        layers += [residual(channels, outputs, stride: stride, generator: generator, device: device), ReLU()]
        channels = outputs
      }
    }
    layers += [GlobalAveragePool2D(), Linear(512, classes, generator: generator, device: device)]
    return Sequential(layers)
  }

  /// Two 3 x 3 convolutions and a way around them, which a 1 x 1 convolution brings to their size.
  private static func residual(
    _ inputs: Int, _ outputs: Int, stride: Int, generator: Generator, device: Device
  ) -> Residual {
    func convolution(_ inputs: Int, kernel: Int, stride: Int) -> [any Module] {
      [
        Conv2D(
          inputs, outputs, kernel: kernel, stride: stride, padding: kernel / 2, bias: false,
          generator: generator, device: device),
        BatchNorm2D(outputs, device: device),
      ]
    }
    let body =
      convolution(inputs, kernel: 3, stride: stride) + [ReLU()] + convolution(outputs, kernel: 3, stride: 1)
    let shortcut = stride > 1 || inputs != outputs ? convolution(inputs, kernel: 1, stride: stride) : nil
    return Residual(Sequential(body), shortcut: shortcut.map { Sequential($0) })
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
