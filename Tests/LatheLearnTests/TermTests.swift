import LatheCore
import LatheLearn
import LatheTables
import Testing

/// Terms of texts, and models of sparse rows, beside scikit-learn's.
@Suite("Terms of texts")
struct TermTests {
  struct Options: Decodable {
    var lowercase: Bool?
    var ngram_range: [Int]?
    var min_df: Double?
    var max_df: Double?
    var stop_words: [String]?
    var binary: Bool?
    var max_features: Int?
  }

  struct Weights: Decodable {
    var sublinear_tf: Bool?
    var smooth_idf: Bool?
    var use_idf: Bool?
  }

  struct Case: Decodable {
    var analyzer: String
    var options: Options
    var tfidf: Weights
    var terms: [String]
    var starts: [Int]
    var places: [Int32]
    var counts: [Double]
    var values: [Double]
  }

  struct Model: Decodable {
    var kind: String
    var c: Double
    var targets: [Double]
    var answers: [Double]
  }

  struct Content: Decodable {
    var texts: [String]
    var cases: [Case]
    var documents: [String]
    var weights: [Double]
    var models: [Model]
  }

  private let content: Content

  init() throws { content = try LearnFixture.load("terms") }

  private func limit(_ value: Double) -> CountVectorizer.Limit {
    value < 1 ? .share(value) : .count(Int(value))
  }

  @Test("Terms, their counts and their weights are scikit-learn's, of all scripts")
  func terms() throws {
    for (number, own) in content.cases.enumerated() {
      let analyzer: TextAnalyzer =
        own.analyzer == "word" ? .word : own.analyzer == "char" ? .character : .characterInWords
      let range = own.options.ngram_range ?? [1, 1]
      var terms = CountVectorizer.Configuration(
        analyzer, lengths: range[0]...range[1], maxFeatures: own.options.max_features)
      terms.lowercases = own.options.lowercase ?? true
      if let least = own.options.min_df { terms.minimum = limit(least) }
      if let most = own.options.max_df { terms.maximum = limit(most) }
      terms.stopWords = Set(own.options.stop_words ?? [])
      terms.isBinary = own.options.binary ?? false
      let (vectorizer, counts) = try CountVectorizer.fitTransform(content.texts, terms)
      #expect(vectorizer.terms == own.terms, "case \(number)")
      #expect(counts.starts == own.starts && counts.places == own.places, "case \(number)")
      #expect(counts.values == own.counts, "case \(number)")
      var configuration = TfidfVectorizer.Configuration(terms)
      configuration.isSublinear = own.tfidf.sublinear_tf ?? false
      configuration.smoothsIDF = own.tfidf.smooth_idf ?? true
      configuration.usesIDF = own.tfidf.use_idf ?? true
      if number == 3 { configuration.norm = .l1 }
      if number == 6 { configuration.norm = .none }
      let (weighted, rows) = try TfidfVectorizer.fitTransform(content.texts, configuration)
      #expect(LearnFixture.difference(rows.values, own.values) < 1e-9, "case \(number)")
      #expect(weighted.transform(content.texts) == rows, "case \(number)")
    }
    let (words, _) = try CountVectorizer.fitTransform(["one two", "two three"])
    #expect(try words.transform(["two four two", ""]).dense().row(0) == [0, 0, 2])
    let error = #expect(throws: LatheError.self) { _ = try CountVectorizer.fitTransform(["a", "b c"]) }
    #expect(error?.message.contains("no terms are left of 2 texts") == true)
  }

  @Test("Many texts are counted in parts with the same result")
  func parts() throws {
    let texts = (0..<6000).map {
      "text \($0 % 97) of \($0) words " + String(repeating: "w\($0 % 13) ", count: 20)
    }
    let (vectorizer, counts) = try CountVectorizer.fitTransform(texts)
    #expect(vectorizer.transform(texts) == counts)
    #expect(counts.rows == 6000 && vectorizer.terms.contains("w12"))
    let column = try #require(vectorizer.terms.firstIndex(of: "w5"))
    #expect(counts.row(5).first { $0.column == column }?.value == 20)
  }

  @Test("Models of sparse rows are those of dense ones, and scikit-learn's")
  func models() throws {
    let (_, x) = try TfidfVectorizer.fitTransform(content.documents)
    let dense = try x.dense()
    #expect(SparseRows(dense).values == x.values)
    for own in content.models {
      let found: [Double]
      switch own.kind {
      case "logistic":
        var configuration = LogisticRegression.Configuration(c: own.c)
        (configuration.tolerance, configuration.maxIterations) = (1e-10, 10_000)
        let model = try LogisticRegression.train(x, own.targets, weights: content.weights, configuration)
        let other = try LogisticRegression.train(
          LabelledRows(dense, own.targets, weights: content.weights), configuration)
        #expect(LearnFixture.difference(model.probabilities(x), other.probabilities(dense)) < 1e-7)
        #expect(model.predict(x) == other.predict(dense))
        found = model.probabilities(x)
      case "svc":
        var configuration = LinearSVC.Configuration(c: own.c)
        (configuration.tolerance, configuration.maxIterations) = (1e-10, 10_000)
        found = try LinearSVC.train(x, own.targets, weights: content.weights, configuration).predict(x)
      default:
        let model = try NaiveBayes.trainMultinomial(x, own.targets, weights: content.weights, alpha: 0.5)
        found = model.probabilities(x)
        #expect(LearnFixture.difference(model.probabilities(dense), found) < 1e-9)
      }
      #expect(
        LearnFixture.difference(Array(found.prefix(own.answers.count)), own.answers) < 1e-6, "\(own.kind)")
    }
  }
}
