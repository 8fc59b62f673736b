import LatheCore
import LatheTables

/// What is in a column of a table.
public struct ColumnProfile: Sendable, Encodable {
  /// What numbers are like, in pandas' words.
  public struct Numbers: Sendable, Encodable {
    /// The mean.
    public let mean: Double?
    /// The standard deviation of a sample.
    public let std: Double?
    /// The least.
    public let min: Double
    /// A quarter is below.
    public let lowerQuartile: Double
    /// Half are below.
    public let median: Double
    /// Three quarters are below.
    public let upperQuartile: Double
    /// The greatest.
    public let max: Double
    /// How lopsided they are, as pandas' `skew`; nil of fewer than three.
    public let skew: Double?
    /// How many are farther from the quartiles than 1.5 times the distance between them.
    public let outliers: Int
    /// How many are 0.
    public let zeros: Int
    /// How many are below 0.
    public let negative: Int
    /// How many are infinite, which are left out of all else.
    public let infinite: Int
  }

  /// How often a value comes.
  public struct Frequency: Sendable, Encodable {
    /// The value.
    public let value: String
    /// The rows that have it.
    public let count: Int
  }

  /// Equal steps from the least number to the greatest, and the rows in each.
  public struct Histogram: Sendable, Encodable {
    /// The ends of the steps, one more than there are steps.
    public let edges: [Double]
    /// The rows in each step.
    public let counts: [Int]
  }

  /// The name.
  public let name: String
  /// The type.
  public let type: String
  /// How many values are missing.
  public let missing: Int
  /// How many values are different.
  public let distinct: Int
  /// The most frequent values, at most ten.
  public let frequent: [Frequency]
  /// What numbers are like; nil of other columns.
  public let numbers: Numbers?
  /// The distribution of numbers and times, the latter in seconds since 1970.
  public let histogram: Histogram?
  /// How many texts are numbers.
  public let numericTexts: Int

  init(_ column: Column) {
    name = column.name
    type = "\(column.type)"
    missing = column.missingCount
    let first = Table(known: [column]).valueCounts()
    distinct = first.count
    frequent = first.sorted { (-$0.count, $0.row) < (-$1.count, $1.row) }.prefix(10).map {
      Frequency(value: column.text($0.row), count: $0.count)
    }
    let isText = column.type == .text || column.type == .categorical
    numericTexts =
      isText ? first.reduce(0) { Column.number(column.text($1.row)) == nil ? $0 : $0 + $1.count } : 0
    let values = isText || column.type == .bool ? [] : (try? column.numbers()) ?? []
    let present = values.indices.lazy.filter { !column.isMissing($0) }.map { values[$0] }.filter { !$0.isNaN }
    let finite = present.filter(\.isFinite).sorted()
    histogram = Self.histogram(finite)
    numbers = column.type.isNumeric ? Self.numbers(finite, infinite: present.count - finite.count) : nil
  }

  private static func numbers(_ sorted: [Double], infinite: Int) -> Numbers? {
    guard let least = sorted.first, let greatest = sorted.last else { return nil }
    func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
    let (low, high) = (Sums.quantile(sorted: sorted, 0.25), Sums.quantile(sorted: sorted, 0.75))
    let reach = 1.5 * (high - low)
    return Numbers(
      mean: finite(Sums.mean(sorted)), std: finite(Sums.variance(sorted).squareRoot()), min: least,
      lowerQuartile: low,
      median: Sums.quantile(sorted: sorted, 0.5), upperQuartile: high, max: greatest, skew: skew(sorted),
      outliers: sorted.count { $0 < low - reach || $0 > high + reach }, zeros: sorted.count { $0 == 0 },
      negative: sorted.count { $0 < 0 }, infinite: infinite)
  }

  /// The third moment by the deviation's cube, without the bias of small samples.
  private static func skew(_ values: [Double]) -> Double? {
    guard values.count > 2 else { return nil }
    let n = Double(values.count)
    let mean = Sums.mean(values)
    let second = Sums.mean(values.map { ($0 - mean) * ($0 - mean) })
    let third = Sums.mean(values.map { ($0 - mean) * ($0 - mean) * ($0 - mean) })
    guard second > 0 else { return 0 }
    let result = third / (second * second.squareRoot()) * (n * (n - 1)).squareRoot() / (n - 2)
    return result.isFinite ? result : nil
  }

  private static func histogram(_ sorted: [Double]) -> Histogram? {
    guard let least = sorted.first, let greatest = sorted.last, greatest > least, (greatest - least).isFinite
    else {
      return nil
    }
    let steps = 20
    var counts = [Int](repeating: 0, count: steps)
    for value in sorted {
      counts[min(steps - 1, Int((value - least) / (greatest - least) * Double(steps)))] += 1
    }
    return Histogram(
      edges: (0...steps).map { least + (greatest - least) * Double($0) / Double(steps) }, counts: counts)
  }
}

extension Table {
  /// The different present values of the first column: a row that has it, and how many have.
  func valueCounts() -> [(row: Int, count: Int)] {
    guard let column = columns.first, let first = try? firstEqualRows() else { return [] }
    var counts: [Int: Int] = [:]
    for row in first where !column.isMissing(row) { counts[row, default: 0] += 1 }
    return counts.map { ($0.key, $0.value) }
  }
}
