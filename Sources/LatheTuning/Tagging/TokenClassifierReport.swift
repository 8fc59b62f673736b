import Foundation
import Lathe
import LatheFiles
import LatheNN

/// What the test of a network that tags words says.
public struct TokenClassifierReport: Sendable {
  /// Entities as conlleval reads them, which is what papers give.
  public let entities: EntityReport
  /// Entities as the scheme alone allows them.
  public let strict: EntityReport
  /// Counts of words by their right tag and the given one.
  public let confusion: ConfusionMatrix
  /// The tags, `O` first.
  public let tags: [String]
  /// Sentences with an entity too many, too few or wrong.
  public let mistakes: [Mistake]

  /// A sentence with wrong entities.
  public struct Mistake: Sendable, Hashable, Codable {
    /// An entity, written out.
    public struct Entity: Sendable, Hashable, Codable {
      /// Its type and its words.
      public let type: String, text: String
    }
    /// The words, with spaces between them.
    public let text: String
    /// Entities that were not given.
    public let missed: [Entity]
    /// Entities that are none, or others.
    public let wrong: [Entity]
  }

  /// Tests a tagger.
  ///
  /// - Parameters:
  ///   - tagger: The tagger.
  ///   - test: Sentences of its types, in tags of any scheme.
  /// - Throws: `LatheError` where a type is not among the tagger's, a word cannot be encoded, or the device fails.
  public init(of tagger: TokenTagger, on test: TaggedSentences) throws {
    let tags = tagger.tags
    let types = Set(tags.compactMap { TagScheme.Parts($0)?.type })
    if let stranger = test.types.first(where: { !types.contains($0) }) {
      throw LatheError(
        .format,
        "\(test.source): type '\(stranger)' is not among the model's, \(types.subtracting([""]).sorted().prefix(20).joined(separator: ", "))"
      )
    }
    self.tags = tags
    let right = test.converted(to: tagger.scheme)
    let given = try tagger.tags(right.words, source: test.source).map(\.tags)
    let numbers = Dictionary(uniqueKeysWithValues: tags.enumerated().map { ($1, $0) })
    var confusion = ConfusionMatrix(classes: tags.count)
    try confusion.update(
      predicted: given.joined().map { numbers[$0] ?? 0 }, labels: right.tags.joined().map { numbers[$0] ?? 0 }
    )
    self.confusion = confusion
    entities = EntityReport(given: given, right: right.tags)
    strict = EntityReport(given: given, right: right.tags, mode: .strict(tagger.scheme))
    var mistakes: [Mistake] = []
    for (words, (given, right)) in zip(right.words, zip(given, right.tags)) where given != right {
      let (found, there) = (EntitySpan.lenient(given), EntitySpan.lenient(right))
      func written(_ spans: [EntitySpan], without others: [EntitySpan]) -> [Mistake.Entity] {
        spans.filter { !others.contains($0) }.map {
          Mistake.Entity(type: $0.type, text: words[$0.words].joined(separator: " "))
        }
      }
      mistakes.append(
        Mistake(
          text: words.joined(separator: " "), missed: written(there, without: found),
          wrong: written(found, without: there)))
    }
    self.mistakes = mistakes
  }

  /// The tags of words without `O`, as scikit-learn's report of chosen classes has them.
  public var tagReport: EntityReport {
    var counts: [String: EntityReport.Counts] = [:]
    for (place, tag) in tags.enumerated() where tag != "O" {
      counts[tag] = EntityReport.Counts(
        right: confusion.counts[place][place], given: confusion.counts.reduce(0) { $0 + $1[place] },
        support: confusion.counts[place].reduce(0, +))
    }
    return EntityReport(counts: counts)
  }

  /// A warning where the words' accuracy looks good and the entities do not; nil else.
  public var warning: String? {
    let f1 = entities.score(.micro).f1
    guard confusion.accuracy >= 0.8, confusion.accuracy - f1 >= 0.1 else { return nil }
    let outside = Double(confusion.counts[0].reduce(0, +)) / Double(max(confusion.total, 1))
    return String(
      format:
        "warning: %.1f %% of the words have their tag, but %.1f %% of them are O; the F1 of entities is %.4f, and that is what counts",
      confusion.accuracy * 100, outside * 100, f1)
  }

  /// The reports of entities and of words.
  public var text: String {
    var text = "entities\n\n\(entities.text(digits: 4))"
    if strict != entities { text += "\nentities, strictly by the scheme\n\n\(strict.text(digits: 4))" }
    text += "\nwords without O\n\n\(tagReport.text(digits: 4))"
    text += "\nwords with O\n\n\(confusion.report(names: tags, digits: 4))"
    return text + (warning.map { "\n\($0)\n" } ?? "")
  }

  /// The figures, for JSON.
  public struct Scores: Encodable, Sendable {
    /// Over all entities, leniently.
    public let precision: Double, recall: Double, f1: Double
    /// The mean over types, and over them by how many there are.
    public let macroF1: Double, weightedF1: Double, strictF1: Double
    /// The share of words with their tag, and the F1 of tags without `O`.
    public let accuracy: Double, tagF1: Double
    /// By type.
    public let types: [String: EntityReport.Score]
    /// As in the report.
    public let warning: String?
  }

  /// The figures, for JSON.
  public var scores: Scores {
    let micro = entities.score(.micro)
    return Scores(
      precision: micro.precision, recall: micro.recall, f1: micro.f1, macroF1: entities.score(.macro).f1,
      weightedF1: entities.score(.weighted).f1, strictF1: strict.score(.micro).f1,
      accuracy: confusion.accuracy, tagF1: tagReport.score(.micro).f1,
      types: Dictionary(uniqueKeysWithValues: entities.types.map { ($0, entities.score($0)) }),
      warning: warning)
  }

  /// Writes `test-report.txt` and `mistakes.jsonl`.
  func write(to folder: String) throws {
    try AtomicFile.write([Array(text.utf8)], to: "\(folder)/test-report.txt")
    try JSONRecord.writeLines(mistakes, to: "\(folder)/mistakes.jsonl")
  }
}
