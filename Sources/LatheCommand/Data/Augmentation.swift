import LatheML

/// The changes of training images that `--augment` names.
struct Augmentation {
  /// One change.
  enum Step: String, CaseIterable {
    /// Left and right exchanged.
    case flip
    /// A part of the image, filled up by an eighth at each side.
    case crop
    /// Turned by at most 10 degrees.
    case rotate
    /// Brightness, contrast, saturation and hue.
    case color
    /// A square of a quarter of the height covered.
    case cutout
    /// Two images added.
    case mixup
    /// A rectangle of another image.
    case cutmix
  }

  /// Changes of one image.
  let transforms: [any ImageTransform]
  /// How a batch is made where its images are mixed.
  let collation: Collation<LabelledImage>?

  /// Whether images stay as they are.
  var isEmpty: Bool { transforms.isEmpty && collation == nil }

  /// The steps of a list with commas between, in its order.
  ///
  /// - Throws: `LatheError` for words that are none and steps that do not go together.
  init(_ list: String?, _ input: ModelInput, task: ModelRecipe.Task) throws {
    let steps = try Augmentation.steps(list)
    let mixing = steps.filter { $0 == .mixup || $0 == .cutmix }
    guard mixing.count < 2 else {
      throw LatheError(.invalidArgument, "--augment: mixup and cutmix exclude each other; choose one")
    }
    guard mixing.isEmpty || task == .images else {
      throw LatheError(
        .invalidArgument,
        "--augment \(mixing[0].rawValue) mixes classes; this network learns from images alone")
    }
    transforms = steps.compactMap { step in
      switch step {
      case .flip: RandomHorizontalFlip()
      case .crop: RandomCrop(input.height, input.width, padding: max(1, input.height / 8))
      case .rotate: RandomRotation(degrees: 10)
      case .color: ColorJitter(brightness: 0.2, contrast: 0.2, saturation: 0.2, hue: 0.05)
      case .cutout: Cutout(size: max(1, input.height / 4))
      case .mixup, .cutmix: nil
      }
    }
    let classes = input.classes
    switch mixing.first {
    case .mixup:
      let mix = MixUp(alpha: 0.2, classes: classes)
      collation = { try mix.collate($0, random: &$1, on: $2) }
    case .cutmix:
      let mix = CutMix(alpha: 1, classes: classes)
      collation = { try mix.collate($0, random: &$1, on: $2) }
    default: collation = nil
    }
  }

  /// The words of a list.
  static func steps(_ list: String?) throws -> [Step] {
    try (list ?? "").split(separator: ",").map { word in
      guard let step = Step(rawValue: String(word)) else {
        throw LatheError(
          .invalidArgument,
          "unknown augmentation '\(word)'; "
            + Suggestion.sentence(for: String(word), among: Step.allCases.map(\.rawValue)))
      }
      return step
    }
  }
}
