import Foundation
import Lathe
import LatheCore

/// A run as Google Benchmark writes it, so that its tools and dashboards read it too.
///
/// Each row is one entry with `real_time` the median; p10, p90, error and roof are counters beside it. What Google
/// Benchmark has no field for stands under names that begin with `lathe_`.
public struct ResultFile: Sendable, Equatable {
  /// Where and by what the run was made.
  public var head: RunHead
  /// The rows in the order in which they ran.
  public var rows: [Row]

  /// A run from its parts.
  public init(head: RunHead, rows: [Row]) {
    self.head = head
    self.rows = rows
  }

  /// The version of what stands under `lathe_`.
  static let schema = 1

  /// The file's text.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let file = GoogleBenchmark(
      context: .init(head), benchmarks: rows.enumerated().map { .init($1, index: $0) })
    return String(decoding: try encoder.encode(file), as: UTF8.self) + "\n"
  }

  /// Reads a file.
  ///
  /// - Throws: `LatheError` where it is missing or was not written by `lathe bench --json`.
  public init(path: String) throws {
    // A pipe could be waited for without end.
    var isFolder: ObjCBool = false
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
      isFolder.boolValue
        || ![.typeRegular, .typeSymbolicLink].contains(attributes?[.type] as? FileAttributeType)
    {
      throw LatheError(.file, "\(path): no regular file; write one with `lathe bench --json FILE`")
    }
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      let reason = FileManager.default.fileExists(atPath: path) ? "cannot be read" : "no such file"
      throw LatheError(.file, "\(path): \(reason); write one with `lathe bench --json FILE`")
    }
    try self.init(data: data, source: path)
  }

  /// Reads a file's bytes; the source is for messages.
  public init(data: Data, source: String) throws {
    let decoder = JSONDecoder()
    let file: GoogleBenchmark
    try JSONNesting.check(data, source)
    do {
      let kind = try decoder.decode(SchemaOnly.self, from: data)
      guard let schema = kind.context.lathe_schema else {
        throw LatheError(
          .format, "\(source): a benchmark file of another program; it has no context.lathe_schema")
      }
      guard schema == ResultFile.schema else {
        throw LatheError(
          .format, "\(source): of schema \(schema), this program reads \(ResultFile.schema); run it again")
      }
      file = try decoder.decode(GoogleBenchmark.self, from: data)
    } catch let error as LatheError {
      throw error
    } catch {
      throw LatheError(
        .format, "\(source): not a file that `lathe bench --json` writes: \(ResultFile.reason(error))")
    }
    if let objection = file.objection { throw LatheError(.format, "\(source): \(objection)") }
    head = file.context.head
    rows = file.benchmarks.map(\.row)
  }

  private struct SchemaOnly: Decodable {
    struct Context: Decodable { var lathe_schema: Int? }
    var context: Context
  }

  private static func reason(_ error: any Error) -> String {
    func place(_ context: DecodingError.Context) -> String {
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      return path.isEmpty ? "it is no JSON object" : "wrong value at \(path)"
    }
    switch error as? DecodingError {
    case .keyNotFound(let key, let context):
      return "no \((context.codingPath + [key]).map(\.stringValue).joined(separator: "."))"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      return place(context)
    default: return "\(error)"
    }
  }
}
