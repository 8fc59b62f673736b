import LatheCore
import LatheFiles

extension RankedList {
  /// Results and relevances in the files of trec_eval.
  ///
  /// Lines of results are `query Q0 document rank score name`: results go by their scores, equal ones by their names backwards, as
  /// in trec_eval; the rank is not read. Lines of relevances are `query 0 document relevance`. A query without results has an
  /// empty list, and results of queries without relevances are left out.
  ///
  /// - Returns: A list for each query that has relevances, in the order in which they come.
  /// - Throws: `LatheError` for what cannot be read or is not in the format, with the line.
  public static func read(results: String, relevances: String) throws -> [(query: String, list: RankedList)] {
    var order: [String] = []
    var relevant: [String: [String: Double]] = [:]
    try eachLine(relevances, fields: 4) { fields, line in
      guard let value = Double(fields[3]), value.isFinite else {
        throw LatheError(.format, "\(relevances): line \(line): '\(fields[3])' is no relevance")
      }
      if relevant[fields[0]] == nil { order.append(fields[0]) }
      guard relevant[fields[0], default: [:]].updateValue(value, forKey: fields[2]) == nil else {
        throw LatheError(
          .format, "\(relevances): line \(line): \(fields[2]) comes twice for query \(fields[0])")
      }
    }
    var found: [String: [(document: String, score: Double)]] = [:]
    try eachLine(results, fields: 6) { fields, line in
      guard let score = Double(fields[4]), !score.isNaN else {
        throw LatheError(.format, "\(results): line \(line): '\(fields[4])' is no score")
      }
      found[fields[0], default: []].append((fields[2], score))
    }
    return try order.map { query in
      let sorted = (found[query] ?? []).sorted {
        $0.score != $1.score
          ? $0.score > $1.score : $1.document.utf8.lexicographicallyPrecedes($0.document.utf8)
      }
      do {
        return (query, try RankedList(results: sorted.map(\.document), relevant: relevant[query] ?? [:]))
      } catch {
        throw LatheError(.format, "\(results): query \(query): \(error)")
      }
    }
  }

  private static func eachLine(
    _ path: String, fields count: Int, _ body: ([String], Int) throws -> Void
  ) throws {
    let lines = try TextLineReader(path: path)
    while let line = try lines.next() {
      let fields = line.split { $0 == " " || $0 == "\t" }.map(String.init)
      if fields.isEmpty { continue }
      guard fields.count == count else {
        throw LatheError(
          .format,
          "\(path): line \(lines.line): \(fields.count) fields, not the \(count) of trec_eval's files")
      }
      try body(fields, lines.line)
    }
  }
}
