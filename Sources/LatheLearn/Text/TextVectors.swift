import LatheCore
import LatheTables
import Synchronization

/// Makes a vector of each text: what a language model brings to features.
public protocol TextVectorizer: Sendable {
  /// Elements of a text's vector.
  var width: Int { get }

  /// The vectors of texts, one behind the other.
  func vectors(_ texts: [String]) throws -> [Float]
}

/// What makes vectors of texts, by the names that stored models know.
public enum TextVectorizers {
  private struct State {
    var known: [String: VectorCache] = [:]
    var loader: (@Sendable (String) throws -> any TextVectorizer)?
  }
  private static let state = Mutex(State())

  /// Makes a vectorizer known by a name.
  public static func register(_ vectorizer: any TextVectorizer, as name: String) {
    state.withLock { $0.known[name] = VectorCache(vectorizer) }
  }

  /// Says how those are found that nobody made known; each name is asked for once.
  public static func register(loader: @escaping @Sendable (String) throws -> any TextVectorizer) {
    state.withLock { $0.loader = loader }
  }

  /// - Throws: `LatheError` where there is none of a name.
  static func named(_ name: String) throws -> VectorCache {
    let (known, loader) = state.withLock { ($0.known[name], $0.loader) }
    if let known { return known }
    guard let loader else {
      throw LatheError(
        .unsupported,
        "vectors of texts by '\(printable(name))': nothing here loads language models; call SentenceVectors.register() first"
      )
    }
    let made: VectorCache
    do { made = VectorCache(try loader(name)) } catch let error as LatheError {
      throw LatheError(error.kind, "vectors of texts by '\(printable(name))': \(error.message)")
    }
    return state.withLock { state in
      if let known = state.known[name] { return known }
      state.known[name] = made
      return made
    }
  }
}

/// A vectorizer that remembers texts: folds, and probabilities behind predictions, ask for the same ones again.
final class VectorCache: Sendable {
  private let vectorizer: any TextVectorizer
  private let known = Mutex<[String: [Float]]>([:])
  /// Elements that are remembered at most: 128 MB.
  private static let limit = 1 << 25

  init(_ vectorizer: any TextVectorizer) { self.vectorizer = vectorizer }

  var width: Int { vectorizer.width }

  /// A vector for each text; zeros where it is missing.
  func vectors(_ texts: [String?]) throws -> [Float] {
    var found = known.withLock { $0 }
    var asked: [String] = []
    for case let text? in texts where found[text] == nil {
      found[text] = []
      asked.append(text)
    }
    if !asked.isEmpty {
      let values = try vectorizer.vectors(asked)
      guard values.count == asked.count * width else {
        throw LatheError(
          .invalidArgument, "\(values.count) elements of \(asked.count) texts, for vectors of \(width)")
      }
      for (place, text) in asked.enumerated() {
        found[text] = Array(values[place * width..<(place + 1) * width])
      }
      let all = found
      known.withLock { $0 = all.count * width <= Self.limit ? all : [:] }
    }
    let missing = [Float](repeating: 0, count: width)
    return texts.flatMap { $0.flatMap { found[$0] } ?? missing }
  }
}

/// Texts as vectors of a model that is known by its name: the fitted step.
struct TextVectors: Sendable, Hashable, Codable {
  /// What makes vectors, see `TextVectorizers`.
  let model: String
  /// How many columns of texts there are.
  let columns: Int
  /// Elements of a text's vector.
  let width: Int

  init(model: String, columns: Int) throws {
    self.model = model
    self.columns = columns
    width = try TextVectorizers.named(model).width
  }

  var isSound: Bool { columns > 0 && width > 0 && columns < 1 << 20 && width < 1 << 24 }

  /// - Throws: `LatheError` where the model is not there, or makes other vectors than those learned from.
  func transform(_ texts: [Column]) throws -> FeatureMatrix {
    let vectorizer = try TextVectorizers.named(model)
    guard vectorizer.width == width else {
      throw LatheError(
        .invalidArgument,
        "vectors of texts by '\(printable(model))': they have \(vectorizer.width) elements, those learned from \(width); it is "
          + "another model of the name")
    }
    let parts = try texts.map { column in
      FeatureMatrix(
        try vectorizer.vectors(column.strings()), rows: column.count, columns: width,
        names: (0..<width).map { "\(column.name)_\($0)" })
    }
    return FittedTransformer.joined(parts, rows: texts.first?.count ?? 0)
  }
}
