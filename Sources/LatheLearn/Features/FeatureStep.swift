import LatheCore
import LatheTables

/// A fitted step that goes into a model's file as it is.
enum FeatureStep: Sendable, Hashable {
  case quantile(QuantileTransformer)
  case power(PowerTransformer)
  case bins(KBinsDiscretizer)
  case polynomial(PolynomialFeatures)
  case log(LogTransformer)
  case dateParts(DateParts)
  case nearest(KNNImputer)
  case iterative(IterativeImputer)
  case missing(MissingIndicator)
  case frequency(FrequencyEncoder)
  case targetMean(TargetEncoder)
  case hash(FeatureHasher)
  /// One for each column.
  case terms([TfidfVectorizer])
  case vectors(TextVectors)
  case select(FeatureSelection)
  /// One for each column.
  case evidence([ScorecardBins])

  /// Whether it takes texts, and makes numbers of them.
  var isEncoder: Bool {
    switch self {
    case .frequency, .targetMean, .hash, .terms, .vectors: true
    case .evidence(let bins): bins.first?.isNumeric == false
    default: false
    }
  }

  /// The columns it takes and makes; nil of lists that do not fit each other, in a file.
  var shape: (inputs: Int, outputs: Int)? {
    switch self {
    case .quantile(let own):
      own.isSound ? (own.quantiles.count, own.quantiles.count) : nil
    case .power(let own):
      own.means.count == own.lambdas.count && own.deviations.count == own.lambdas.count
        ? (own.lambdas.count, own.lambdas.count) : nil
    case .bins(let own): (own.edges.count, own.outputColumns)
    case .polynomial(let own):
      own.columns >= 0 && own.products.allSatisfy { $0.allSatisfy { $0 >= 0 && $0 < own.columns } }
        ? (own.columns, own.products.count) : nil
    case .log(let own): (own.columns, own.columns)
    case .dateParts(let own): (own.columns, own.columns &* own.parts.reduce(0) { $0 + $1.width })
    case .nearest(let own): own.isSound ? (own.columns, own.columns) : nil
    case .iterative(let own): own.isSound ? (own.means.count, own.means.count) : nil
    case .missing(let own):
      own.features.allSatisfy { $0 >= 0 && $0 < own.columns } ? (own.columns, own.features.count) : nil
    case .frequency(let own): own.isSound ? (own.shares.count, own.shares.count) : nil
    case .targetMean(let own): own.isSound ? (own.categories.lists.count, own.means.count) : nil
    case .hash(let own): own.isSound ? (own.columns, own.features) : nil
    case .terms(let own):
      own.allSatisfy(\.isSound) ? (own.count, own.reduce(0) { $0 + $1.counts.terms.count }) : nil
    case .vectors(let own): own.isSound ? (own.columns, own.columns * own.width) : nil
    case .select(let own): own.isSound ? (own.columns, own.kept.count) : nil
    case .evidence(let own):
      own.allSatisfy { $0.isNumeric == own[0].isNumeric && !$0.bins.isEmpty } ? (own.count, own.count) : nil
    }
  }

  func apply(_ cells: ColumnCells) throws -> ColumnCells {
    switch (self, cells) {
    case (.quantile(let own), .numbers(let x)): return .numbers(own.transform(x))
    case (.power(let own), .numbers(let x)): return .numbers(own.transform(x))
    case (.bins(let own), .numbers(let x)): return .numbers(own.transform(x))
    case (.polynomial(let own), .numbers(let x)): return .numbers(own.transform(x))
    case (.log(let own), .numbers(let x)): return .numbers(own.transform(x))
    case (.dateParts(let own), .numbers(let x)): return .numbers(own.transform(x))
    case (.nearest(let own), .numbers(let x)): return .numbers(own.transform(x))
    case (.iterative(let own), .numbers(let x)): return .numbers(own.transform(x))
    case (.missing(let own), .numbers(let x)): return .numbers(own.transform(x))
    case (.select(let own), .numbers(let x)): return .numbers(own.transform(x))
    case (.frequency(let own), .texts(let columns)): return .numbers(try own.transform(columns))
    case (.targetMean(let own), .texts(let columns)): return .numbers(try own.transform(columns))
    case (.vectors(let own), .texts(let columns)): return .numbers(try own.transform(columns))
    case (.hash(let own), .texts(let columns)): return .numbers(own.transform(columns))
    case (.evidence(let own), .numbers(let x)):
      return .numbers(
        try ScorecardBins.evidence(own, (0..<x.columns).map { Column(x.names[$0], x.column($0)) }))
    case (.evidence(let own), .texts(let columns)):
      return .numbers(try ScorecardBins.evidence(own, columns))
    case (.terms(let own), .texts(let columns)):
      let matrices = try zip(own, columns).map { made, column in
        let x = try made.transform(column).dense()
        return FeatureMatrix(
          DenseRows.rowMajor(x), rows: x.rows, columns: x.columns,
          names: x.names.map { "\(column.name)_\($0)" })
      }
      return .numbers(FittedTransformer.joined(matrices, rows: columns.first?.count ?? 0))
    default:
      throw LatheError(
        .format, "column transformer: a step for texts where there are numbers, or the other way")
    }
  }
}

extension ColumnTransformer.Step {
  /// What a step whose result goes into a file as it is learns; nil of other steps, and where texts meet numbers.
  func learn(_ cells: ColumnCells) throws -> FeatureStep? {
    switch (self, cells) {
    case (.quantileScale(let distribution, let quantiles), .numbers(let x)):
      return .quantile(try QuantileTransformer(fit: x, quantiles: quantiles, distribution))
    case (.powerScale(let method), .numbers(let x)): return .power(try PowerTransformer(fit: x, method))
    case (.bin(let configuration), .numbers(let x)): return .bins(try KBinsDiscretizer(fit: x, configuration))
    case (.polynomial(let degree, let interactionOnly, let includesBias), .numbers(let x)):
      return .polynomial(
        try PolynomialFeatures(
          columns: x.columns, degree: degree, interactionOnly: interactionOnly, includesBias: includesBias))
    case (.log, .numbers(let x)): return .log(LogTransformer(columns: x.columns))
    case (.dateParts(let parts), .numbers(let x)): return .dateParts(DateParts(columns: x.columns, parts))
    case (.imputeNearest(let neighbors, let isByDistance), .numbers(let x)):
      return .nearest(try KNNImputer(fit: x, neighbors: neighbors, isByDistance: isByDistance))
    case (.imputeIteratively(let configuration), .numbers(let x)):
      return .iterative(try IterativeImputer(fit: x, configuration))
    case (.missingIndicators, .numbers(let x)): return .missing(MissingIndicator(fit: x))
    case (.frequency, .texts(let columns)): return .frequency(try FrequencyEncoder(fit: columns))
    case (.hash(let features), .texts(let columns)):
      return .hash(try FeatureHasher(columns: columns.count, features: features))
    case (.vectors(let model), .texts(let columns)):
      return .vectors(try TextVectors(model: model, columns: columns.count))
    case (.terms(let configuration), .texts(let columns)):
      return .terms(try columns.map { try TfidfVectorizer.fitTransform($0, configuration).vectorizer })
    default: return nil
    }
  }
}

extension FeatureStep: Codable {
  private enum CodingKeys: String, CodingKey {
    case quantile, power, bins, polynomial, log, dateParts, nearest, iterative, missing, frequency, targetMean
    case hash, terms, vectors, select, evidence
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .quantile(let own): try container.encode(own, forKey: .quantile)
    case .power(let own): try container.encode(own, forKey: .power)
    case .bins(let own): try container.encode(own, forKey: .bins)
    case .polynomial(let own): try container.encode(own, forKey: .polynomial)
    case .log(let own): try container.encode(own, forKey: .log)
    case .dateParts(let own): try container.encode(own, forKey: .dateParts)
    case .nearest(let own): try container.encode(own, forKey: .nearest)
    case .iterative(let own): try container.encode(own, forKey: .iterative)
    case .missing(let own): try container.encode(own, forKey: .missing)
    case .frequency(let own): try container.encode(own, forKey: .frequency)
    case .targetMean(let own): try container.encode(own, forKey: .targetMean)
    case .hash(let own): try container.encode(own, forKey: .hash)
    case .terms(let own): try container.encode(own, forKey: .terms)
    case .vectors(let own): try container.encode(own, forKey: .vectors)
    case .select(let own): try container.encode(own, forKey: .select)
    case .evidence(let own): try container.encode(own, forKey: .evidence)
    }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func own<T: Decodable>(_ key: CodingKeys) throws -> T { try container.decode(T.self, forKey: key) }
    guard let key = container.allKeys.first, container.allKeys.count == 1 else {
      throw LatheError(.format, "a learned step of a kind that is not known")
    }
    switch key {
    case .quantile: self = .quantile(try own(key))
    case .power: self = .power(try own(key))
    case .bins: self = .bins(try own(key))
    case .polynomial: self = .polynomial(try own(key))
    case .log: self = .log(try own(key))
    case .dateParts: self = .dateParts(try own(key))
    case .nearest: self = .nearest(try own(key))
    case .iterative: self = .iterative(try own(key))
    case .missing: self = .missing(try own(key))
    case .frequency: self = .frequency(try own(key))
    case .targetMean: self = .targetMean(try own(key))
    case .hash: self = .hash(try own(key))
    case .terms: self = .terms(try own(key))
    case .vectors: self = .vectors(try own(key))
    case .select: self = .select(try own(key))
    case .evidence: self = .evidence(try own(key))
    }
  }
}
