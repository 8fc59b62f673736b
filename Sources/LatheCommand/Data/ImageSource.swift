import LatheML

/// Images that one source holds together.
protocol ImageSource: Dataset<LabelledImage> {
  /// The class of each image, and the classes' names.
  var labels: [Int] { get }
  var classNames: [String] { get }
  /// Shows when the data was changed.
  var checksum: UInt32 { get }
  /// The sizes that all images have; nil where each may have its own.
  var nativeSize: ModelInput? { get }
}

extension ImageFolder: ImageSource {
  /// Every file has its own size.
  var nativeSize: ModelInput? { nil }
}

extension ModelRecipe {
  /// The channels and the height and width of images, where nothing else is said.
  fileprivate var usualChannels: Int { name == "lenet" ? 1 : 3 }
  fileprivate var usualSize: Int { name == "lenet" ? LeNet.imageSize : 32 }

  /// What is wrong with images of a size; nil where the network takes them.
  fileprivate func problem(_ input: ModelInput) -> String? {
    let (height, width) = (input.height, input.width)
    switch name {
    case "lenet" where (input.channels, height, width) != (1, LeNet.imageSize, LeNet.imageSize):
      return "grey images of 28 x 28"
    case "autoencoder" where height % 4 != 0 || width % 4 != 0: return "heights and widths that 4 divides"
    case "mlp", "vae", "lenet", "autoencoder": return nil
    default: return min(height, width) < 8 ? "images of at least 8 x 8" : nil
    }
  }
}

extension DataSource {
  /// The channels that files are decoded to.
  var imageChannels: Int { stored?.input.channels ?? options.channels ?? recipe.usualChannels }

  /// The sizes that images get: those of the stored model, those asked for, or their own.
  ///
  /// - Throws: `LatheError` where the network cannot take them.
  func imageInput(native: ModelInput?, classes: Int) throws -> ModelInput {
    if let stored {
      if let native, native.channels != stored.input.channels {
        throw LatheError(
          .format,
          "\(file): images of \(native.channels) channels, but the model was trained on \(stored.input.channels)"
        )
      }
      if let wanted = recipe.problem(stored.input) {
        throw LatheError(
          .format,
          "\(recipe.name) takes \(wanted), not \(stored.input.height) x \(stored.input.width) of \(stored.input.channels) "
            + "channels as its data.json says; train the model anew")
      }
      return stored.input
    }
    var input = ModelInput()
    input.classes = classes
    input.channels = native?.channels ?? imageChannels
    if let channels = options.channels, channels != input.channels {
      throw LatheError(
        .invalidArgument, "--channels \(channels): the arrays of \(file) have \(input.channels)")
    }
    input.height = options.imageSize ?? native?.height ?? recipe.usualSize
    input.width = options.imageSize ?? native?.width ?? recipe.usualSize
    if let wanted = recipe.problem(input) {
      throw LatheError(
        .invalidArgument,
        "\(recipe.name) takes \(wanted), not \(input.height) x \(input.width) of \(input.channels) channels; say so with "
          + "--image-size and --channels")
    }
    return input
  }
}
