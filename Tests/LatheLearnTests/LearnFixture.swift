import FoundationEssentials
import LatheLearn

/// What scripts/make-learn-fixtures.py wrote.
enum LearnFixture {
  static func load<T: Decodable>(_ name: String, as type: T.Type = T.self) throws -> T {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appending(path: "Fixtures/learn/\(name).json"))
    return try JSONDecoder().decode(T.self, from: data)
  }

  /// A matrix of rows with null for missing values.
  static func matrix(_ rows: [[Double?]], categorical: Set<Int> = []) -> FeatureMatrix {
    FeatureMatrix(rows.map { $0.map { $0 ?? .nan } }, categorical: categorical)
  }

  /// The largest difference, as a share of what is expected where that is above one.
  static func difference(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1) / max(1, abs($1.1))) }
  }
}
