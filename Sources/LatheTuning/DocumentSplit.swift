import LatheCore
import LatheData

/// Documents to learn from, to choose by and to test on once, none of them in two parts.
public struct DocumentSplit: Sendable {
  /// What is learned from.
  public let training: LabelledDocuments
  /// What chooses the epoch whose weights are kept.
  public let validation: LabelledDocuments
  /// What is looked at once, at the end.
  public let test: LabelledDocuments
  /// The classes' names, sorted, as the training part has them.
  public let classes: [String]

  /// Splits documents, each class by the same shares; a file of the test's own leaves more to learn from.
  ///
  /// - Parameters:
  ///   - documents: To be split.
  ///   - test: Documents for the test alone.
  ///   - validationShare: The part of the documents to choose by.
  ///   - testShare: The part for the test where it has no file of its own.
  ///   - seed: What decides who is where.
  /// - Throws: `LatheError` where there is but one class, a class too rare for its parts, or a class in another part that
  ///   the training has not.
  public init(
    _ documents: LabelledDocuments, test: LabelledDocuments? = nil, validationShare: Double = 0.1,
    testShare: Double = 0.2, seed: UInt64 = 42
  ) throws {
    for (name, share) in [("validation", validationShare), ("test", testShare)] {
      guard share > 0, share < 0.5 else {
        throw LatheError(.invalidArgument, "a \(name) part of \(share): give one between 0 and 0.5")
      }
    }
    let classes = Set(documents.labels).sorted()
    guard classes.count > 1 else {
      throw LatheError(
        .format,
        "\(documents.source): all labels are '\(classes.first ?? "")'; at least two classes are needed")
    }
    self.classes = classes
    let numbers = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    let parts = test == nil ? 3 : 2
    let counts = Dictionary(documents.labels.map { ($0, 1) }, uniquingKeysWith: +)
    if let (label, count) = counts.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }), count < parts {
      throw LatheError(
        .format,
        "\(documents.source): \(counted(count, "texts")) of class '\(label)', and each class is split into \(parts) parts; give more of it or remove it"
      )
    }
    let shares =
      test == nil
      ? [1 - validationShare - testShare, validationShare, testShare]
      : [1 - validationShare, validationShare]
    let places = try splitPlaces(
      documents.count, shares, seed: seed, stratifiedBy: documents.labels.map { numbers[$0] ?? 0 })
    training = documents.picked(places[0].sorted())
    validation = documents.picked(places[1].sorted())
    self.test = test ?? documents.picked(places[2].sorted())
    if let test, let stranger = test.labels.first(where: { numbers[$0] == nil }) {
      throw LatheError(
        .format,
        "\(test.source): class '\(stranger)' is not among the classes to learn, \(classes.prefix(20).joined(separator: ", "))"
      )
    }
    let known = Set(training.labels)
    if let missing = classes.first(where: { !known.contains($0) }) {
      throw LatheError(
        .format,
        "\(documents.source): no text of class '\(missing)' is left to learn from; give more of it or remove it"
      )
    }
  }
}
