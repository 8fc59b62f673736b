import LatheCore
import LatheData

/// Sentences to learn from, to choose by and to test on once; no document is in two parts.
public struct TaggedSplit: Sendable {
  /// What is learned from.
  public let training: TaggedSentences
  /// What chooses the epoch whose weights are kept.
  public let validation: TaggedSentences
  /// What is looked at once, at the end.
  public let test: TaggedSentences
  /// The types of entities, sorted, as the training part has them.
  public let types: [String]

  /// Splits documents, or sentences where the file marks none; files of their own leave more to learn from.
  ///
  /// A document goes where its rarest type is shared out, so that each part has some of every type.
  ///
  /// - Parameters:
  ///   - sentences: To be split.
  ///   - validation: Sentences to choose by.
  ///   - test: Sentences for the test alone.
  ///   - validationShare: The part to choose by where it has no file of its own.
  ///   - testShare: The part for the test where it has no file of its own.
  ///   - seed: What decides who is where.
  /// - Throws: `LatheError` where there are no entities, too few documents, or a type that the training part has not.
  public init(
    _ sentences: TaggedSentences, validation: TaggedSentences? = nil, test: TaggedSentences? = nil,
    validationShare: Double = 0.1, testShare: Double = 0.2, seed: UInt64 = 42
  ) throws {
    for (name, share) in [("validation", validationShare), ("test", testShare)] {
      guard share > 0, share < 0.5 else {
        throw LatheError(.invalidArgument, "a \(name) part of \(share): give one between 0 and 0.5")
      }
    }
    guard !sentences.types.isEmpty else {
      throw LatheError(.format, "\(sentences.source): all tags are O; there is no entity to learn")
    }
    var shares: [Double] = []
    if validation == nil { shares.append(validationShare) }
    if test == nil { shares.append(testShare) }
    let parts = try Self.places(sentences, [1 - shares.reduce(0, +)] + shares, seed)
    training = sentences.picked(parts[0])
    self.validation = validation ?? sentences.picked(parts[1])
    self.test = test ?? sentences.picked(parts[parts.count - 1])
    types = training.types
    for part in [self.validation, self.test] {
      guard let stranger = part.types.first(where: { !types.contains($0) }) else { continue }
      throw LatheError(
        .format,
        part.source == sentences.source
          ? "\(part.source): no sentence with '\(stranger)' is left to learn from; give more of it or remove it"
          : "\(part.source): type '\(stranger)' is not among those to learn, \(types.prefix(20).joined(separator: ", "))"
      )
    }
  }

  private init(
    _ training: TaggedSentences, _ validation: TaggedSentences, _ test: TaggedSentences, _ types: [String]
  ) {
    (self.training, self.validation, self.test, self.types) = (training, validation, test, types)
  }

  /// The same parts in the tags of a scheme.
  public func converted(to scheme: TagScheme) -> TaggedSplit {
    TaggedSplit(
      training.converted(to: scheme), validation.converted(to: scheme), test.converted(to: scheme), types)
  }

  private static func places(_ sentences: TaggedSentences, _ shares: [Double], _ seed: UInt64) throws
    -> [[Int]]
  {
    guard shares.count > 1 else { return [Array(0..<sentences.count)] }
    var documents: [[Int]] = [], numbers: [Int: Int] = [:]
    for (place, document) in sentences.documents.enumerated() {
      if let number = numbers[document] {
        documents[number].append(place)
      } else {
        numbers[document] = documents.count
        documents.append([place])
      }
    }
    guard documents.count >= shares.count else {
      throw LatheError(
        .format,
        "\(sentences.source): \(counted(documents.count, "documents")) for \(shares.count) parts; give --validation-data and --test-data files of their own"
      )
    }
    let types = documents.map { places in
      Set(
        places.flatMap { sentences.tags[$0].compactMap { TagScheme.Parts($0)?.type } }.filter { !$0.isEmpty })
    }
    let counts = Dictionary(types.joined().map { ($0, 1) }, uniquingKeysWith: +)
    let order = counts.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
    let groups = types.map { own in order.firstIndex { own.contains($0) } ?? order.count }
    return try splitPlaces(documents.count, shares, seed: seed, stratifiedBy: groups).map { part in
      part.sorted().flatMap { documents[$0] }
    }
  }
}
