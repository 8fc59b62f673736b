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

extension DataSource {
  /// The channels that files are decoded to.
  var imageChannels: Int { stored?.input.channels ?? options.channels ?? recipe.images.usualChannels }

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
      if let wanted = recipe.images.problem(stored.input) {
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
    input.height = options.imageSize ?? native?.height ?? recipe.images.usualSize
    input.width = options.imageSize ?? native?.width ?? recipe.images.usualSize
    if let wanted = recipe.images.problem(input) {
      throw LatheError(
        .invalidArgument,
        "\(recipe.name) takes \(wanted), not \(input.height) x \(input.width) of \(input.channels) channels; say so with "
          + "--image-size and --channels")
    }
    return input
  }
}
