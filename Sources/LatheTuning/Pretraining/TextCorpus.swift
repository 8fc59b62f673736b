import Foundation
import LatheCore
import LatheData
import LatheFiles

/// Whole documents to learn a language from, without what comes twice.
public struct TextCorpus: Sendable {
  /// The documents.
  public let documents: [String]
  /// Where they come from, for messages.
  public let source: String
  /// How many were left out because they came before, to the byte.
  public let duplicates: Int

  /// Documents in memory; empty ones, and those that come again, are left out.
  ///
  /// - Throws: `LatheError` where nothing is left.
  public init(_ documents: [String], source: String = "the documents") throws {
    let filled = documents.filter { $0.contains { !$0.isWhitespace } }
    var seen = Set<String>()
    self.documents = filled.filter { seen.insert($0).inserted }
    duplicates = filled.count - self.documents.count
    self.source = source
    guard !self.documents.isEmpty else { throw LatheError(.format, "\(source): no text in it") }
  }

  /// Reads a folder, each of whose files is a document; a table with a column of texts (.csv, .tsv, .jsonl, .parquet), whose rows
  /// are; or a text file, in which empty lines stand between documents.
  ///
  /// - Parameters:
  ///   - path: The folder or file; of a folder, files at any depth whose names do not begin with a point, in the order of
  ///     their names.
  ///   - column: The column of a table; `text` unless given.
  /// - Throws: `LatheError` naming the file that cannot be read or is no text.
  public init(path: String, column: String? = nil) throws {
    if FileErrors.isFolder(path) {
      let files = try Self.files(path)
      guard !files.isEmpty else { throw LatheError(.file, "\(path): no files in it") }
      try self.init(files.map(Self.text), source: path)
    } else if LabelledDocuments.isTable(path) {
      try self.init(LabelledDocuments.texts(path: path, column: column), source: path)
    } else {
      if let column {
        throw LatheError(
          .invalidArgument, "\(path): column '\(column)' of what is no .csv, .tsv, .jsonl or .parquet table")
      }
      try self.init(Self.paragraphs(Self.text(path)), source: path)
    }
  }

  private static func files(_ folder: String) throws -> [String] {
    guard let all = FileManager.default.enumerator(atPath: folder) else {
      throw LatheError(.file, "\(folder): cannot be listed")
    }
    return all.compactMap { $0 as? String }
      .filter { path in !path.split(separator: "/").contains { $0.hasPrefix(".") } }
      .map { "\(folder)/\($0)" }.filter { !FileErrors.isFolder($0) }.sorted()
  }

  private static func text(_ path: String) throws -> String {
    let bytes = try FileErrors.read(path)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw LatheError(.format, "\(path): not UTF-8 text; convert it, or take it out of the corpus")
    }
    return text
  }

  private static func paragraphs(_ text: String) -> [String] {
    var (documents, lines): ([String], [Substring]) = ([], [])
    let all: [Substring] = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for line in all + [""] {
      if line.contains(where: { !$0.isWhitespace }) {
        lines.append(line)
      } else if !lines.isEmpty {
        documents.append(lines.joined(separator: "\n"))
        lines = []
      }
    }
    return documents
  }
}

/// The parts of a corpus; whole documents are in one of them.
public struct CorpusSplit: Sendable {
  /// What is learned from, what chooses the epoch, and what is looked at once.
  public let training: [String], validation: [String], test: [String]
  /// Where the documents come from.
  public let source: String
  private let duplicates: Int

  /// Divides a corpus by documents, in an order that the seed decides.
  ///
  /// - Parameters:
  ///   - corpus: The documents.
  ///   - validationShare: The part that chooses the epoch.
  ///   - testShare: The part for the test.
  ///   - seed: Decides which documents.
  /// - Throws: `LatheError.invalidArgument` for shares that leave a part empty.
  public init(
    _ corpus: TextCorpus, validationShare: Double = 0.05, testShare: Double = 0.05, seed: UInt64 = 42
  ) throws {
    guard validationShare > 0, testShare > 0, validationShare + testShare < 1 else {
      throw LatheError(
        .invalidArgument,
        "parts of \(validationShare) and \(testShare) of the documents for validation and test; give parts above 0 whose sum is below 1"
      )
    }
    let count = corpus.documents.count
    guard count >= 3 else {
      throw LatheError(
        .format,
        "\(corpus.source): \(counted(count, "documents")); three are needed, to learn from, to choose by and to test. In a text file an empty line ends a document, in a folder a file is one"
      )
    }
    let places = try splitPlaces(
      count, [1 - validationShare - testShare, validationShare, testShare], seed: seed, stratifiedBy: nil)
    // Documents keep their order within a part.
    let parts = places.map { $0.sorted().map { corpus.documents[$0] } }
    (training, validation, test) = (parts[0], parts[1], parts[2])
    (source, duplicates) = (corpus.source, corpus.duplicates)
  }

  /// What the parts are made of: documents, bytes and a SHA-256 of each, so that a later run can tell whether it has the same.
  package struct Manifest: Codable, Equatable {
    package struct Part: Codable, Equatable {
      package var documents: Int, bytes: Int
      /// Of the documents in their order, each ended by a byte of 0.
      package var sha256: String

      init(_ texts: [String]) {
        documents = texts.count
        bytes = texts.reduce(0) { $0 + $1.utf8.count }
        var sum = SHA256()
        for var text in texts {
          text.withUTF8 { sum.add(UnsafeRawBufferPointer($0)) }
          withUnsafeBytes(of: UInt8(0)) { sum.add($0) }
        }
        sha256 = sum.digits()
      }
    }

    var source: String
    /// The licence that the texts are under, as the user says it.
    var licence: String?
    /// Documents left out because they came before.
    var duplicates: Int
    package var training: Part, validation: Part, test: Part
  }

  package func manifest(licence: String?) -> Manifest {
    Manifest(
      source: source, licence: licence, duplicates: duplicates, training: .init(training),
      validation: .init(validation), test: .init(test))
  }
}
