import Lathe
import LatheData
import LatheModels
import LatheNN

/// A trained network with what using it takes: its classes, and how images, rows and texts become its input.
public struct Model {
  /// The network, in evaluation mode.
  public let network: any Module
  /// Its name and how it is trained.
  public let recipe: ModelRecipe
  /// Sizes, classes, scaling and vocabulary.
  public let description: ModelDescription
  /// The file that its weights are from.
  public let source: String
  /// The run's folder.
  public let folder: String
  /// Where it computes.
  public let device: Device

  /// Opens the folder of a `lathe train` run, or one of its weight files.
  ///
  /// - Parameters:
  ///   - path: `runs/lenet-1`, or a file in such a folder, such as `runs/lenet-1/best.safetensors`.
  ///   - best: Whether the weights of the best epoch are used instead of the last one's.
  ///   - device: Where its tensors live.
  ///   - note: Called with lines a user should see, such as that a run has not ended.
  /// - Throws: `LatheError` where there is no such run, its files are damaged, or its network is not in `ModelCatalog`.
  public static func load(
    run path: String, best: Bool = false, device: Device = .default, note: (String) -> Void = { _ in }
  ) throws -> Model {
    let folder = ModelFolder(containing: path)
    let file = folder.path == path ? (best ? ModelFolder.bestName : nil) : path
    let content = try file.map { try folder.read($0) } ?? folder.read(note: note)
    let name = content.architecture ?? "lenet"
    guard let recipe = ModelCatalog.recipe(name) else {
      throw LatheError(
        .invalidArgument,
        "\(content.source): '\(name)' is not in ModelCatalog; make the network and load the file into it")
    }
    let description = try ModelDescription(run: folder.path)
    let network = recipe.model(description.input, generator: Generator(seed: 0), device: device)
    try network.load(content.values, from: content.source)
    network.eval()
    return Model(
      network: network, recipe: recipe, description: description, source: content.source, folder: folder.path,
      device: device)
  }

  /// What the network gives for a batch, such as one of `batch(images:)`, in evaluation mode.
  public func callAsFunction(_ batch: Batch) -> Tensor { noGradient { network(batch) } }

  /// The probability of each class, a row an example, of a network with classes.
  ///
  /// - Throws: `LatheError` where the device fails.
  public func probabilities(_ batch: Batch) throws -> [[Float]] {
    let logits = self(batch)
    let width = logits.shape[logits.rank - 1]
    let values = try logits.softmax(axis: -1).scalars(as: Float.self)
    return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
  }

  /// Images resized and standardised as those of the training were, [n, channels, height, width].
  ///
  /// - Throws: `LatheError` where the network takes no images, or not of so many channels.
  public func batch(images: [Image]) throws -> Batch {
    guard let normalization = description.pixels, !images.isEmpty else {
      throw wrongInput("images", images.count)
    }
    let input = description.input
    let examples = try images.map { image in
      guard image.channels == input.channels else {
        throw LatheError(
          .invalidArgument,
          "\(source): an image of \(image.channels) channels, but the model takes \(input.channels); read it with as many"
        )
      }
      let fits = (image.height, image.width) == (input.height, input.width)
      return LabelledImage(
        image: fits ? image : image.resized(height: input.height, width: input.width), label: 0,
        normalization: normalization)
    }
    return try LabelledImage.collate(examples, on: device)
  }

  /// Rows standardised as those of the training were, [n, features].
  ///
  /// - Throws: `LatheError` where the network takes no rows, or not of so many features.
  public func batch(rows: [[Float]]) throws -> Batch {
    guard let scaling = description.scaling, !rows.isEmpty else { throw wrongInput("rows", rows.count) }
    let examples = try rows.map { row in
      guard row.count == description.input.width else {
        throw LatheError(
          .invalidArgument,
          "\(source): a row of \(row.count) features, but the model takes \(description.input.width)")
      }
      return scaling.apply(FeatureRow(features: row, target: .category(0)))
    }
    return try FeatureRow.collate(examples, on: device)
  }

  /// Texts as tokens, filled up to the longest, [n, t]; longer ones than the network takes are cut: where it tells
  /// classes, at their end, where it goes on with a text, at their beginning.
  ///
  /// - Throws: `LatheError` where the network takes no texts, or has no token for a character.
  public func batch(texts: [String]) throws -> Batch {
    guard recipe.task == .texts || recipe.task == .language, !texts.isEmpty else {
      throw wrongInput("texts", texts.count)
    }
    return LabelledSequence.collate(
      try texts.map { LabelledSequence(tokens: try tokens($0), label: 0) }, on: device)
  }

  private func tokens(_ text: String) throws -> [Int32] {
    let length = description.input.length
    guard recipe.task == .language else { return LabelledTexts.tokens(text.utf8.prefix(length)) }
    let characters = description.characters ?? []
    let all = try TextDataset.tokens(text, characters, source)
    guard !all.isEmpty else {
      throw LatheError(
        .invalidArgument, "\(source): an empty text; give at least one character to go on from")
    }
    return all.suffix(length)
  }

  private func wrongInput(_ what: String, _ count: Int) -> LatheError {
    guard count > 0 else { return LatheError(.invalidArgument, "\(source): no \(what); give at least one") }
    let wanted =
      switch recipe.task {
      case .texts, .language: "texts"
      default: description.scaling == nil ? "images" : "rows"
      }
    return LatheError(.invalidArgument, "\(source): the model takes \(wanted), not \(what)")
  }
}
