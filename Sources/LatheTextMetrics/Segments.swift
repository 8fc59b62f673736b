import LatheCore

/// Texts with their references, checked: as many of each, and at least one reference for each text.
struct Segments {
  /// The references of each text.
  let references: [[String]]
  /// How many references each text has, nil where they differ.
  let referenceCount: Int?

  /// Turns streams of references, one reference of each text in each, into references of texts.
  ///
  /// - Throws: `LatheError.invalidArgument` where there is no text, a stream is not as long, or a text has no reference.
  init(_ what: String, _ hypotheses: [String], _ streams: [[String?]]) throws {
    guard !hypotheses.isEmpty else {
      throw LatheError(.invalidArgument, "\(what): no texts to score; give at least one")
    }
    guard !streams.isEmpty else {
      throw LatheError(.invalidArgument, "\(what): no references; give at least one stream of them")
    }
    for (index, stream) in streams.enumerated() where stream.count != hypotheses.count {
      throw LatheError(
        .invalidArgument,
        "\(what): reference stream \(index + 1) has \(stream.count) texts for \(hypotheses.count) hypotheses; "
          + "each needs one, or nil")
    }
    references = hypotheses.indices.map { place in streams.compactMap { $0[place] } }
    if let place = references.firstIndex(where: \.isEmpty) {
      throw LatheError(.invalidArgument, "\(what): text \(place + 1) has no reference")
    }
    let counts = Set(references.map(\.count))
    referenceCount = counts.count == 1 ? counts.first : nil
  }

  /// The version of sacrebleu whose figures are reproduced, which signatures name.
  static let version = "2.5.1"

  /// A signature line.
  static func signature(_ references: Int?, _ parts: [(String, String)]) -> String {
    let count = references.map(String.init) ?? "var"
    return ([("nrefs", count)] + parts + [("version", version)]).map { "\($0.0):\($0.1)" }
      .joined(separator: "|")
  }
}
