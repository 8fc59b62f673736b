import Lathe
import LatheNN

/// What a network is made for.
public struct ModelInput: Sendable, Hashable, Codable {
  /// Channels, height and width of images.
  public var channels = 1, height = 28, width = 28
  /// Classes to tell apart; of text models that predict the next token, the vocabulary.
  public var classes = 10
  /// Different tokens, and the longest sequence of them.
  public var vocabulary = 0, length = 0

  /// Grey images of 28 x 28 pixels in ten classes, unless changed.
  public init() {}
}

/// Networks for small images.
package enum ImageModels {
  /// Two hidden layers of 256.
  static func mlp(_ input: ModelInput, _ g: Generator, _ d: Device) -> any Module {
    Sequential {
      Flatten()
      Linear(input.channels * input.height * input.width, 256, generator: g, device: d)
      ReLU()
      Linear(256, 256, generator: g, device: d)
      ReLU()
      Linear(256, input.classes, generator: g, device: d)
    }
  }

  /// AlexNet (Krizhevsky et al., 2012) with strides and widths for small images.
  static func alexnet(_ input: ModelInput, _ g: Generator, _ d: Device) -> any Module {
    func conv(_ a: Int, _ b: Int, _ kernel: Int) -> Conv2D {
      Conv2D(a, b, kernel: kernel, padding: kernel / 2, generator: g, device: d)
    }
    return Sequential {
      conv(input.channels, 32, 5)
      ReLU()
      MaxPool2D(2)
      conv(32, 64, 5)
      ReLU()
      MaxPool2D(2)
      conv(64, 128, 3)
      ReLU()
      conv(128, 96, 3)
      ReLU()
      conv(96, 96, 3)
      ReLU()
      AdaptiveMaxPool2D(3, 3)
      Flatten()
      Dropout(0.5, generator: g)
      Linear(96 * 9, 512, generator: g, device: d)
      ReLU()
      Dropout(0.5, generator: g)
      Linear(512, 256, generator: g, device: d)
      ReLU()
      Linear(256, input.classes, generator: g, device: d)
    }
  }

  /// VGG (Simonyan and Zisserman, 2015) with six convolutions and batch normalisation.
  static func vgg(_ input: ModelInput, _ g: Generator, _ d: Device) -> any Module {
    Sequential {
      for (a, b) in [(input.channels, 32), (64, 64), (128, 128)] {
        for (from, to) in [(a, b), (b, b == 128 ? b : b * 2)] {
          Conv2D(
            from, to, kernel: 3, padding: 1, bias: false, initializer: rectified, generator: g, device: d)
          BatchNorm2D(to, device: d)
          ReLU()
        }
        MaxPool2D(2)
      }
      GlobalAveragePool2D()
      Dropout(0.3, generator: g)
      Linear(128, input.classes, generator: g, device: d)
    }
  }

  /// What keeps the gradients of convolutions before a ReLU steady.
  static let rectified = Initializer.kaimingNormal(slope: 0, fan: .output)

  private static func normalized(
    _ from: Int, _ to: Int, kernel: Int, stride: Int = 1, groups: Int = 1, _ g: Generator, _ d: Device
  ) -> [any Module] {
    [
      Conv2D(
        from, to, kernel: kernel, stride: stride, padding: kernel / 2, groups: groups, bias: false,
        initializer: rectified, generator: g, device: d),
      BatchNorm2D(to, device: d),
    ]
  }

  /// A residual network in the form for 32 x 32 pixels (He et al., 2016): a stem of 3 x 3 without pooling, then four
  /// stages of blocks of two convolutions, each twice as wide as the one before.
  package static func resnet(
    blocks: [Int], width first: Int = 64, _ input: ModelInput, _ g: Generator, _ d: Device
  ) -> any Module {
    var layers = normalized(input.channels, first, kernel: 3, g, d) + [ReLU()]
    var width = first
    for (stage, count) in blocks.enumerated() {
      let wide = first << stage
      for block in 0..<count {
        let stride = stage > 0 && block == 0 ? 2 : 1
        let body = Sequential(
          normalized(width, wide, kernel: 3, stride: stride, g, d) + [ReLU()]
            + normalized(wide, wide, kernel: 3, g, d))
        let shortcut =
          stride == 1 && width == wide
          ? nil : Sequential(normalized(width, wide, kernel: 1, stride: stride, g, d))
        layers += [Residual(body, shortcut: shortcut), ReLU()]
        width = wide
      }
    }
    return Sequential(
      layers + [GlobalAveragePool2D(), Linear(width, input.classes, generator: g, device: d)])
  }

  /// Inverted residuals with depthwise convolutions (Sandler et al., 2018), scaled to small images.
  static func mobilenet(_ input: ModelInput, _ g: Generator, _ d: Device) -> any Module {
    var layers = normalized(input.channels, 16, kernel: 3, g, d) + [ReLU6()]
    var width = 16
    // Expansion, channels, blocks and first stride of each stage.
    for (expansion, channels, count, first) in [(1, 16, 1, 1), (4, 24, 2, 2), (4, 40, 2, 2), (4, 80, 2, 1)] {
      for block in 0..<count {
        let stride = block == 0 ? first : 1
        let hidden = width * expansion
        var body: [any Module] = expansion == 1 ? [] : normalized(width, hidden, kernel: 1, g, d) + [ReLU6()]
        body += normalized(hidden, hidden, kernel: 3, stride: stride, groups: hidden, g, d) + [ReLU6()]
        body += normalized(hidden, channels, kernel: 1, g, d)
        layers.append(stride == 1 && width == channels ? Residual(Sequential(body)) : Sequential(body))
        width = channels
      }
    }
    layers += normalized(width, 320, kernel: 1, g, d) + [ReLU6(), GlobalAveragePool2D()]
    return Sequential(
      layers + [Dropout(0.2, generator: g), Linear(320, input.classes, generator: g, device: d)])
  }

  /// Convolutions down to 32 numbers and transposed ones back up.
  static func autoencoder(_ input: ModelInput, _ g: Generator, _ d: Device) -> any Module {
    let (height, width) = (input.height / 4, input.width / 4)
    return Sequential {
      Conv2D(input.channels, 16, kernel: 3, stride: 2, padding: 1, generator: g, device: d)
      ReLU()
      Conv2D(16, 32, kernel: 3, stride: 2, padding: 1, generator: g, device: d)
      ReLU()
      Flatten()
      Linear(32 * height * width, 32, generator: g, device: d)
      Linear(32, 32 * height * width, generator: g, device: d)
      ReLU()
      Reshape([32, height, width])
      ConvTranspose2D(32, 16, kernel: 4, stride: 2, padding: 1, generator: g, device: d)
      ReLU()
      ConvTranspose2D(16, input.channels, kernel: 4, stride: 2, padding: 1, generator: g, device: d)
    }
  }
}
