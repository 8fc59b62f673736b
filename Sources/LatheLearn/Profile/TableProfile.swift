import LatheCore
import LatheTables

/// What a table holds, and what of it needs a look before a model learns from it.
///
/// ```swift
/// let profile = try TableProfile(table, target: "survived")
/// print(profile)
/// try profile.writeHTML(to: "report.html", title: "titanic.csv")
/// ```
public struct TableProfile: Sendable, Encodable {
  /// The number of rows.
  public let rowCount: Int
  /// Rows that are equal to one before them.
  public let duplicateRows: Int
  /// The columns.
  public let columns: [ColumnProfile]
  /// Pairs of columns that say something of each other, the most first.
  public let associations: [Association]
  /// The column to predict; nil where none was named.
  public let target: TargetProfile?
  /// What needs a look, in sentences.
  public let findings: [String]

  /// Columns of which all pairs are compared.
  private static let mostCompared = 60

  /// Looks at a table.
  ///
  /// - Parameters:
  ///   - table: The table.
  ///   - target: The column to predict.
  ///   - seed: What the halves of rows depend on in which columns are tried alone.
  /// - Throws: `LatheError.invalidArgument` where the target is not there, or the table has no rows or columns.
  public init(_ table: Table, target: String? = nil, seed: UInt64 = 42) throws {
    guard table.rowCount > 0, table.columnCount > 0 else {
      throw LatheError(
        .invalidArgument,
        "a table of \(counted(table.rowCount, "rows")) and \(counted(table.columnCount, "columns")) has no profile"
      )
    }
    let answer = try target.map { try table[$0] }
    rowCount = table.rowCount
    duplicateRows = try table.duplicateCount()
    columns = table.columns.map(ColumnProfile.init)
    associations = Self.associations(table, columns)
    self.target = answer.map { TargetProfile(table, $0, seed: seed) }
    var findings = columns.flatMap { Self.findings($0, rowCount: table.rowCount) }
    if duplicateRows > 0 {
      findings.insert(
        "\(counted(duplicateRows, "rows")) equal to one before: a test may hold what was learned from", at: 0)
    }
    if table.columnCount > Self.mostCompared {
      findings.append(
        "only the first \(Self.mostCompared) of \(table.columnCount) columns are compared with each other")
    }
    findings += associations.filter { abs($0.value) >= 0.95 }.map {
      "'\($0.first)' and '\($0.second)' say nearly the same (\($0.kind.rawValue) \(rounded($0.value)))"
    }
    if let answer, let found = self.target {
      findings = Self.findings(found, missing: answer.missingCount, rowCount: table.rowCount) + findings
    }
    self.findings = findings
  }

  private static func associations(_ table: Table, _ profiles: [ColumnProfile]) -> [Association] {
    enum Values {
      case numbers([Double])
      case places([Int])
    }
    var chosen: [(name: String, values: Values)] = []
    for (column, profile) in zip(table.columns, profiles).prefix(mostCompared) {
      switch column.type {
      case .float64, .float32, .int64:
        if let found = try? column.numbers() { chosen.append((column.name, .numbers(found))) }
      // Texts that are nearly all different say everything of all.
      case .text, .categorical, .bool:
        guard profile.distinct <= max(20, table.rowCount / 10), profile.distinct <= 1000,
          let first = try? Table(known: [column]).firstEqualRows()
        else { continue }
        chosen.append((column.name, .places(first.indices.map { column.isMissing($0) ? -1 : first[$0] })))
      default: continue
      }
    }
    var found: [Association] = []
    for (number, a) in chosen.enumerated() {
      for b in chosen[(number + 1)...] {
        let (kind, value): (Association.Kind, Double?) =
          switch (a.values, b.values) {
          case (.numbers(let x), .numbers(let y)): (.pearson, Associations.pearson(x, y))
          case (.places(let x), .places(let y)): (.cramersV, Associations.cramersV(x, y))
          case (.places(let x), .numbers(let y)), (.numbers(let y), .places(let x)):
            (.correlationRatio, Associations.correlationRatio(x, y))
          }
        if let value { found.append(Association(first: a.name, second: b.name, kind: kind, value: value)) }
      }
    }
    return found.sorted { abs($0.value) > abs($1.value) }
  }

  private static func findings(_ column: ColumnProfile, rowCount: Int) -> [String] {
    var found: [String] = []
    let present = rowCount - column.missing
    func say(_ text: String) { found.append("'\(column.name)' \(text)") }
    if present == 0 { return ["'\(column.name)' has no values: leave it out"] }
    if column.missing * 20 >= rowCount {
      say("is missing in \(percent(column.missing, rowCount)) of the rows")
    }
    if column.distinct == 1 && column.missing == 0 { say("is the same in all rows: leave it out") }
    let isText = column.type == "text" || column.type == "categorical"
    if present > 20 && column.distinct * 20 >= present * 19 && (isText || column.type == "int64") {
      say(
        "is different in \(percent(column.distinct, present)) of the rows, as an identifier is: leave it out")
    }
    if column.numericTexts > 0 && column.numericTexts < present {
      say("is of mixed types: \(column.numericTexts) of \(present) texts are numbers")
    } else if column.numericTexts == present && isText {
      say("holds texts that are all numbers")
    }
    if let numbers = column.numbers {
      if numbers.infinite > 0 { say("has \(counted(numbers.infinite, "infinite values")): remove them") }
      if numbers.outliers * 100 >= present && column.distinct > 2 {
        say("has \(counted(numbers.outliers, "outliers")) (\(percent(numbers.outliers, present)))")
      }
      if let skew = numbers.skew, abs(skew) > 3, column.distinct > 2 {
        say("is very lopsided (skew \(rounded(skew))): a logarithm may help linear models")
      }
    }
    return found
  }

  private static func findings(_ target: TargetProfile, missing: Int, rowCount: Int) -> [String] {
    var found: [String] = []
    if missing > 0 {
      found.append("the target is missing in \(counted(missing, "rows")), which cannot be learned from")
    }
    if target.isClassification {
      if target.classes.count < 2 {
        found.append("the target is the same in all rows: nothing can be learned")
      }
      if let most = target.classes.first, let least = target.classes.last, most.count > 10 * least.count {
        found.append(
          "the classes are out of balance: \(most.count) rows of '\(printable(most.value))', \(least.count) of '\(printable(least.value))'; weigh "
            + "classes, and look at more than accuracy")
      }
    }
    for power in target.powers where power.isSame || power.score >= 0.9 {
      found.append(
        power.isSame
          ? "'\(power.column)' says the same as the target in each row: a leak, unless it is known when predictions are made"
          : "'\(power.column)' alone predicts the target nearly perfectly (\(rounded(power.score))): is it known when predictions are made?"
      )
    }
    return found
  }

  static func percent(_ part: Int, _ whole: Int) -> String {
    let share = 100 * Double(part) / Double(max(1, whole))
    return share > 0 && share < 0.1 ? "less than 0.1 %" : "\((share * 10).rounded() / 10) %"
  }
}

extension TableProfile: CustomStringConvertible {
  /// The columns as lines, then what needs a look.
  public var description: String {
    var cells = [
      ["column", "type", "missing", "distinct", "mean", "std", "min", "median", "max", "most frequent"]
    ]
    for column in columns {
      let numbers = column.numbers
      func shown(_ value: Double?) -> String { value.map(Self.short) ?? "" }
      let first =
        column.frequent.first.map { "\(String(printable($0.value).prefix(24))) (\($0.count))" } ?? ""
      cells.append([
        printable(column.name), column.type,
        column.missing == 0 ? "-" : Self.percent(column.missing, rowCount), "\(column.distinct)",
        shown(numbers?.mean), shown(numbers?.std), shown(numbers?.min), shown(numbers?.median),
        shown(numbers?.max),
        numbers == nil ? first : "",
      ])
    }
    let widths = cells[0].indices.map { place in cells.map { $0[place].count }.max() ?? 0 }
    var lines = [
      "\(counted(rowCount, "rows")), \(counted(columns.count, "columns")), \(counted(duplicateRows, "duplicate rows"))",
      "",
    ]
    for row in cells {
      var line = zip(row, widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      lines.append(line)
    }
    let strong = associations.filter { abs($0.value) >= 0.5 }.prefix(10)
    if !strong.isEmpty {
      lines += ["", "strongest associations"]
      lines += strong.map {
        "  \(rounded($0.value))  \(printable($0.first)) and \(printable($0.second)) (\($0.kind.rawValue))"
      }
    }
    if let target {
      lines += ["", "target '\(printable(target.name))'"]
      lines += target.classes.prefix(10).map { "  \(printable($0.value)): \(counted($0.count, "rows"))" }
      lines += target.powers.prefix(5).filter { $0.score > 0 }.map {
        "  \(printable($0.column)) alone: \(rounded($0.score))"
      }
    }
    if !findings.isEmpty { lines += ["", "to look at"] + findings.map { "  \(printable($0))" } }
    return lines.joined(separator: "\n")
  }

  /// A number in at most about six digits.
  static func short(_ value: Double) -> String {
    guard value.isFinite, value != 0, value.magnitude >= 1e-3, value.magnitude < 1e7 else {
      return "\(value)"
    }
    let scale = value.magnitude < 10 ? 1e4 : value.magnitude < 1000 ? 100 : 10
    let number = (value * scale).rounded() / scale
    return number == number.rounded() ? "\(Int(number))" : "\(number)"
  }
}
