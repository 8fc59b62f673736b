import LatheCore

/// How equal values are ranked.
public enum RankMethod: Sendable, Hashable {
  /// By the mean of the ranks they share.
  case average
  /// By the least of them.
  case min
  /// By the greatest.
  case max
  /// By one rank, and the next value by the next.
  case dense
  /// In the order of their rows.
  case ordinal
}

/// Windows of neighbouring rows, each ending with its row; missing values and NaN are passed over.
public struct RollingWindow: Sendable {
  let column: Column
  let size: Int
  let least: Int

  /// The sum.
  public func sum() throws -> Column {
    let sums = RunningSums(try column.numbers())
    return made { sums.sum($0) }
  }

  /// The mean.
  public func mean() throws -> Column {
    let sums = RunningSums(try column.numbers())
    return made { sums.sum($0) / Double(sums.count($0)) }
  }

  /// The variance of a sample.
  public func variance() throws -> Column {
    let sums = RunningSums(try column.numbers())
    return made { sums.variance($0) }
  }

  /// The standard deviation of a sample.
  public func std() throws -> Column {
    let sums = RunningSums(try column.numbers())
    return made { sums.variance($0).squareRoot() }
  }

  /// The least value.
  public func min() throws -> Column { try extreme(<) }

  /// The greatest value.
  public func max() throws -> Column { try extreme(>) }

  /// A number for each window that has as many values as are wanted.
  private func made(_ result: (Range<Int>) -> Double) -> Column {
    var values = 0
    return Column(
      column.name,
      (0..<column.count).map { row -> Double? in
        if hasNumber(row) { values += 1 }
        if row >= size, hasNumber(row - size) { values -= 1 }
        guard values >= Swift.max(least, 1) else { return nil }
        let value = result(Swift.max(0, row + 1 - size)..<row + 1)
        return value.isNaN ? nil : value
      })
  }

  private func hasNumber(_ row: Int) -> Bool { column.isValid(row) && !column.isNaN(row) }

  /// A queue of rows that may still become the extreme, each better than those behind it.
  private func extreme(_ isBetter: (Double, Double) -> Bool) throws -> Column {
    let values = try column.numbers()
    var best: [Double] = []
    var queue: [Int] = []
    var head = 0
    for row in values.indices {
      if head < queue.count, queue[head] <= row - size { head += 1 }
      if !values[row].isNaN {
        while queue.count > head, let last = queue.last, !isBetter(values[last], values[row]) {
          queue.removeLast()
        }
        queue.append(row)
      }
      best.append(head < queue.count ? values[queue[head]] : .nan)
    }
    return made { best[$0.upperBound - 1] }
  }
}

/// Sums of the first numbers with twice the digits, so that their differences are those of windows.
private struct RunningSums {
  private let values: [Double]
  private let center: Double
  private var counts = [0]
  private var infinite = [0]
  private var sums = [DoubledNumber()]
  /// Of numbers less the mean of all, and their squares, which are smaller than the numbers' own.
  private var deviations = [DoubledNumber()]
  private var squares = [DoubledNumber()]

  init(_ values: [Double]) {
    self.values = values
    let mean = Sums.mean(values.filter(\.isFinite))
    center = mean.isFinite ? mean : 0
    for value in values {
      let part = value.isFinite ? value - center : 0
      counts.append(counts[counts.count - 1] + (value.isNaN ? 0 : 1))
      infinite.append(infinite[infinite.count - 1] + (value.isInfinite ? 1 : 0))
      sums.append(sums[sums.count - 1] + DoubledNumber(value.isFinite ? value : 0))
      deviations.append(deviations[deviations.count - 1] + DoubledNumber(part))
      squares.append(squares[squares.count - 1] + DoubledNumber(squareOf: part))
    }
  }

  func count(_ rows: Range<Int>) -> Int { counts[rows.upperBound] - counts[rows.lowerBound] }

  private func isFinite(_ rows: Range<Int>) -> Bool { infinite[rows.upperBound] == infinite[rows.lowerBound] }

  private func present(_ rows: Range<Int>) -> [Double] { values[rows].filter { !$0.isNaN } }

  func sum(_ rows: Range<Int>) -> Double {
    guard isFinite(rows) else { return present(rows).reduce(0, +) }
    return (sums[rows.upperBound] + -sums[rows.lowerBound]).value
  }

  func variance(_ rows: Range<Int>) -> Double {
    let count = Double(count(rows))
    guard count > 1, isFinite(rows) else { return .nan }
    let sum = (deviations[rows.upperBound] + -deviations[rows.lowerBound]).value
    let total = squares[rows.upperBound] + -squares[rows.lowerBound]
    let left = (total + DoubledNumber(-sum * sum / count)).value
    // Where little is left of what was added up, rounding shows, and the window's own numbers are asked.
    let isExact = left > 1e-3 * total.value && left > 1e-15 * squares[rows.upperBound].value
    return isExact ? left / (count - 1) : Sums.variance(present(rows))
  }
}

extension Column {
  /// Windows of neighbouring rows, each ending with its row.
  ///
  /// - Parameters:
  ///   - size: The rows of a window, of which the first ones have fewer.
  ///   - minimum: The values that a window must have, else its result is missing; as many as rows unless given.
  /// - Throws: `LatheError.invalidArgument` for a window without rows, or a column of other than numbers.
  public func rolling(_ size: Int, minimum: Int? = nil) throws -> RollingWindow {
    guard size > 0, (minimum ?? 1) >= 0, (minimum ?? 1) <= size else {
      throw LatheError(
        .invalidArgument, "rolling: a window of \(size) rows with \(minimum ?? size) values; use 1 or more")
    }
    guard type.isNumeric else {
      throw LatheError(.invalidArgument, "rolling: column '\(name)' is of \(type), not of numbers; cast it")
    }
    return RollingWindow(column: self, size: size, least: minimum ?? size)
  }

  /// The values some rows further down, or up where the distance is negative; missing where none is.
  public func shift(_ distance: Int = 1) -> Column {
    taking(
      (0..<count).map { row in
        let (from, overflow) = row.subtractingReportingOverflow(distance)
        return overflow || from < 0 || from >= count ? -1 : from
      })
  }

  /// The differences to values some rows before.
  public func diff(_ distance: Int = 1) throws -> Column {
    let table = Table(known: [renamed("value"), shift(distance).renamed("before")])
    return try table.evaluate(col("value") - col("before")).renamed(name)
  }

  /// The places that values would have in order, counted from 1; of missing ones missing.
  public func rank(_ method: RankMethod = .average, descending: Bool = false) -> Column {
    let order = SortOrder(self, isDescending: descending)
    let rows = (0..<count).filter { isValid($0) && !isNaN($0) }.sorted {
      let comparison = order.compare($0, $1)
      return comparison != 0 ? comparison < 0 : $0 < $1
    }
    var ranks = [Double?](repeating: nil, count: count)
    var start = 0
    var dense = 0.0
    while start < rows.count {
      var end = start + 1
      while end < rows.count, order.compare(rows[start], rows[end]) == 0 { end += 1 }
      dense += 1
      for place in start..<end {
        ranks[rows[place]] =
          switch method {
          case .average: Double(start + 1 + end) / 2
          case .min: Double(start + 1)
          case .max: Double(end)
          case .dense: dense
          case .ordinal: Double(place + 1)
          }
      }
      start = end
    }
    return Column(name, ranks)
  }

  /// The sums up to each row, of whole numbers exactly; missing values stay and count for nothing.
  ///
  /// - Throws: `LatheError.invalidArgument` of other than numbers, and of whole numbers whose sum is beyond 64 bits.
  public func cumulativeSum() throws -> Column {
    if case .int64(let values) = storage {
      var sum: Int64 = 0
      let sums = ColumnValues<Int64>(count: count)
      for row in 0..<count {
        if isValid(row) {
          let (next, overflow) = sum.addingReportingOverflow(values.pointer[row])
          guard !overflow else {
            throw LatheError(
              .invalidArgument, "column '\(name)': row \(row): the sum is beyond 64 bits; cast it to float64")
          }
          sum = next
        }
        sums.mutable[row] = sum
      }
      return Column(name, .int64(sums), validity: validity)
    }
    var sum = DoubledNumber()
    var infinite = 0.0
    return try cumulative { value in
      if value.isFinite { sum = sum + DoubledNumber(value) } else { infinite += value }
      return infinite == 0 ? sum.value : infinite
    }
  }

  /// The greatest values up to each row.
  public func cumulativeMax() throws -> Column {
    var best = -Double.infinity
    return try cumulative {
      best = Swift.max(best, $0)
      return best
    }
  }

  /// The least values up to each row.
  public func cumulativeMin() throws -> Column {
    var best = Double.infinity
    return try cumulative {
      best = Swift.min(best, $0)
      return best
    }
  }

  /// The products up to each row.
  public func cumulativeProduct() throws -> Column {
    var product = 1.0
    return try cumulative {
      product *= $0
      return product
    }
  }

  private func cumulative(_ next: (Double) -> Double) throws -> Column {
    guard type.isNumeric else {
      throw LatheError(.invalidArgument, "column '\(name)' is of \(type), not of numbers; cast it")
    }
    return Column(name, try numbers().map { $0.isNaN ? nil : next($0) })
  }
}
