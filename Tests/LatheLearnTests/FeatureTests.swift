import DataTestSupport
import LatheCore
import LatheLearn
import LatheTables
import Testing

/// Scalers, bins, products, imputers and encoders beside scikit-learn's.
@Suite("Features")
struct FeatureTests {
  struct Encoded: Decodable {
    var target: String
    var smooth: Double?
    var folds: Int
    var crossed: [[Double?]]
    var other: [[Double?]]
  }

  struct Content: Decodable {
    var x: [[Double?]]
    var holes: [[Double?]]
    var positive: [[Double?]]
    var wide: [[Double?]]
    var gaps: [[Double?]]
    var fresh: [[Double?]]
    var scaled: [String: [[Double?]]]
    var names: [String]
    var imputed: [String: [[Double?]]]
    var texts: [[String?]]
    var targets: [String: [Double]]
    var encoded: [Encoded]
    var hashed: [[Double?]]
  }

  private let content: Content

  init() throws { content = try LearnFixture.load("features") }

  private func expect(
    _ found: FeatureMatrix, _ wanted: [[Double?]]?, _ name: String, within tolerance: Double = 1e-9
  ) throws {
    let wanted = LearnFixture.matrix(try #require(wanted))
    try #require(found.columns == wanted.columns && found.rows == wanted.rows, "\(name)")
    for row in 0..<wanted.rows {
      for column in 0..<wanted.columns {
        let (a, b) = (found[row, column], wanted[row, column])
        #expect(
          a.isNaN == b.isNaN && (a.isNaN || abs(a - b) <= tolerance * max(1, abs(b))),
          "\(name) \(row), \(column): \(a), \(b)")
      }
    }
  }

  @Test("Quantiles and powers are scikit-learn's, back again too")
  func scaling() throws {
    let holes = LearnFixture.matrix(content.holes)
    for (name, count, distribution) in [
      ("uniform", 1000, QuantileTransformer.Distribution.uniform), ("uniform10", 10, .uniform),
      ("normal", 1000, .normal), ("normal20", 20, .normal),
    ] {
      let made = try QuantileTransformer(fit: holes, quantiles: count, distribution)
      let found = made.transform(holes)
      try expect(found, content.scaled[name], name, within: 1e-7)
      if let back = content.scaled["\(name)Back"] {
        try expect(made.inverseTransform(found), back, "\(name) back")
      }
    }
    let positive = LearnFixture.matrix(content.positive)
    let varying = LearnFixture.matrix(content.holes.map { Array($0.dropLast()) })
    for (name, x, method, standardizes) in [
      ("yeoJohnson", varying, PowerTransformer.Method.yeoJohnson, true),
      ("yeoJohnsonRaw", LearnFixture.matrix(content.x), .yeoJohnson, false),
      ("boxCox", positive, .boxCox, true),
    ] {
      let made = try PowerTransformer(fit: x, method, standardizes: standardizes)
      let found = made.transform(x)
      try expect(found, content.scaled[name], name, within: 1e-6)
      if let back = content.scaled["\(name)Back"] {
        try expect(made.inverseTransform(found), back, "\(name) back")
      }
    }
    #expect(throws: LatheError.self) { _ = try PowerTransformer(fit: FeatureMatrix([[-1.0], [2]]), .boxCox) }
    let log = LogTransformer(columns: 1)
    let logs = log.transform(FeatureMatrix([[-3.0], [0], [8]]))
    #expect(logs.column(0) == [-logarithm(4), 0, logarithm(9)])
    #expect(LearnFixture.difference(log.inverseTransform(logs).column(0), [-3, 0, 8]) < 1e-12)
  }

  @Test("Bins, products and indicators are scikit-learn's")
  func bins() throws {
    let x = LearnFixture.matrix(content.x)
    for (name, bins, strategy) in [
      ("binsUniform", 5, KBinsDiscretizer.Strategy.uniform), ("binsQuantile", 4, .quantile),
      ("binsQuantile7", 7, .quantile), ("binsKMeans", 4, .kMeans),
    ] {
      let made = try KBinsDiscretizer(fit: x, .init(bins: bins, strategy, encoding: .ordinal))
      try expect(made.transform(x), content.scaled[name], name)
    }
    let few = x.selecting(rows: Array(0..<12))
    try expect(
      try KBinsDiscretizer(fit: few, .init(bins: 3)).transform(few), content.scaled["binsOneHot"], "one-hot")
    let wide = LearnFixture.matrix(content.wide).selecting(rows: Array(0..<5))
    let products = try PolynomialFeatures(columns: 4, degree: 3)
    try expect(products.transform(wide), content.scaled["polynomial"], "polynomial")
    #expect(products.featureNames(["a", "b", "c", "d"]) == content.names)
    let interactions = try PolynomialFeatures(
      columns: 4, degree: 3, least: 2, interactionOnly: true, includesBias: false)
    try expect(interactions.transform(wide), content.scaled["interactions"], "interactions")
    #expect(throws: LatheError.self) { _ = try PolynomialFeatures(columns: 1000, degree: 3) }
    let holes = LearnFixture.matrix(content.holes)
    try expect(MissingIndicator(fit: holes).transform(holes), content.scaled["missing"], "missing")
  }

  @Test("Imputation by neighbours and by regressions is scikit-learn's")
  func imputation() throws {
    let (gaps, fresh) = (LearnFixture.matrix(content.gaps), LearnFixture.matrix(content.fresh))
    let nearest = try KNNImputer(fit: gaps)
    try expect(nearest.transform(gaps), content.imputed["nearest"], "nearest")
    try expect(nearest.transform(fresh), content.imputed["nearestFresh"], "nearest, fresh")
    let distance = try KNNImputer(fit: gaps, neighbors: 3, isByDistance: true)
    try expect(distance.transform(gaps), content.imputed["nearestDistance"], "distance")
    try expect(distance.transform(fresh), content.imputed["nearestDistanceFresh"], "distance, fresh")
    let iterative = try IterativeImputer(fit: gaps)
    try expect(iterative.transform(gaps), content.imputed["iterative"], "iterative", within: 1e-6)
    try expect(
      iterative.transform(fresh), content.imputed["iterativeFresh"], "iterative, fresh", within: 1e-6)
    var configuration = IterativeImputer.Configuration(.ridge(alpha: 2))
    configuration.maxIterations = 6
    let ridge = try IterativeImputer(fit: gaps, configuration)
    try expect(ridge.transform(gaps), content.imputed["iterativeRidge"], "ridge", within: 1e-6)
    try expect(ridge.transform(fresh), content.imputed["iterativeRidgeFresh"], "ridge, fresh", within: 1e-6)
  }

  private var texts: [Column] { (0..<2).map { j in Column("t\(j)", content.texts.map { $0[j] }) } }

  @Test("Target means, crossed and not, and hashed columns are scikit-learn's")
  func encoders() throws {
    let other = [
      Column("t0", ["red", "none", "rare"] as [String?]), Column("t1", ["n", nil, "w"] as [String?]),
    ]
    for own in content.encoded {
      var configuration = TargetEncoder.Configuration(smooth: own.smooth)
      (configuration.folds, configuration.seed) = (own.folds, nil)
      let target: TargetEncoder.Target =
        own.target == "number" ? .continuous : .classes(own.target == "two" ? 2 : 3)
      let (encoder, crossed) = try TargetEncoder.fitTransform(
        texts, try #require(content.targets[own.target]), target, configuration)
      try expect(crossed, own.crossed, "\(own.target) crossed")
      try expect(try encoder.transform(other), own.other, "\(own.target)")
    }
    let few = texts.map { Column($0.name, Array($0.strings()[..<15])) }
    try expect(try FeatureHasher(columns: 2, features: 8).transform(few), content.hashed, "hashed")
    let frequency = try FrequencyEncoder(fit: [Column("a", ["x", "y", "x", nil] as [String?])])
    #expect(
      try frequency.transform([Column("a", ["x", "z", nil] as [String?])]).column(0) == [0.5, 0, 0.25])
  }

  @Test("Parts of dates are those of the zone's clock")
  func dates() throws {
    // 2024-02-29 23:30:15 UTC is the first of March in Berlin, a Friday.
    let moment: Int64 = 1_709_249_415_000_000
    let names: [DateParts.Part] = [.year, .month, .day, .weekday, .dayOfYear, .hour, .minute]
    let parts = DateParts(columns: 1, names)
    let utc = try parts.transform([Column("t", microseconds: [moment, nil], zone: "UTC")])
    #expect(utc.row(0) == [2024, 2, 29, 3, 60, 23, 30])
    #expect(utc.row(1).count { $0.isNaN } == 7)
    let berlin = try parts.transform([Column("t", microseconds: [moment], zone: "Europe/Berlin")])
    #expect(berlin.row(0) == [2024, 3, 1, 4, 61, 0, 30])
    let old = try parts.transform([Column("t", microseconds: [-86_400_000_000 * 365])])
    #expect(old.row(0) == [1969, 1, 1, 2, 1, 0, 0])
    let cycles = try DateParts(columns: 1, [.dayCycle]).transform([
      Column("t", microseconds: [21_600_000_000])
    ])
    #expect(LearnFixture.difference(cycles.row(0), [1, 0]) < 1e-12)
    #expect(throws: LatheError.self) { _ = try parts.transform([Column("n", [1.0] as [Double?])]) }
  }

  @Test("All steps of a transformer go through the model's file; target means are crossed in training")
  func pipeline() throws {
    let y = try #require(content.targets["two"])
    let holes = LearnFixture.matrix(content.holes)
    let times = (0..<60).map { Int64($0) * 90_000_000_000 }
    let table = try Table(
      texts
        + [
          Column("label", y.map { Optional($0 == 1) }), Column("when", microseconds: times, zone: "UTC"),
        ]
        + (0..<3).map { j in Column("x\(j)", holes.column(j).map { $0.isNaN ? nil : $0 }) })
    let numbers = ["x0", "x1", "x2"]
    let features = ColumnTransformer([
      .init(numbers, [.imputeNearest(), .powerScale(), .polynomial(), .select(.kBest(4, .fClassif))]),
      .init(numbers, [.imputeIteratively(), .quantileScale(.normal), .log]),
      .init(numbers, [.impute(.mean), .bin(.init(bins: 3))]), .init(numbers, [.missingIndicators]),
      .init(["when"], [.dateParts(), .standardScale]), .init(["t0", "t1"], [.frequency]),
      .init(["t0", "t1"], [.targetMean()]), .init(["t0", "t1"], [.hash(features: 4)]),
      .init(["t0"], [.terms()]),
    ])
    let model = try Pipeline(features, .logisticRegression(), target: "label").fit(table)
    let folder = try TemporaryFolder()
    try model.save(to: folder.path)
    let stored = try TableModel(path: folder.path)
    #expect(try stored.probabilities(table) == model.probabilities(table))
    #expect(stored.features == model.features)
    // Rows to learn from are encoded by others, and their targets do not show.
    let crossed = ColumnTransformer([.init(["t0"], [.targetMean()])])
    let (fitted, x) = try crossed.fitTransform(table, targets: y, classes: 2)
    #expect(try fitted.transform(table).column(0) != x.column(0))
    #expect(throws: LatheError.self) { _ = try crossed.fit(table) }
    let chosen = ColumnTransformer([.init(numbers, [.impute(.mean), .select(.l1(strength: 0.5))])])
    #expect(try chosen.fitTransform(table, targets: y, classes: 2).features.columns <= 3)
    #expect(throws: LatheError.self) { _ = try chosen.fit(table) }
    #expect(throws: LatheError.self) {
      _ = try ColumnTransformer([.init(["x0"], [.impute(.mean), .dateParts()])]).fit(table)
    }
  }
}
