import LatheCore
import LatheTables

/// How the column to predict is distributed, and what each other column alone says of it.
public struct TargetProfile: Sendable, Encodable {
  /// What a column alone says of the target.
  public struct Power: Sendable, Encodable {
    /// The column.
    public let column: String
    /// On rows that were not learned from: how much of the way from the most frequent class to no mistakes, or the share of the
    /// variance that is explained.
    public let score: Double
    /// Whether each value goes with one value of the target and the other way.
    public let isSame: Bool
  }

  /// The column.
  public let name: String
  /// Whether its values are classes.
  public let isClassification: Bool
  /// The rows of each class, the most frequent first; none of numbers.
  public let classes: [ColumnProfile.Frequency]
  /// What each column alone says, the most first.
  public let powers: [Power]

  init(_ table: Table, _ target: Column, seed: UInt64) {
    name = target.name
    isClassification = target.looksLikeClasses
    let rows = (0..<table.rowCount).filter { !target.isMissing($0) }
    let counts = Table(known: [target]).valueCounts()
    classes =
      isClassification
      ? counts.sorted { (-$0.count, $0.row) < (-$1.count, $1.row) }.map {
        .init(value: target.text($0.row), count: $0.count)
      }
      : []
    var order = rows
    var random = RandomSource(seed: seed)
    random.shuffle(&order)
    let halves = [Array(order[..<(order.count / 2)]), Array(order[(order.count / 2)...])]
    let answers = Places(target)
    let numbers = target.type.isNumeric ? (try? target.numbers()) ?? [] : []
    let isClassification = isClassification
    powers = table.columns.filter { $0.name != target.name }.map { column in
      let places = Places(column)
      let score =
        isClassification
        ? Self.classScore(places.steps, answers.values, halves)
        : Self.numberScore(places.steps, numbers, halves)
      return Power(
        column: column.name, score: score, isSame: Self.areSame(places.values, answers.values, rows))
    }.sorted { ($1.score, $0.column) < ($0.score, $1.column) }
  }

  /// A column's values as numbers from 0 on: each different one, or, of many numbers, those of at most 100 steps of 20 rows and more.
  private struct Places {
    var values: [Int]
    var steps: [Int]

    init(_ column: Column) {
      let first = (try? Table(known: [column]).firstEqualRows()) ?? []
      values = first.indices.map { column.isMissing($0) ? -1 : first[$0] }
      steps = values
      guard column.type != .text, column.type != .categorical, let numbers = try? column.numbers() else {
        return
      }
      let sorted = numbers.filter { !$0.isNaN }.sorted()
      let count = max(2, min(100, values.count / 20))
      guard Set(values).count > count else { return }
      let limits = (1..<count).map { Sums.quantile(sorted: sorted, Double($0) / Double(count)) }
      steps = numbers.indices.map { row in
        if column.isMissing(row) { return -1 }
        var (low, high) = (0, limits.count)
        while low < high {
          let middle = (low + high) / 2
          if limits[middle] < numbers[row] { low = middle + 1 } else { high = middle }
        }
        return low
      }
    }
  }

  private static func areSame(_ a: [Int], _ b: [Int], _ rows: [Int]) -> Bool {
    var (there, back) = ([Int: Int](), [Int: Int]())
    for row in rows {
      guard a[row] >= 0, there[a[row], default: b[row]] == b[row], back[b[row], default: a[row]] == a[row]
      else { return false }
      there[a[row]] = b[row]
      back[b[row]] = a[row]
    }
    return there.count > 1
  }

  /// The most frequent class of each step, learned from one half and tested on the other, both ways.
  private static func classScore(_ steps: [Int], _ answers: [Int], _ halves: [[Int]]) -> Double {
    var (right, usual, count) = (0, 0, 0)
    for (learned, tested) in [(halves[0], halves[1]), (halves[1], halves[0])] {
      var counts: [Int: [Int: Int]] = [:]
      var all: [Int: Int] = [:]
      for row in learned {
        counts[steps[row], default: [:]][answers[row], default: 0] += 1
        all[answers[row], default: 0] += 1
      }
      func most(_ counts: [Int: Int]) -> Int {
        counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? -1
      }
      let best = counts.mapValues(most)
      let first = most(all)
      for row in tested {
        right += (best[steps[row]] ?? first) == answers[row] ? 1 : 0
        usual += first == answers[row] ? 1 : 0
        count += 1
      }
    }
    return count > usual ? max(0, Double(right - usual) / Double(count - usual)) : 0
  }

  /// The mean of each step, learned from one half and tested on the other, both ways.
  private static func numberScore(_ steps: [Int], _ numbers: [Double], _ halves: [[Int]]) -> Double {
    var (left, whole) = (0.0, 0.0)
    for (learned, tested) in [(halves[0], halves[1]), (halves[1], halves[0])] {
      let known = learned.filter { numbers[$0].isFinite }
      let means = Dictionary(grouping: known) { steps[$0] }.mapValues { rows in
        Sums.mean(rows.map { numbers[$0] })
      }
      let mean = Sums.mean(known.map { numbers[$0] })
      for row in tested where numbers[row].isFinite {
        let (miss, usual) = (numbers[row] - (means[steps[row]] ?? mean), numbers[row] - mean)
        left += miss * miss
        whole += usual * usual
      }
    }
    return whole > 0 && left.isFinite && whole.isFinite ? max(0, 1 - left / whole) : 0
  }
}
