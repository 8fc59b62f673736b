import LatheCore
import LatheLearn
import LatheTables
import Testing

/// Resampling of rows to learn from.
@Suite("Imbalance")
struct ImbalanceTests {
  struct Content: Decodable {
    struct Sizes: Decodable { var sizes: [Int] }
    var smote: Sizes
  }

  /// 35, 15 and 10 rows of three classes.
  private func data() -> LabelledRows {
    var random = RandomSource(seed: 3)
    let targets = (0..<60).map { $0 < 35 ? 0.0 : $0 < 50 ? 1 : 2 }
    return LabelledRows(
      FeatureMatrix((0..<60 * 3).map { _ in random.normal() }, rows: 60, columns: 3), targets)
  }

  private func sizes(_ data: LabelledRows) -> [Int] {
    (0..<3).map { k in data.targets.count { Int($0) == k } }
  }

  @Test("Sizes of classes are imbalanced-learn's")
  func counts() throws {
    let content: Content = try LearnFixture.load("calibration")
    let rows = data()
    #expect(sizes(try Resampler.smote().resample(rows, seed: 1)) == content.smote.sizes)
    #expect(sizes(try Resampler.randomOver().resample(rows, seed: 1)) == [35, 35, 35])
    #expect(sizes(try Resampler.randomOver(ratio: 0.4).resample(rows, seed: 1)) == [35, 15, 14])
    #expect(sizes(try Resampler.randomUnder().resample(rows, seed: 1)) == [10, 10, 10])
    #expect(sizes(try Resampler.randomUnder(ratio: 0.5).resample(rows, seed: 1)) == [20, 15, 10])
    // The same seed draws the same rows.
    let (a, b) = (
      try Resampler.smote().resample(rows, seed: 9), try Resampler.smote().resample(rows, seed: 9)
    )
    #expect((0..<a.features.rows).allSatisfy { a.features.row($0) == b.features.row($0) })
  }

  @Test("New rows lie between two neighbours of their class, categories are those of neighbours")
  func between() throws {
    var rows = data()
    var values = (0..<60).flatMap { rows.features.row($0) }
    for i in 0..<60 { values[3 * i + 2] = Double(i % 4) }
    rows.features = FeatureMatrix(values, rows: 60, columns: 3, categorical: [2])
    let found = try Resampler.smote(neighbors: 3).resample(rows, seed: 5)
    #expect((0..<60).allSatisfy { found.features.row($0) == rows.features.row($0) })
    for row in 60..<found.features.rows {
      let own = found.features.row(row)
      #expect((0..<4).contains(Int(own[2])) && own[2] == own[2].rounded())
      let members = (0..<60).filter { rows.targets[$0] == found.targets[row] }
      // On the line between two rows of the class.
      let isBetween = members.contains { a in
        members.contains { b in
          let (x, y) = (rows.features.row(a), rows.features.row(b))
          let step = (own[0] - x[0]) / (y[0] - x[0])
          return a != b && step >= 0 && step <= 1 && abs(x[1] + step * (y[1] - x[1]) - own[1]) < 1e-9
        }
      }
      #expect(isBetween)
    }
  }

  @Test("Rows to test on are never resampled")
  func folds() throws {
    let rows = data()
    let splits = try RowSplits.stratifiedKFold(labels: rows.targets.map { Int($0) }, folds: 2)
    let folds = try Resampler.smote(neighbors: 3).folds(splits, of: rows, seed: 1)
    for (split, fold) in zip(splits, folds) {
      #expect(fold.test.targets == split.test.map { rows.targets[$0] })
      let tested = Set(split.test.map { rows.features.row($0) })
      #expect((0..<fold.train.features.rows).allSatisfy { !tested.contains(fold.train.features.row($0)) })
      #expect(Set(sizes(fold.train)).count == 1)
    }
  }

  @Test("A pipeline resamples after its features are learned")
  func pipeline() throws {
    let rows = data()
    let table = try Table([
      Column("a", rows.features.column(0).map { Optional($0) }),
      Column("b", rows.features.column(1).map { Optional($0) }),
      Column("class", rows.targets.map { $0 == 2 ? "rare" : "common" }),
    ])
    let features = ColumnTransformer([.init(["a", "b"], [.standardScale])])
    let pipeline = Pipeline(features, .logisticRegression(), target: "class", resampler: .randomOver())
    let plain = Pipeline(features, .logisticRegression(), target: "class")
    let (model, other) = (try pipeline.fit(table), try plain.fit(table))
    #expect(try model.features.transform(table).row(0) == other.features.transform(table).row(0))
    let rare = try model.predict(table).strings().count { $0 == "rare" }
    #expect(try rare > other.predict(table).strings().count { $0 == "rare" })
  }

  @Test("What cannot be resampled is refused")
  func refusals() throws {
    let rows = data()
    let few = #expect(throws: LatheError.self) { try Resampler.smote(neighbors: 10).resample(rows, seed: 1) }
    #expect(few?.message.contains("class 2 has 10 rows, 10 neighbours need 11") == true)
    #expect(throws: LatheError.self) { try Resampler.randomOver(ratio: 2).resample(rows, seed: 1) }
    let missing = LabelledRows(FeatureMatrix([[1], [.nan], [2], [4]]), [0, 0, 0, 1])
    #expect(throws: LatheError.self) { try Resampler.smote(neighbors: 1).resample(missing, seed: 1) }
  }
}
