import DataTestSupport
import FoundationEssentials
import Lathe
import LatheCore
import LatheLanguage
import LatheLearn
import LatheTables
import LatheTabular
import Testing

/// Vectors of a language model as features of a column of text.
@Suite(.serialized) struct SentenceVectorTests {
  private let model: String

  init() {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    model = folder.appending(path: "Fixtures/language/sentences").path
    SentenceVectors.register(device: .cpu)
  }

  private func table() throws -> Table {
    let texts: [String?] = (0..<48).map {
      $0 == 7 ? nil : "text \($0) \($0 % 2 == 0 ? "of a cat" : "by the sea")"
    }
    return try Table([
      Column("text", texts), Column("label", (0..<48).map { $0 % 2 == 0 ? "cat" : "sea" }),
    ])
  }

  @Test func featuresAreTheVectorsOfTheEncoder() throws {
    let table = try table()
    let x = try ColumnTransformer([.init(["text"], [.vectors(model: model)])]).fit(table).transform(table)
    let encoder = try SentenceEncoder(pretrained: model, device: .cpu)
    #expect(x.columns == encoder.width)
    for row in [0, 3, 47] {
      let wanted = try encoder.encode(table["text"].strings()[row] ?? "").scalars(as: Float.self)
      for (a, b) in zip(x.row(row), wanted) { #expect(abs(a - Double(b)) < 1e-5) }
    }
    #expect(x.row(7).allSatisfy { $0 == 0 })
  }

  @Test func freeTextIsLearnedFromAndStoredByTheModelsName() throws {
    let folder = try TemporaryFolder()
    let table = try table()
    let (features, notes) = try ColumnTransformer.standard(
      for: table, target: "label", .linear, textModel: model)
    #expect(notes.contains { $0.hasPrefix("as vectors of") })
    let fitted = try Pipeline(features, .logisticRegression(), target: "label").fit(table)
    #expect(try fitted.predict(table).strings() == table["label"].strings())
    try fitted.save(to: folder.path)
    #expect(try TableModel(path: folder.path).predict(table).strings() == fitted.predict(table).strings())
  }

  @Test func aModelThatIsNotThereIsNamed() throws {
    let table = try table()
    let error = #expect(throws: LatheError.self) {
      try ColumnTransformer([.init(["text"], [.vectors(model: "no-such-model")])]).fit(table)
    }
    #expect(error?.message.contains("no-such-model") == true)
  }
}
