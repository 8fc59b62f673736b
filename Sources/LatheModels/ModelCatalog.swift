import Lathe
import LatheNN

/// A network that `lathe train` knows by name, and how it is usually trained.
public struct ModelRecipe: Sendable {
  /// What a network learns.
  public enum Task: String, Sendable, Hashable, Codable, CaseIterable {
    /// The classes of images.
    case images
    /// Images from themselves.
    case reconstruction
    /// Images from drawn codes.
    case variational
    /// The next character of a text.
    case language
    /// The classes of texts.
    case texts
  }

  /// The name, such as `resnet18`.
  public let name: String
  /// One line about it.
  public let summary: String
  /// What it learns.
  public let task: Task
  /// The step size of Adam that suits it, and examples a batch.
  public let learningRate: Float, batchSize: Int
  /// What images it takes, where it takes some.
  public let images: ImageRequirement
  /// Whether it learns from rows of numbers, too.
  public let takesTables: Bool
  private let make: @Sendable (ModelInput, Generator, Device) -> any Module

  init(
    _ name: String, _ summary: String, _ task: Task = .images, learningRate: Float = 1e-3,
    batchSize: Int = 64, images: ImageRequirement = ImageRequirement(minimumSize: 8),
    takesTables: Bool = false, make: @escaping @Sendable (ModelInput, Generator, Device) -> any Module
  ) {
    self.name = name
    self.summary = summary
    self.task = task
    self.learningRate = learningRate
    self.batchSize = batchSize
    self.images = images
    self.takesTables = takesTables
    self.make = make
  }

  /// The network with first values from a generator.
  public func model(_ input: ModelInput, generator: Generator, device: Device = .default) -> any Module {
    make(input, generator, device)
  }

  /// What is made small.
  public func objective(labelSmoothing: Float = 0) -> any Objective {
    switch task {
    case .images, .language, .texts: ClassificationObjective(labelSmoothing: labelSmoothing)
    case .reconstruction: ReconstructionObjective()
    case .variational: VariationalObjective()
    }
  }
}

/// The networks that `lathe train` knows.
public enum ModelCatalog {
  /// All of them.
  public static let all: [ModelRecipe] = [
    ModelRecipe(
      "mlp", "two hidden layers of 256", images: ImageRequirement(), takesTables: true, make: ImageModels.mlp),
    ModelRecipe(
      "lenet", "the small convolutional network of 1998, with the sizes common today",
      images: ImageRequirement(usualChannels: 1, usualSize: LeNet.imageSize, isFixed: true)
    ) {
      LeNet.model(classes: $0.classes, generator: $1, device: $2)
    },
    ModelRecipe(
      "alexnet", "five convolutions and three linear layers, for small images", make: ImageModels.alexnet),
    ModelRecipe("vgg-small", "six convolutions of 3 x 3 with batch normalisation", make: ImageModels.vgg),
    ModelRecipe("resnet18", "a residual network of 18 layers, form for small images") {
      ImageModels.resnet(blocks: [2, 2, 2, 2], $0, $1, $2)
    },
    ModelRecipe("resnet34", "a residual network of 34 layers, form for small images") {
      ImageModels.resnet(blocks: [3, 4, 6, 3], $0, $1, $2)
    },
    ModelRecipe(
      "mobilenet-small", "inverted residuals with depthwise convolutions", make: ImageModels.mobilenet),
    ModelRecipe(
      "autoencoder", "convolutions down to 32 numbers and back", .reconstruction,
      images: ImageRequirement(divisor: 4), make: ImageModels.autoencoder),
    ModelRecipe(
      "vae", "a variational autoencoder with a code of 20 numbers", .variational, batchSize: 128,
      images: ImageRequirement()
    ) {
      VariationalAutoencoder($0, generator: $1, device: $2)
    },
    ModelRecipe(
      "char-lstm", "predicts the next character by a two-layer LSTM", .language, learningRate: 2e-3,
      batchSize: 32
    ) { CharacterLSTM(vocabulary: $0.vocabulary, generator: $1, device: $2) },
    ModelRecipe(
      "gpt", "predicts the next character by a transformer of 4 layers, 256 wide", .language,
      learningRate: 1e-3,
      batchSize: 8
    ) { GPT(vocabulary: $0.vocabulary, length: $0.length, generator: $1, device: $2) },
    ModelRecipe(
      "text-transformer", "classifies texts by a transformer encoder of 2 layers", .texts, learningRate: 5e-4,
      batchSize: 32
    ) {
      TransformerClassifier(
        vocabulary: $0.vocabulary, length: $0.length, classes: $0.classes, generator: $1, device: $2)
    },
  ]

  /// A network by its name.
  public static func recipe(_ name: String) -> ModelRecipe? { all.first { $0.name == name } }
}
