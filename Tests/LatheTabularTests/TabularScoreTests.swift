import FoundationEssentials
import Lathe
import LatheCore
import LatheLearn
import LatheTabular
import Testing

/// Scores on the wine table beside those of the authors' networks; scripts/make-tabular-score-fixtures.py wrote these.
@Suite struct TabularScoreTests {
  struct Scores: Decodable {
    var rows: [[Double]]
    var labels: [Double]
    var scores: [String: [Double]]
  }

  @Test(arguments: [
    ("mlp", TabularArchitecture.mlp()), ("resNet", .resNet()), ("ftTransformer", .ftTransformer()),
  ])
  func scoresAreWithinTheSpread(_ name: String, _ architecture: TabularArchitecture) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appending(path: "Fixtures/learn/tabular-scores.json"))
    let wine = try JSONDecoder().decode(Scores.self, from: data)
    let test = wine.rows.indices.filter { $0 % 4 == 0 }
    let train = wine.rows.indices.filter { $0 % 4 != 0 }
    let (learned, asked) = (
      FeatureMatrix(train.map { wine.rows[$0] }), FeatureMatrix(test.map { wine.rows[$0] })
    )
    let scaler = try StandardScaler(fit: learned)
    let rows = LabelledRows(scaler.transform(learned), train.map { wine.labels[$0] })
    let scores = try (0..<3).map { seed in
      var network = TabularNetwork(architecture, isClassifier: true)
      network.seed = UInt64(seed)
      network.device = .cpu
      let found = try network.fit(rows, classes: 3).predict(scaler.transform(asked))
      return Double(zip(found, test).count { $0 == wine.labels[$1] }) / Double(test.count)
    }
    let expected = try #require(wine.scores[name])
    #expect(expected.count == 10)
    let mean = scores.reduce(0, +) / Double(scores.count)
    // One row of 45 is 0.022, of which the mean of three seeds may be off.
    #expect(mean >= (expected.min() ?? 1) - 0.023, "\(scores), beside \(expected)")
  }
}
