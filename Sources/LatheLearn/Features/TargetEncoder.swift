import LatheCore
import LatheTables

/// Categories as the mean target of their rows, drawn towards that of all rows: scikit-learn's `TargetEncoder`.
///
/// Rows to learn from are encoded by other rows than themselves (`fitTransform`), or a model would see their targets in them.
public struct TargetEncoder: Sendable, Hashable, Codable {
  /// What the target is.
  public enum Target: Sendable, Hashable, Codable {
    /// Numbers.
    case continuous
    /// Classes 0, 1, ...; of more than two each makes a column.
    case classes(Int)

    var outputs: Int { if case .classes(let count) = self, count > 2 { count } else { 1 } }
  }

  /// How means are made, in scikit-learn's words and with its defaults.
  public struct Configuration: Sendable, Hashable, Codable {
    /// How many rows the mean of all rows counts for; nil lets variances decide.
    public var smooth: Double?
    /// In how many parts rows are divided, of which each is encoded by the others.
    public var folds = 5
    /// What the order of rows depends on before they are divided; nil keeps it.
    public var seed: UInt64? = 0

    /// The defaults.
    public init(smooth: Double? = nil) { self.smooth = smooth }
  }

  /// The categories of each column.
  public let categories: Categories
  /// The mean of each category, for each column and output a list.
  public let means: [[Double]]
  /// The means of all rows, for each output.
  public let targetMeans: [Double]

  /// Learns from rows, and encodes them, each by others.
  ///
  /// - Throws: `LatheError.invalidArgument` where targets and rows are not equally many, or too few for the folds.
  public static func fitTransform(
    _ columns: [Column], _ targets: [Double], _ target: Target,
    _ configuration: Configuration = Configuration()
  ) throws -> (encoder: TargetEncoder, features: FeatureMatrix) {
    let rows = columns.first?.count ?? 0
    guard targets.count == rows else {
      throw LatheError(.invalidArgument, "target encoding: \(targets.count) targets for \(rows) rows")
    }
    guard configuration.smooth ?? 0 >= 0 else {
      throw LatheError(.invalidArgument, "target encoding: smooth must not be negative")
    }
    let categories = Categories(fit: columns)
    let places = try columns.indices.map { try categories.places(columns[$0], $0, .ignore).map { $0 ?? -1 } }
    let outputs = target.outputs
    // For each output the numbers whose means are taken.
    let numbers = (0..<outputs).map { output in
      outputs == 1 ? targets : targets.map { Int($0) == output ? 1 : 0 }
    }
    func means(_ chosen: [Int]) -> (byCategory: [[Double]], all: [Double]) {
      let all = numbers.map { list in Sums.mean(chosen.map { list[$0] }) }
      let byCategory = places.indices.flatMap { column in
        (0..<outputs).map { output in
          categoryMeans(
            chosen, places[column], numbers[output], categories.lists[column].count, all[output],
            configuration.smooth)
        }
      }
      return (byCategory, all)
    }
    let splits: [RowSplit]
    if case .classes = target {
      splits = try RowSplits.stratifiedKFold(
        labels: targets.map { Int($0) }, folds: configuration.folds, seed: configuration.seed)
    } else {
      splits = try RowSplits.kFold(rows: rows, folds: configuration.folds, seed: configuration.seed)
    }
    let width = columns.count * outputs
    var values = [Double](repeating: 0, count: rows * width)
    for split in splits {
      let found = means(split.train).byCategory
      for row in split.test {
        for k in 0..<width { values[row * width + k] = found[k][places[k / outputs][row]] }
      }
    }
    let (byCategory, all) = means(Array(0..<rows))
    let encoder = TargetEncoder(categories: categories, means: byCategory, targetMeans: all)
    return (
      encoder,
      FeatureMatrix(values, rows: rows, columns: width, names: encoder.featureNames(columns.map(\.name)))
    )
  }

  /// Each category's mean, as much as its rows tell (Micci-Barreca, 2001).
  private static func categoryMeans(
    _ rows: [Int], _ places: [Int], _ targets: [Double], _ count: Int, _ mean: Double, _ smooth: Double?
  ) -> [Double] {
    var sums = [Double](repeating: 0, count: count)
    var counts = sums
    for row in rows {
      sums[places[row]] += targets[row]
      counts[places[row]] += 1
    }
    if let smooth {
      return zip(sums, counts).map { $1 + smooth == 0 ? mean : ($0 + smooth * mean) / ($1 + smooth) }
    }
    let own = zip(sums, counts).map { $0 / $1 }
    var squares = [Double](repeating: 0, count: count)
    for row in rows {
      let distance = targets[row] - own[places[row]]
      squares[places[row]] += distance * distance
    }
    let variance = Sums.variance(rows.map { targets[$0] }, freedom: 0)
    return (0..<count).map { k in
      let share = variance * counts[k] / (variance * counts[k] + squares[k] / counts[k])
      return share.isNaN ? mean : share * own[k] + (1 - share) * mean
    }
  }

  var outputs: Int { targetMeans.count }

  var isSound: Bool {
    outputs > 0 && categories.isSound && means.count == categories.lists.count * outputs
      && means.indices.allSatisfy { means[$0].count == categories.lists[$0 / outputs].count }
  }

  /// The names of the columns made: of several classes the column's and the class's number.
  public func featureNames(_ names: [String]) -> [String] {
    outputs == 1 ? names : names.flatMap { name in (0..<outputs).map { "\(name)_\($0)" } }
  }

  /// The means of other rows' categories; of unknown ones those of all rows.
  public func transform(_ columns: [Column]) throws -> FeatureMatrix {
    categories.check(columns)
    let rows = columns.first?.count ?? 0
    let width = columns.count * outputs
    var values = [Double](repeating: 0, count: rows * width)
    for (number, column) in columns.enumerated() {
      for (row, place) in try categories.places(column, number, .ignore).enumerated() {
        for k in 0..<outputs {
          values[row * width + number * outputs + k] =
            place.map { means[number * outputs + k][$0] } ?? targetMeans[k]
        }
      }
    }
    return FeatureMatrix(values, rows: rows, columns: width, names: featureNames(columns.map(\.name)))
  }
}
