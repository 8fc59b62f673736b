import LatheCore
import LatheTables

/// Which columns of a table become features, and how: scikit-learn's `ColumnTransformer` of pipelines.
///
/// ```swift
/// let features = ColumnTransformer([
///   .init(["age", "fare"], [.impute(.median), .standardScale]),
///   .init(["port"], [.oneHot(unknown: .ignore)]),
/// ])
/// let fitted = try features.fit(train)
/// let x = try fitted.transform(test)
/// ```
public struct ColumnTransformer: Sendable, Hashable {
  /// One thing that is done with columns.
  public enum Step: Sendable, Hashable {
    /// Missing values are filled.
    case impute(SimpleImputer.Strategy)
    /// Means become 0 and deviations 1.
    case standardScale
    /// The least value becomes the range's lower end, the largest its upper end.
    case minMaxScale(ClosedRange<Double> = 0...1)
    /// Medians become 0 and the distances of quartiles 1.
    case robustScale
    /// Each category becomes a column.
    case oneHot(unknown: UnknownCategories = .error)
    /// Categories become their places.
    case ordinal(unknown: UnknownCategories = .error)
    /// The same for models that know categories themselves, such as boosted trees; unknown ones are missing.
    case categories
    /// Values become the parts of rows below them, or what these are in a normal distribution.
    case quantileScale(QuantileTransformer.Distribution = .uniform, quantiles: Int = 1000)
    /// Powers of values that make columns as normal as they can be.
    case powerScale(PowerTransformer.Method = .yeoJohnson)
    /// Numbers become bins.
    case bin(KBinsDiscretizer.Configuration = .init())
    /// Products of features are added to them, up to a degree.
    case polynomial(degree: Int = 2, interactionOnly: Bool = false, includesBias: Bool = false)
    /// Logarithms of one more than values, with the values' signs.
    case log
    /// Points in time become parts of dates; the first step of its part.
    case dateParts([DateParts.Part] = [.year, .month, .day, .weekday, .hour])
    /// Missing values become means of the nearest rows.
    case imputeNearest(neighbors: Int = 5, isByDistance: Bool = false)
    /// Missing values are found by regressions on the other columns.
    case imputeIteratively(IterativeImputer.Configuration = .init())
    /// Zeros and ones say which values are missing, of columns that had missing ones.
    case missingIndicators
    /// Categories become their parts of the rows.
    case frequency
    /// Categories become the mean targets of their rows.
    case targetMean(TargetEncoder.Configuration = .init())
    /// Categories go to columns that a hash chooses.
    case hash(features: Int = 256)
    /// Texts become a column for each of their terms (TF-IDF); `maxFeatures` keeps them few.
    case terms(TfidfVectorizer.Configuration = .init(.init(maxFeatures: 1000)))
    /// Texts become vectors of a language model, by a name that `TextVectorizers` knows; missing ones zeros.
    case vectors(model: String)
    /// Some of the features so far are kept.
    case select(FeatureSelection.Rule)
  }

  /// Columns with which the same is done.
  public struct Part: Sendable, Hashable {
    /// The columns' names.
    public var columns: [String]
    /// What is done, one after the other.
    public var steps: [Step]

    /// Columns and what is done with them; nothing lets numbers be.
    public init(_ columns: [String], _ steps: [Step] = []) {
      self.columns = columns
      self.steps = steps
    }
  }

  /// The parts, whose features follow each other.
  public var parts: [Part]

  /// A transformer of parts.
  public init(_ parts: [Part]) { self.parts = parts }

  /// Learns means, categories and the like from a table.
  ///
  /// - Parameter table: The rows to learn from, and no others.
  /// - Throws: `LatheError` naming the column that is not there, or that a step cannot work on.
  public func fit(_ table: Table) throws -> FittedTransformer { try fitTransform(table).fitted }

  /// Learns from a table, and makes features of its rows to train a model with.
  ///
  /// They are what the fitted transformer makes of the rows, except with `targetMean`, which encodes each row by others.
  ///
  /// - Parameters:
  ///   - table: The rows to learn from, and no others.
  ///   - targets: What is to be predicted of each row: numbers, or classes from 0 on. `targetMean` needs them.
  ///   - classes: How many classes there are; 0 of numbers.
  /// - Throws: `LatheError` naming the column that is not there, or that a step cannot work on.
  public func fitTransform(
    _ table: Table, targets: [Double]? = nil, classes: Int = 0
  ) throws -> (fitted: FittedTransformer, features: FeatureMatrix) {
    guard table.rowCount > 0 else {
      throw LatheError(.invalidArgument, "column transformer: the table has no rows to learn from")
    }
    var matrices: [FeatureMatrix] = []
    let fitted = try parts.map { part -> FittedTransformer.Part in
      let columns = try part.columns.map { try table[$0] }
      let needsTexts = part.steps.contains { $0.isEncoder }
      var cells = try ColumnCells(
        columns, asTexts: needsTexts, onClock: part.steps.first?.needsClock ?? false)
      var steps: [FittedTransformer.Step] = []
      for (place, step) in part.steps.enumerated() {
        guard place == 0 || !step.needsClock else {
          throw LatheError(.invalidArgument, "column transformer: dateParts must be the first step of a part")
        }
        if case .targetMean(let configuration) = step, case .texts(let columns) = cells {
          guard let targets else {
            throw LatheError(
              .invalidArgument, "column transformer: targetMean needs targets; fit a Pipeline, or give them")
          }
          let (encoder, features) = try TargetEncoder.fitTransform(
            columns, targets, classes > 0 ? .classes(classes) : .continuous, configuration)
          steps.append(.learned(.targetMean(encoder)))
          cells = .numbers(features)
          continue
        }
        if case .select(let rule) = step, case .numbers(let x) = cells {
          let selection = try rule.selection(x, targets, classes: classes)
          steps.append(.learned(.select(selection)))
          cells = .numbers(selection.transform(x))
          continue
        }
        let fitted = try step.fit(cells)
        cells = try fitted.apply(cells)
        steps.append(fitted)
      }
      matrices.append(try cells.matrix())
      return FittedTransformer.Part(
        columns: part.columns, isText: needsTexts, times: columns.filter(\.holdsTimes).map(\.name),
        steps: steps)
    }
    return (FittedTransformer(parts: fitted), FittedTransformer.joined(matrices, rows: table.rowCount))
  }
}

extension ColumnTransformer.Step {
  var isEncoder: Bool {
    switch self {
    case .oneHot, .ordinal, .categories, .frequency, .targetMean, .hash, .terms, .vectors: true
    default: false
    }
  }

  /// Whether points in time are looked at as clocks show them.
  var needsClock: Bool { if case .dateParts = self { true } else { false } }

  fileprivate func fit(_ cells: ColumnCells) throws -> FittedTransformer.Step {
    if let learned = try learn(cells) { return .learned(learned) }
    switch (self, cells) {
    case (.impute(let strategy), .texts(let columns)):
      return .fillTexts(try columns.map { try Self.fill($0, strategy) })
    case (.oneHot(let unknown), .texts(let columns)):
      return .oneHot(OneHotEncoder(fit: columns, unknown: unknown))
    case (.ordinal(let unknown), .texts(let columns)):
      return .ordinal(OrdinalEncoder(fit: columns, unknown: unknown), areCategories: false)
    case (.categories, .texts(let columns)):
      return .ordinal(OrdinalEncoder(fit: columns, unknown: .ignore), areCategories: true)
    case (.impute(let strategy), .numbers(let x)): return .fill(try SimpleImputer(fit: x, strategy).fills)
    case (.standardScale, .numbers(let x)): return .scale(AnyScaler(try StandardScaler(fit: x)))
    case (.minMaxScale(let range), .numbers(let x)):
      return .scale(AnyScaler(try MinMaxScaler(fit: x, range: range)))
    case (.robustScale, .numbers(let x)): return .scale(AnyScaler(try RobustScaler(fit: x)))
    case (_, .numbers):
      throw LatheError(
        .invalidArgument, "column transformer: the columns have become numbers; put encoders first")
    case (_, .texts(let columns)):
      throw LatheError(
        .invalidArgument,
        "column '\(columns.first?.name ?? "")': texts cannot be scaled; encode them first (oneHot, ordinal)")
    }
  }

  private static func fill(_ column: Column, _ strategy: SimpleImputer.Strategy) throws -> String {
    switch strategy {
    case .text(let text): return text
    case .constant(let value): return "\(value)"
    case .mostFrequent:
      guard let text = SimpleImputer.mostFrequent(column.strings().compactMap { $0 }) else {
        throw LatheError(.invalidArgument, "imputation: column '\(column.name)' has no values; leave it out")
      }
      return text
    case .mean, .median:
      throw LatheError(
        .invalidArgument,
        "imputation: column '\(column.name)' is encoded as texts, which have no \(strategy); "
          + "use mostFrequent or text")
    }
  }
}
