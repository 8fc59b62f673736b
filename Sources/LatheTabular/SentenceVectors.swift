import Lathe
import LatheCore
import LatheFiles
import LatheHub
import LatheLanguage
import LatheLearn
import LatheNN

/// Sentence vectors of a language model as features of columns of text.
///
/// ```swift
/// SentenceVectors.register()
/// let features = ColumnTransformer([.init(["review"], [.vectors(model: "minilm"), .standardScale])])
/// ```
public struct SentenceVectors: TextVectorizer {
  private let encoder: SharedModel<SentenceEncoder>
  /// Elements of a text's vector.
  public let width: Int

  /// Vectors by the model of a folder, as `lathe embed` makes them.
  ///
  /// - Throws: `LatheError` naming the file and what is wrong with it.
  public init(pretrained folder: String, device: Device) throws {
    let encoder = try SentenceEncoder(pretrained: folder, device: device)
    width = encoder.width
    self.encoder = SharedModel(encoder)
  }

  /// The vectors of texts, one behind the other.
  public func vectors(_ texts: [String]) throws -> [Float] {
    try encoder { try $0.encode(texts).scalars(as: Float.self) }
  }

  /// Lets features be vectors of models of the store (`lathe models`) or of folders, by name or path.
  ///
  /// - Parameter device: Where the models compute; the best one where nil.
  public static func register(device: Device? = nil) {
    TextVectorizers.register { name in
      let folder = FileErrors.exists(name) ? name : try ModelStore.user().required(name).folder
      return try SentenceVectors(pretrained: folder, device: device ?? Device.named("auto"))
    }
  }
}
