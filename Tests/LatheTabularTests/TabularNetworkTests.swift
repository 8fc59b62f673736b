import DataTestSupport
import FoundationEssentials
import Lathe
import LatheCore
import LatheLearn
import LatheTables
import LatheTabular
import Testing

/// Training, answers and files of networks of tables.
@Suite struct TabularNetworkTests {
  private static let small: [TabularArchitecture] = [
    .mlp(.init(blocks: 2, width: 32, dropout: 0, embeddingWidth: 4)),
    .resNet(.init(blocks: 1, width: 16, hidden: 32, dropout: 0, embeddingWidth: 4)),
    .ftTransformer(.init(blocks: 1, width: 16, heads: 2, hidden: 16, attentionDropout: 0, dropout: 0)),
  ]

  /// Rows whose class follows from a number and a category, with gaps.
  private static func table(_ rows: Int, seed: UInt64 = 7) throws -> Table {
    var random = RandomSource(seed: seed)
    var (ages, towns, labels): ([Double?], [String?], [String]) = ([], [], [])
    for _ in 0..<rows {
      let (age, town) = (random.uniform() * 60, ["oslo", "rome", "bonn"][random.below(3)])
      ages.append(random.uniform() < 0.1 ? nil : age)
      towns.append(town)
      labels.append((age > 30) != (town == "rome") ? "yes" : "no")
    }
    return try Table([Column("age", ages), Column("town", towns), Column("label", labels)])
  }

  private static func model(
    _ architecture: TabularArchitecture, _ table: Table, target: String = "label", isClassifier: Bool = true,
    weights: [Double]? = nil, device: Device = .cpu, epochs: Int = 30
  ) throws -> TableModel {
    let (features, _) = try ColumnTransformer.standard(for: table, target: target, .networks())
    var network = TabularNetwork(architecture, isClassifier: isClassifier)
    network.epochs = epochs
    network.learningRate = 5e-3
    network.device = device
    return try Pipeline(features, network.estimator, target: target).fit(table, weights: weights)
  }

  private static func accuracy(_ model: TableModel, _ table: Table) throws -> Double {
    let (found, wanted) = (try model.predictedClasses(table), try model.labels(table))
    return Double(zip(found, wanted).count { $0 == $1 }) / Double(wanted.count)
  }

  @Test(arguments: small) func learnsClassesOfNumbersAndCategories(_ architecture: TabularArchitecture) throws
  {
    let model = try Self.model(architecture, Self.table(400))
    #expect(try Self.accuracy(model, Self.table(200, seed: 8)) > 0.85)
    let probabilities = try model.probabilities(Self.table(20, seed: 9))
    #expect(probabilities.allSatisfy { abs($0.reduce(0, +) - 1) < 1e-9 })
  }

  @Test(arguments: small) func comesFromItsFolderAsItWas(_ architecture: TabularArchitecture) throws {
    let folder = try TemporaryFolder()
    let model = try Self.model(architecture, Self.table(120), epochs: 2)
    try model.save(to: folder.path)
    let again = try TableModel(path: folder.path)
    let rows = try Self.table(50, seed: 3)
    #expect(try again.probabilities(rows) == model.probabilities(rows))
    #expect(FileManager.default.fileExists(atPath: "\(folder.path)/table-model.safetensors"))
    try FileManager.default.removeItem(atPath: "\(folder.path)/table-model.safetensors")
    #expect(throws: LatheError.self) { try TableModel(path: folder.path) }
  }

  @Test func equalSeedsGiveEqualNetworks() throws {
    let table = try Self.table(150)
    let (a, b) = (
      try Self.model(Self.small[2], table, epochs: 3), try Self.model(Self.small[2], table, epochs: 3)
    )
    #expect(try a.probabilities(table) == b.probabilities(table))
  }

  @Test func numbersArePredictedOnTheirScale() throws {
    var random = RandomSource(seed: 4)
    let x = (0..<400).map { _ in random.normal() }
    let table = try Table([
      Column("x", x.map { Optional($0) }), Column("y", x.map { Optional(5000 + 300 * $0 * $0) }),
    ])
    let model = try Self.model(Self.small[0], table, target: "y", isClassifier: false)
    let (found, wanted) = (try model.predict(table).numbers(), try model.targets(table))
    let error = zip(found, wanted).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / 400
    #expect(error.squareRoot() < 120)
  }

  @Test func rowsWithoutWeightAreNotLearnedFrom() throws {
    let table = try Self.table(400)
    // The same rows with the other class, which do not count.
    let turned = try table.with(Column("label", table["label"].strings().map { $0 == "yes" ? "no" : "yes" }))
    let both = try Table.concatenate([table, turned])
    let model = try Self.model(
      Self.small[0], both, weights: [Double](repeating: 1, count: 400) + [Double](repeating: 0, count: 400))
    #expect(try Self.accuracy(model, Self.table(200, seed: 8)) > 0.85)
  }

  @Test func newCategoriesAndGapsAreAnswered() throws {
    let model = try Self.model(Self.small[1], Self.table(200), epochs: 3)
    let rows = try Table([
      Column("town", ["lima", nil, "oslo"] as [String?]), Column("age", [nil, 20, 1e9] as [Double?]),
    ])
    #expect(try model.probabilities(rows).allSatisfy { $0.allSatisfy(\.isFinite) })
  }

  @Test func badSettingsAreRefused() throws {
    let table = try Self.table(60)
    #expect(throws: LatheError.self) { try Self.model(.mlp(.init(blocks: 0)), table) }
    #expect(throws: LatheError.self) { try Self.model(.ftTransformer(.init(width: 10, heads: 4)), table) }
    #expect(throws: LatheError.self) { try Self.model(Self.small[0], table, epochs: 0) }
    let gaps = LabelledRows(FeatureMatrix([[1], [.nan], [2]]), [0, 1, 0])
    #expect(throws: LatheError.self) {
      try TabularNetwork(Self.small[0], isClassifier: true).fit(gaps, classes: 2)
    }
  }

  @Test(.enabled(if: TabularTestDevice.all.count > 1 || TabularTestDevice.requiresOpenCL))
  func trainsOnOpenCL() throws {
    let device = try Device.named("opencl")
    for architecture in Self.small {
      let model = try Self.model(architecture, Self.table(120), device: device, epochs: 2)
      #expect(try model.predict(Self.table(10)).count == 10)
    }
  }
}
