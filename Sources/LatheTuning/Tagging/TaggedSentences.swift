import LatheCore
import LatheFiles

/// Sentences of words with a tag each, as a file gives them.
public struct TaggedSentences: Sendable {
  /// The words of each sentence.
  public let words: [[String]]
  /// The tag of each word.
  public let tags: [[String]]
  /// The number of the document that each sentence stands in; each is one of its own where the file marks none.
  public let documents: [Int]
  /// Where they come from, for messages.
  public let source: String

  /// Sentences in memory.
  ///
  /// - Throws: `LatheError` where a sentence has not a tag for each word, no words, or a tag that is none.
  public init(
    words: [[String]], tags: [[String]], documents: [Int]? = nil, source: String = "the sentences"
  ) throws {
    guard words.count == tags.count, documents.map({ $0.count == words.count }) ?? true else {
      throw LatheError(
        .invalidArgument,
        "\(source): \(words.count) sentences, tags of \(tags.count), documents of \(documents?.count ?? words.count)"
      )
    }
    for (place, (words, tags)) in zip(words, tags).enumerated() {
      guard words.count == tags.count, !words.isEmpty else {
        throw LatheError(
          .invalidArgument, "\(source): sentence \(place + 1): \(words.count) words and \(tags.count) tags")
      }
      if let tag = tags.first(where: { TagScheme.Parts($0) == nil }) {
        throw LatheError(.format, "\(source): sentence \(place + 1): \(Self.problem(tag))")
      }
    }
    (self.words, self.tags, self.source) = (words, tags, source)
    self.documents = documents ?? Array(words.indices)
  }

  private static func problem(_ tag: String) -> String {
    "'\(tag)' is no tag; O, or B-, I-, E- or S- with a type such as B-PER is"
  }

  /// Reads a file in the form of CoNLL: a word, and its tag as the last field, a line, with empty lines between sentences.
  ///
  /// Fields stand between tabs where a line has some, else between spaces; lines between the two are left out, such as parts
  /// of speech. A line whose word is `-DOCSTART-` begins a document.
  /// - Parameter path: The file.
  /// - Throws: `LatheError` naming the file and the line that cannot be used: another number of fields than the others, a
  ///   word without a tag, or what is no tag.
  public init(path: String) throws {
    let reader = try TextLineReader(path: path, allowsEmpty: true)
    var words: [[String]] = [], tags: [[String]] = [], documents: [Int] = []
    var sentence: (words: [String], tags: [String]) = ([], [])
    var width: Int?
    var document = 0, hasMarks = false
    func end() {
      guard !sentence.words.isEmpty else { return }
      words.append(sentence.words)
      tags.append(sentence.tags)
      documents.append(document)
      sentence = ([], [])
    }
    while let line = try reader.next() {
      let text =
        reader.line == 1 && line.unicodeScalars.first == "\u{FEFF}"
        ? String(line.unicodeScalars.dropFirst()) : line
      guard text.contains(where: { !$0.isWhitespace }) else {
        end()
        continue
      }
      let fields =
        text.contains("\t")
        ? text.split(separator: "\t", omittingEmptySubsequences: false) : text.split(separator: " ")
      if fields.first == "-DOCSTART-" {
        end()
        (document, hasMarks) = (document + 1, true)
        continue
      }
      guard fields.count > 1, fields.count == width ?? fields.count,
        fields[0].contains(where: { !$0.isWhitespace })
      else {
        throw LatheError(
          .format,
          "\(path): line \(reader.line): \(counted(fields.count, "fields")), expected \(width.map { "\($0), as in the lines before" } ?? "a word, a tab or a space, and a tag")"
        )
      }
      width = fields.count
      let tag = String(fields[fields.count - 1])
      guard TagScheme.Parts(tag) != nil else {
        throw LatheError(.format, "\(path): line \(reader.line): \(Self.problem(tag))")
      }
      sentence.words.append(String(fields[0]))
      sentence.tags.append(tag)
    }
    end()
    guard !words.isEmpty else { throw LatheError(.format, "\(path): no sentences") }
    (self.words, self.tags, source) = (words, tags, path)
    self.documents = hasMarks ? documents : Array(words.indices)
  }

  private init(_ words: [[String]], _ tags: [[String]], _ documents: [Int], _ source: String) {
    (self.words, self.tags, self.documents, self.source) = (words, tags, documents, source)
  }

  /// How many sentences there are.
  public var count: Int { words.count }
  /// How many words there are.
  public var wordCount: Int { words.reduce(0) { $0 + $1.count } }
  /// The types of entities, sorted.
  public var types: [String] {
    Set(tags.joined()).compactMap { TagScheme.Parts($0)?.type }.filter { !$0.isEmpty }.reduce(into: Set()) {
      $0.insert($1)
    }.sorted()
  }
  /// The scheme of the tags.
  public var scheme: TagScheme { TagScheme.detect(tags) }
  /// How many sentences have a tag where its scheme has none of it, such as an `I-` that goes on with nothing.
  public var irregularCount: Int {
    let scheme = scheme
    return tags.count { scheme.firstProblem($0) != nil }
  }

  /// The same entities in the tags of a scheme, found leniently where tags stand where they may not.
  public func converted(to scheme: TagScheme) -> TaggedSentences {
    let converted = tags.map { scheme.tags(of: EntitySpan.lenient($0), count: $0.count) }
    return TaggedSentences(words, converted, documents, source)
  }

  /// The sentences at some places.
  func picked(_ places: [Int]) -> TaggedSentences {
    TaggedSentences(
      places.map { words[$0] }, places.map { tags[$0] }, places.map { documents[$0] }, source)
  }

  /// Without sentences that stood before, word by word, which would be in two parts of a split.
  ///
  /// Documents that the file marks stay whole.
  /// - Returns: The sentences, how many were taken out, and how many of those had other tags.
  public func withoutDuplicates() -> (sentences: TaggedSentences, removed: Int, contradicting: Int) {
    guard Set(documents).count == count else { return (self, 0, 0) }
    var first: [[String]: Int] = [:]
    var places: [Int] = [], contradicting = 0
    for place in words.indices {
      if let before = first[words[place]] {
        if tags[before] != tags[place] { contradicting += 1 }
      } else {
        first[words[place]] = place
        places.append(place)
      }
    }
    return (picked(places), count - places.count, contradicting)
  }
}
