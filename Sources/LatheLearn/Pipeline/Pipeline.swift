import LatheCore
import LatheTables

/// Features and a model, which learn from the same rows and no others.
///
/// ```swift
/// let features = ColumnTransformer([.init(["feature1", "feature2"], [.standardScale])])
/// let pipeline = Pipeline(features, .logisticRegression(), target: "label")
/// let model = try pipeline.fit(train)
/// let labels = try model.predict(test)
/// ```
public struct Pipeline: Sendable {
  /// What becomes of columns.
  public var features: ColumnTransformer
  /// What learns from them.
  public var estimator: Estimator
  /// The column that is predicted.
  public var target: String
  /// How the rows to learn from are resampled where classes are rare; rows to test on never pass here.
  public var resampler: Resampler?
  /// What the drawing of rows depends on.
  public var resamplingSeed: UInt64 = 0

  /// A pipeline to the column `target`.
  public init(
    _ features: ColumnTransformer, _ estimator: Estimator, target: String, resampler: Resampler? = nil
  ) {
    self.features = features
    self.estimator = estimator
    self.target = target
    self.resampler = resampler
  }

  /// The classes of a target for a kind of model; none where it predicts numbers.
  ///
  /// - Throws: `LatheError.invalidArgument` where nothing can be learned: missing values, one value, all different classes.
  public static func checkTarget(_ column: Column, _ estimator: Estimator) throws -> [String] {
    try TargetEncoding(column, isClassifier: estimator.isClassifier).classes
  }

  /// Learns from all rows of a table.
  ///
  /// - Parameters:
  ///   - table: The rows to learn from, and no others.
  ///   - weights: How much each row counts.
  /// - Throws: `LatheError.invalidArgument` where the target is not there, among the features, constant or missing in rows, and
  ///   where a column does not fit its steps.
  public func fit(_ table: Table, weights: [Double]? = nil) throws -> TableModel {
    let column = try table[target]
    guard !features.parts.contains(where: { $0.columns.contains(target) }) else {
      throw LatheError(
        .invalidArgument, "the target '\(target)' is among the features, which would make it its own answer")
    }
    let encoding = try TargetEncoding(column, isClassifier: estimator.isClassifier)
    let targets = try encoding.targets(column)
    let (fitted, x) = try features.fitTransform(table, targets: targets, classes: encoding.classes.count)
    var data = LabelledRows(x, targets, weights: weights)
    if let resampler {
      guard estimator.isClassifier else {
        throw LatheError(.invalidArgument, "resampling is of classes; the estimator predicts numbers")
      }
      data = try resampler.resample(data, seed: resamplingSeed)
    }
    return TableModel(
      target: encoding, features: fitted,
      estimator: try estimator.train(data, classes: encoding.classes.count))
  }
}

extension Column {
  /// Whether the values are those of classes: texts, truth values, or at most 20 different whole numbers.
  public var looksLikeClasses: Bool {
    switch type {
    case .text, .categorical, .bool: true
    case .int64: Set(strings().compactMap { $0 }).count <= 20
    default: false
    }
  }

  /// The place of each value among the different ones, for splits that keep the shares of classes.
  public func classPlaces() -> [Int] {
    let places = Dictionary(
      uniqueKeysWithValues: TargetEncoding.classes(of: self).enumerated().map { ($1, $0) })
    return strings().map { $0.flatMap { places[$0] } ?? places.count }
  }
}

/// What a target's values mean to a model.
struct TargetEncoding: Sendable, Hashable {
  let name: String
  /// The classes in their order; none of numbers.
  let classes: [String]

  init(name: String, classes: [String]) {
    self.name = name
    self.classes = classes
  }

  init(_ column: Column, isClassifier: Bool) throws {
    name = column.name
    try Self.checkPresent(column)
    guard isClassifier else {
      classes = []
      _ = try Self.numbers(column)
      return
    }
    classes = Self.classes(of: column)
    guard classes.count >= 2 else {
      throw LatheError(
        .invalidArgument,
        "target '\(name)': all rows say '\(classes.first ?? "")'; a model needs two classes at least")
    }
    guard classes.count < max(column.count, 3) else {
      throw LatheError(
        .invalidArgument,
        "target '\(name)': each of the \(column.count) rows has a class of its own; is it an identifier, or a number to "
          + "predict by regression?")
    }
    guard classes.count <= Self.mostClasses else {
      throw LatheError(
        .invalidArgument,
        "target '\(name)': \(classes.count) classes, \(Self.mostClasses) are the most; predict a number by regression, or "
          + "join rare classes")
    }
  }

  private static let mostClasses = 1000

  /// The different values, numbers by size and texts by their bytes.
  static func classes(of column: Column) -> [String] {
    let texts = Set(column.strings().compactMap { $0 })
    if column.type.isNumeric, column.type != .bool {
      return texts.sorted { (Double($0) ?? 0) < (Double($1) ?? 0) }
    }
    return texts.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func checkPresent(_ column: Column) throws {
    guard column.count > 0 else {
      throw LatheError(.invalidArgument, "target '\(column.name)': the table has no rows")
    }
    guard column.missingCount == 0 else {
      let row = (0..<column.count).first { column.isMissing($0) } ?? 0
      throw LatheError(
        .invalidArgument,
        "target '\(column.name)': \(counted(column.missingCount, "rows")) without a value, the first is row \(row); leave "
          + "them out (dropMissing)")
    }
  }

  private static func numbers(_ column: Column) throws -> [Double] {
    guard !column.holdsTimes else {
      throw LatheError(
        .invalidArgument,
        "target '\(column.name)': times (\(column.type)) are no numbers to predict; predict a number made of them, such as days "
          + "since a date")
    }
    let numbers: [Double]
    do { numbers = try column.cast(to: .float64).numbers() } catch let error as LatheError {
      throw LatheError(
        .invalidArgument, "target: \(error.message); regression needs numbers, classes need a classifier")
    }
    if let row = numbers.firstIndex(where: { !$0.isFinite }) {
      throw LatheError(
        .invalidArgument, "target '\(column.name)': row \(row) is \(numbers[row]); remove it first")
    }
    guard numbers.contains(where: { $0 != numbers[0] }) else {
      throw LatheError(
        .invalidArgument,
        "target '\(column.name)': all rows are \(numbers[0]); there is nothing to learn")
    }
    return numbers
  }

  /// A column's values as numbers, or as places among the classes.
  ///
  /// - Throws: `LatheError.invalidArgument` for missing values, and classes that are not known.
  func targets(_ column: Column) throws -> [Double] {
    try Self.checkPresent(column)
    guard !classes.isEmpty else { return try column.cast(to: .float64).numbers() }
    let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, Double($0)) })
    return try column.strings().enumerated().map { row, text in
      guard let place = places[text ?? ""] else {
        throw LatheError(
          .invalidArgument,
          "target '\(name)': row \(row): the class '\(printable(text ?? ""))' was not there in training; known are "
            + classes.prefix(20).joined(separator: ", "))
      }
      return place
    }
  }
}
