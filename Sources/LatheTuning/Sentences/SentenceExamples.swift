import LatheCore
import LatheData
import LatheFiles
import LatheTables

/// Texts of which some belong together, as a file gives them.
public struct SentenceExamples: Sendable {
  /// What is known of the texts.
  public enum Kind: String, Sendable, Hashable, Codable {
    /// Pairs that belong together, perhaps with a third text that does not belong to the first.
    case pairs
    /// Pairs with how alike they are.
    case scored
    /// Texts with classes.
    case labelled
    /// Nothing but the texts.
    case texts
  }

  /// What is known of the texts.
  public let kind: Kind
  /// The texts of each example: one, two, or three where each pair has a text that does not belong to the first.
  public let texts: [[String]]
  /// How alike the texts of scored pairs are.
  public let scores: [Float]?
  /// The names of labelled texts' classes.
  public let labels: [String]?
  /// Where they come from, for messages.
  public let source: String

  /// Pairs of texts that belong together, or that do and a third one that does not.
  ///
  /// - Throws: `LatheError` where there are none, or not as many texts in all of them.
  public init(pairs: [[String]], source: String = "the pairs") throws {
    guard let count = pairs.first?.count, [2, 3].contains(count), pairs.allSatisfy({ $0.count == count })
    else {
      throw LatheError(.invalidArgument, "\(source): give pairs of texts, or three texts in each example")
    }
    self.init(.pairs, pairs, source)
  }

  /// Pairs of texts with how alike they are.
  ///
  /// - Throws: `LatheError` where there are not as many scores as pairs, or one is no number from -1 to 1.
  public init(pairs: [(String, String)], scores: [Float], source: String = "the pairs") throws {
    guard pairs.count == scores.count, !pairs.isEmpty else {
      throw LatheError(.invalidArgument, "\(source): \(pairs.count) pairs and \(scores.count) scores")
    }
    if let place = scores.firstIndex(where: { !($0 >= -1 && $0 <= 1) }) {
      throw LatheError(
        .format,
        "\(source): row \(place + 1): a score of \(scores[place]), not from -1 to 1, as cosines are; divide scores by their largest"
      )
    }
    self.init(.scored, pairs.map { [$0.0, $0.1] }, scores: scores, source)
  }

  /// Texts with the names of their classes.
  public init(_ documents: LabelledDocuments) {
    self.init(.labelled, documents.texts.map { [$0] }, labels: documents.labels, documents.source)
  }

  /// Texts alone.
  ///
  /// - Throws: `LatheError` where there are none.
  public init(texts: [String], source: String = "the texts") throws {
    guard !texts.isEmpty else { throw LatheError(.format, "\(source): no texts") }
    self.init(.texts, texts.map { [$0] }, source)
  }

  private init(
    _ kind: Kind, _ texts: [[String]], scores: [Float]? = nil, labels: [String]? = nil, _ source: String
  ) {
    (self.kind, self.texts, self.scores, self.labels, self.source) = (kind, texts, scores, labels, source)
  }

  /// Reads a file: a table (.csv, .tsv, .jsonl, .parquet) with the columns `anchor`, `positive` and perhaps `negative`, or
  /// `sentence1`, `sentence2` and `score`, or `text` and `label`, or `text`; lines `label<TAB>text`; or a text a line.
  ///
  /// - Throws: `LatheError` naming the file and the line, row or column that cannot be used.
  public init(path: String) throws {
    let isTable = LabelledDocuments.isTable(path)
    let names = isTable ? try LabelledDocuments.columns(path) : []
    func has(_ columns: String...) -> Bool { columns.allSatisfy { names.contains($0) } }
    func rows(_ columns: [String]) throws -> [[String]] {
      let found = try LabelledDocuments.texts(path: path, columns: columns)
      return found[0].indices.map { row in found.map { $0[row] } }
    }
    if has("anchor", "positive") {
      try self.init(
        pairs: rows(["anchor", "positive"] + (has("negative") ? ["negative"] : [])), source: path)
    } else if has("sentence1", "sentence2", "score") {
      let found = try rows(["sentence1", "sentence2", "score"])
      let scores = try found.enumerated().map { row, values in
        guard let score = Float(values[2]) else {
          throw LatheError(.format, "\(path): row \(row + 1): score '\(values[2])' is no number")
        }
        return score
      }
      try self.init(pairs: found.map { ($0[0], $0[1]) }, scores: scores, source: path)
    } else if has("text"), !has("label") {
      try self.init(texts: rows(["text"]).map { $0[0] }, source: path)
    } else if try has("text", "label")
      || (!isTable || LabelledDocuments.isTabbed(path)) && Self.hasLabels(path)
    {
      self.init(try LabelledDocuments(path: path).withoutDuplicates().documents)
    } else if isTable {
      throw LatheError(
        .format,
        "\(path): columns \(names.prefix(12).joined(separator: ", ")); there must be anchor and positive, sentence1, sentence2 and score, text and label, or text"
      )
    } else {
      let reader = try TextLineReader(path: path)
      var lines: [String] = []
      while let line = try reader.next() {
        if line.contains(where: { !$0.isWhitespace }) { lines.append(String(line)) }
      }
      try self.init(texts: lines, source: path)
    }
  }

  /// Whether the first line of a file has a tab in it.
  private static func hasLabels(_ path: String) throws -> Bool {
    try TextLineReader(path: path).next()?.contains("\t") ?? false
  }

  /// How many there are.
  public var count: Int { texts.count }
  /// The names of the classes, sorted.
  public var classes: [String] { Set(labels ?? []).sorted() }

  /// The examples at some places.
  func picked(_ places: [Int]) -> SentenceExamples {
    SentenceExamples(
      kind, places.map { texts[$0] }, scores: scores.map { all in places.map { all[$0] } },
      labels: labels.map { all in places.map { all[$0] } }, source)
  }

  /// The labelled texts, for a classifier's test.
  package var documents: LabelledDocuments? {
    labels.flatMap { try? LabelledDocuments(texts: texts.map { $0[0] }, labels: $0, source: source) }
  }
}

/// Examples to learn from, to choose by and to test on once; a first text is in one part alone.
public struct SentenceSplit: Sendable {
  /// What is learned from, and what is looked at once.
  public let training: SentenceExamples, test: SentenceExamples
  /// What chooses the epoch; nil for labelled texts, of which all that may be learned from are.
  public let validation: SentenceExamples?

  /// Divides examples; those with the same first text are in one part.
  ///
  /// - Parameters:
  ///   - examples: To be divided.
  ///   - test: Examples for the test alone.
  ///   - shots: Of labelled texts, how many of each class are learned from; all where nil.
  ///   - validationShare: The part to choose by.
  ///   - testShare: The part for the test where it has no file of its own.
  ///   - seed: What decides who is where.
  /// - Throws: `LatheError` for shares that cannot be, too few examples, or a test of another kind.
  public init(
    _ examples: SentenceExamples, test: SentenceExamples? = nil, shots: Int? = nil,
    validationShare: Double = 0.1, testShare: Double = 0.2, seed: UInt64 = 42
  ) throws {
    for (name, share) in [("validation", validationShare), ("test", testShare)] {
      guard share > 0, share < 0.5 else {
        throw LatheError(.invalidArgument, "a \(name) part of \(share): give one between 0 and 0.5")
      }
    }
    if let test, test.kind != examples.kind {
      throw LatheError(
        .format, "\(test.source): \(test.kind.rawValue), and \(examples.source) has \(examples.kind.rawValue)"
      )
    }
    let isLabelled = examples.kind == .labelled
    guard shots == nil || isLabelled else {
      throw LatheError(
        .invalidArgument, "shots are counted of texts with labels, and \(examples.source) has none")
    }
    var numbers: [String: Int] = [:]
    var groups: [[Int]] = []
    for (place, texts) in examples.texts.enumerated() {
      if let number = numbers[texts[0]] {
        groups[number].append(place)
      } else {
        numbers[texts[0]] = groups.count
        groups.append([place])
      }
    }
    let learned = 1 - (isLabelled ? 0 : validationShare) - (test == nil ? testShare : 0)
    let shares = [learned] + (test == nil ? [testShare] : []) + (isLabelled ? [] : [validationShare])
    guard groups.count >= max(shares.count, 2) else {
      throw LatheError(
        .format,
        "\(examples.source): \(counted(groups.count, "examples")) with first texts of their own, divided into \(shares.count) parts; give more"
      )
    }
    let classes = Dictionary(uniqueKeysWithValues: examples.classes.enumerated().map { ($1, $0) })
    let labels = examples.labels.map { all in groups.map { classes[all[$0[0]]] ?? 0 } }
    let places = try splitPlaces(groups.count, shares, seed: seed, stratifiedBy: labels)
    let parts = places.map { part in examples.picked(part.sorted().flatMap { groups[$0] }) }
    training = try Self.taken(parts[0], shots, seed)
    self.test = test ?? parts[1]
    validation = isLabelled ? nil : parts[test == nil ? 2 : 1]
    if isLabelled, training.classes.count < 2 {
      throw LatheError(
        .format, "\(examples.source): all labels to learn from are '\(training.classes.first ?? "")'")
    }
  }

  /// So many texts of each class.
  private static func taken(
    _ examples: SentenceExamples, _ shots: Int?, _ seed: UInt64
  ) throws -> SentenceExamples {
    guard let shots, let labels = examples.labels else { return examples }
    var random = SampleRandom(state: seed &+ 0x5E17)
    var order = Array(labels.indices)
    random.shuffle(&order)
    var left = Dictionary(uniqueKeysWithValues: examples.classes.map { ($0, shots) })
    let places = order.filter { place in
      left[labels[place], default: 0] -= 1
      return left[labels[place], default: 0] >= 0
    }
    if let (label, missing) = left.filter({ $0.value > 0 }).min(by: { $0.key < $1.key }) {
      throw LatheError(
        .format,
        "\(examples.source): \(counted(shots - missing, "texts")) of class '\(label)' to learn from, and \(shots) of each are asked for; ask for fewer"
      )
    }
    return examples.picked(places.sorted())
  }
}
