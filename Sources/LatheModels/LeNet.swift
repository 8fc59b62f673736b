import Lathe
import LatheNN

/// The small convolutional network of LeCun and others (1998), with the sizes common today.
public enum LeNet {
  /// The height and width of the grey images.
  public static let imageSize = 28

  /// A network with first values from a generator.
  public static func model(classes: Int = 10, generator: Generator = .layers, device: Device = .default)
    -> Sequential
  {
    Sequential {
      Conv2D(1, 10, kernel: 5, generator: generator, device: device)
      MaxPool2D(2)
      ReLU()
      Conv2D(10, 20, kernel: 5, generator: generator, device: device)
      MaxPool2D(2)
      ReLU()
      Flatten()
      Linear(320, 50, generator: generator, device: device)
      ReLU()
      Linear(50, classes, generator: generator, device: device)
    }
  }
}
