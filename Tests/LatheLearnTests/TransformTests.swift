import LatheCore
import LatheLearn
import LatheTables
import Testing

/// Scalers, imputers and encoders beside scikit-learn's.
@Suite("Feature transforms")
struct TransformTests {
  struct Content: Decodable {
    var rows: [[Double?]]
    var holes: [[Double?]]
    var texts: [[String?]]
    var scaled: [String: [[Double?]]]
    var imputed: [String: [[Double?]]]
    var oneHot: [[Double?]]
    var ordinal: [[Double?]]
  }

  private func expect(_ found: FeatureMatrix, _ wanted: [[Double?]]?, _ name: String) throws {
    let wanted = LearnFixture.matrix(try #require(wanted))
    #expect(found.columns == wanted.columns && found.rows == wanted.rows, "\(name)")
    for row in 0..<wanted.rows {
      for column in 0..<wanted.columns {
        let (a, b) = (found[row, column], wanted[row, column])
        #expect(
          a.isNaN == b.isNaN && (a.isNaN || abs(a - b) <= 1e-9 * max(1, abs(b))),
          "\(name) \(row), \(column): \(a), \(b)")
      }
    }
  }

  @Test("Scalers and imputers are scikit-learn's, missing values and constant columns included")
  func numbers() throws {
    let content: Content = try LearnFixture.load("transforms")
    let x = LearnFixture.matrix(content.holes)
    let scalers: [String: any FeatureScaler] = [
      "standard": try StandardScaler(fit: x), "standardMean": try StandardScaler(fit: x, withStd: false),
      "standardStd": try StandardScaler(fit: x, withMean: false), "minMax": try MinMaxScaler(fit: x),
      "minMaxRange": try MinMaxScaler(fit: x, range: -1...3), "robust": try RobustScaler(fit: x),
    ]
    for (name, scaler) in scalers {
      let scaled = scaler.transform(x)
      try expect(scaled, content.scaled[name], name)
      try expect(scaler.inverseTransform(scaled), content.holes, "\(name) back")
    }
    let strategies: [String: SimpleImputer.Strategy] = [
      "mean": .mean, "median": .median, "mostFrequent": .mostFrequent, "constant": .constant(-7),
    ]
    for (name, strategy) in strategies {
      try expect(try SimpleImputer(fit: x, strategy).transform(x), content.imputed[name], name)
    }
  }

  @Test("Encoders are scikit-learn's; unknown categories are named or ignored")
  func categories() throws {
    let content: Content = try LearnFixture.load("transforms")
    let columns = (0..<2).map { j in Column("t\(j)", content.texts.map { $0[j] }) }
    try expect(try OneHotEncoder(fit: columns).transform(columns), content.oneHot, "one-hot")
    try expect(try OrdinalEncoder(fit: columns).transform(columns), content.ordinal, "ordinal")
    let other = [Column("t0", ["Rome", "Oslo"]), Column("t1", ["a", nil])]
    let error = #expect(throws: LatheError.self) { _ = try OneHotEncoder(fit: columns).transform(other) }
    #expect(error?.message.contains("column 't0': row 0: the category 'Rome'") == true)
    let encoder = OneHotEncoder(fit: columns, unknown: .ignore)
    #expect(encoder.featureNames(["t0", "t1"]).last == "t1_missing")
    #expect(try encoder.transform(other).row(0) == [0, 0, 0, 0, 1, 0, 0, 0])
    #expect(try OrdinalEncoder(fit: columns, unknown: .ignore).transform(other)[0, 0].isNaN)
  }

  @Test("Values whose spread no number can hold are named as such")
  func tooLarge() throws {
    let x = FeatureMatrix([[1e308], [-1e308], [0]])
    let standard = #expect(throws: LatheError.self) { try StandardScaler(fit: x) }
    #expect(standard?.message.contains("values up to 1e+308, whose spread float64 cannot hold") == true)
    let minMax = #expect(throws: LatheError.self) { try MinMaxScaler(fit: x) }
    #expect(minMax?.message.contains("whose spread float64 cannot hold") == true)
  }
}
