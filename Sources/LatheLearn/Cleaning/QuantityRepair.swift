import LatheCore
import LatheTables

/// Makes numbers of texts such as `12 kg`, `1,200` and `850 g`, all in one unit.
public struct QuantityRepair: Sendable {
  /// Units of one kind, each as a multiple of the first's.
  static let kinds: [[String: Double]] = [
    ["kg": 1, "g": 1e-3, "mg": 1e-6, "t": 1000, "lb": 0.45359237, "lbs": 0.45359237, "oz": 0.028349523125],
    ["m": 1, "mm": 1e-3, "cm": 1e-2, "km": 1000, "in": 0.0254, "ft": 0.3048, "yd": 0.9144, "mi": 1609.344],
    [
      "s": 1, "ms": 1e-3, "min": 60, "h": 3600, "d": 86400, "days": 86400, "hours": 3600, "seconds": 1,
      "minutes": 60,
    ],
    ["l": 1, "ml": 1e-3, "cl": 1e-2], ["%": 1], ["€": 1, "eur": 1], ["$": 1, "usd": 1], ["£": 1, "gbp": 1],
  ]

  /// The unit that all values are in; empty where none has one.
  public let unit: String
  private let factors: [String: Double]
  private let decimal: Character

  /// Finds the unit that most values have.
  ///
  /// - Parameters:
  ///   - column: The texts.
  ///   - unit: The unit that the numbers shall be in; nil: the most frequent.
  ///   - decimal: The decimal mark; the other of point and comma stands between groups of three digits.
  /// - Throws: `LatheError.invalidArgument` where units are not of one kind, or the one asked for is not known.
  public init(of column: Column, to unit: String? = nil, decimal: Character = ".") throws {
    self.decimal = decimal
    var counts: [String: Int] = [:]
    for text in column.strings() {
      if let text, let (_, unit) = Self.parts(text, decimal), !unit.isEmpty { counts[unit, default: 0] += 1 }
    }
    let known = counts.keys.filter { unit in Self.kinds.contains { $0[unit] != nil } }
    let most = known.max { (counts[$0] ?? 0, $1) < (counts[$1] ?? 0, $0) }
    guard let chosen = unit?.lowercased() ?? most else {
      (self.unit, factors) = ("", [:])
      return
    }
    guard let kind = Self.kinds.first(where: { $0[chosen] != nil }) else {
      throw LatheError(.invalidArgument, "column '\(column.name)': the unit '\(chosen)' is not known")
    }
    if let other = known.sorted().first(where: { kind[$0] == nil }) {
      throw LatheError(
        .invalidArgument,
        "column '\(column.name)': '\(chosen)' and '\(other)' are not of one kind; divide the column first")
    }
    self.unit = chosen
    factors = kind.mapValues { $0 / (kind[chosen] ?? 1) }
  }

  /// A text as a number in the unit, which a number without one is taken to be in; nil where it is none.
  public func number(_ text: String) -> Double? {
    guard let (value, unit) = Self.parts(text, decimal) else { return nil }
    if unit.isEmpty { return value }
    return factors[unit].map { $0 == 1 ? value : value * $0 }
  }

  /// The number and the unit of a text; nil where it has another form.
  private static func parts(_ text: String, _ decimal: Character) -> (Double, String)? {
    var rest = Substring(text.lowercased()).drop { $0.isWhitespace }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    var sign = 1.0
    func takeSign() {
      if rest.first == "-" { sign = -1; rest.removeFirst() } else if rest.first == "+" { rest.removeFirst() }
    }
    takeSign()
    var unit = ""
    if let first = rest.first, "€$£".contains(first) {
      unit = String(rest.removeFirst())
      rest = rest.drop { $0.isWhitespace }
      takeSign()
    }
    let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "," || $0 == "'") }
    guard let plain = withoutGroups(digits, decimal) else { return nil }
    rest = rest.dropFirst(digits.count)
    // An exponent, unless the letter begins a unit.
    var number = plain
    if rest.first == "e" {
      var tail = rest.dropFirst()
      var exponent = "e"
      if let mark = tail.first, mark == "-" || mark == "+" { exponent.append(tail.removeFirst()) }
      let power = tail.prefix { $0.isASCII && $0.isNumber }
      if !power.isEmpty {
        number += exponent + power
        rest = tail.dropFirst(power.count)
      }
    }
    let behind = rest.drop { $0.isWhitespace }
    guard unit.isEmpty || behind.isEmpty, behind.allSatisfy({ $0.isLetter || "%€$£".contains($0) }),
      let value = Column.number(number)
    else { return nil }
    return (sign * value, unit.isEmpty ? String(behind) : unit)
  }

  /// Digits with a point for the decimal mark and no marks between groups of three; nil where groups are of other sizes.
  private static func withoutGroups(_ digits: Substring, _ decimal: Character) -> String? {
    let halves = digits.split(separator: decimal, omittingEmptySubsequences: false)
    guard halves.count <= 2, let whole = halves.first, digits.contains(where: \.isNumber) else { return nil }
    let groups = whole.split(omittingEmptySubsequences: false) { !$0.isNumber }
    if groups.count > 1 {
      guard (1...3).contains(groups[0].count), groups.dropFirst().allSatisfy({ $0.count == 3 }) else {
        return nil
      }
    }
    guard halves.count == 1 || halves[1].allSatisfy(\.isNumber) else { return nil }
    return groups.joined() + (halves.count == 2 ? "." + halves[1] : "")
  }
}

extension TableCleaner {
  /// Makes numbers of a column of texts such as `12 kg`, `1,200` or `850 g`; what is none becomes missing.
  ///
  /// - Parameters:
  ///   - column: The column.
  ///   - unit: The unit that the numbers shall be in; nil: the most frequent.
  ///   - decimal: The decimal mark.
  /// - Throws: `LatheError.invalidArgument` where units are not of one kind, or fewer than half of the values are numbers.
  @discardableResult
  public mutating func repairQuantities(_ column: String, to unit: String? = nil, decimal: Character = ".")
    throws
    -> QuantityRepair
  {
    let old = try table[column]
    guard old.type == .text || old.type == .categorical else {
      throw LatheError(.invalidArgument, "column '\(column)' is of \(old.type); only texts are repaired")
    }
    let repair = try QuantityRepair(of: old, to: unit, decimal: decimal)
    let texts = old.strings()
    let numbers = texts.map { $0.flatMap(repair.number) }
    let present = old.count - old.missingCount
    let found = numbers.count { $0 != nil }
    guard 2 * found >= present, found > 0 else {
      throw LatheError(
        .invalidArgument,
        "column '\(column)': \(found) of \(present) values are numbers; is it a column of quantities?")
    }
    var changed: [(row: Int, reason: String)] = []
    for (row, text) in texts.enumerated() {
      guard let text else { continue }
      guard let number = numbers[row] else {
        changed.append((row, "'\(printable(String(text.prefix(40))))' is no quantity; now missing"))
        continue
      }
      if Column.number(text) != number { changed.append((row, "'\(printable(text))' is \(number)")) }
    }
    let bare = repair.unit.isEmpty ? 0 : texts.count { $0.flatMap { Column.number($0) } != nil }
    var notes = repair.unit.isEmpty ? [] : ["'\(column)' in \(repair.unit)"]
    if bare > 0 { notes.append("\(counted(bare, "values")) without a unit, taken to be in \(repair.unit)") }
    try change("quantities of '\(column)'", Column(column, numbers), changed, notes: notes)
    return repair
  }

  /// Makes points in time of a column of dates in several orders: `2024-01-31`, `31/01/2024`, `01/31/2024`.
  ///
  /// A date that can only be read in one order is; of the others the order is that which most dates show.
  ///
  /// - Parameters:
  ///   - column: The column.
  ///   - order: The order of dates that can be read in both; nil: the one that most of the others show.
  /// - Throws: `LatheError.invalidArgument` where fewer than half of the values are dates, or none shows an order.
  public mutating func repairDates(_ column: String, order: DateOrder? = nil) throws {
    let old = try table[column]
    guard old.type == .text || old.type == .categorical else {
      throw LatheError(.invalidArgument, "column '\(column)' is of \(old.type); only texts are repaired")
    }
    let texts = old.strings()
    let read = texts.map { text -> (year: Int64?, day: Int64?, month: Int64?) in
      guard let text else { return (nil, nil, nil) }
      return (
        Column.date(text, order: .yearMonthDay), Column.date(text, order: .dayMonthYear),
        Column.date(text, order: .monthDayYear)
      )
    }
    let dayFirst = read.count { $0.year == nil && $0.day != nil && $0.month == nil }
    let monthFirst = read.count { $0.year == nil && $0.day == nil && $0.month != nil }
    let unclear = read.indices.filter {
      read[$0].year == nil && read[$0].day != nil && read[$0].month != nil && read[$0].day != read[$0].month
    }
    guard unclear.isEmpty || order != nil || dayFirst != monthFirst else {
      throw LatheError(
        .invalidArgument,
        "column '\(column)': row \(rows[unclear[0]]): '\(texts[unclear[0]] ?? "")' can be read in two orders, and the others do "
          + "not show which; say it (order)")
    }
    let takesDayFirst = order.map { $0 == .dayMonthYear } ?? (dayFirst > monthFirst)
    let times = read.map { $0.year ?? (takesDayFirst ? $0.day ?? $0.month : $0.month ?? $0.day) }
    let present = old.count - old.missingCount
    let found = times.count { $0 != nil }
    guard 2 * found >= present, found > 0 else {
      throw LatheError(.invalidArgument, "column '\(column)': \(found) of \(present) values are dates")
    }
    let result = Column(column, microseconds: times)
    var changed: [(row: Int, reason: String)] = []
    let doubtful = Set(unclear)
    for (row, text) in texts.enumerated() {
      guard let text, read[row].year == nil else { continue }
      let words =
        times[row] == nil
        ? "no date; now missing" : result.text(row) + (doubtful.contains(row) ? " (by the other dates)" : "")
      changed.append((row, "'\(printable(String(text.prefix(40))))' is \(words)"))
    }
    try change(
      "dates of '\(column)'", result, changed,
      notes: [
        "\(dayFirst) with the day first, \(monthFirst) with the month first, \(unclear.count) in both readings"
      ])
  }
}
