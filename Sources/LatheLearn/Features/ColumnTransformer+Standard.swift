import LatheCore
import LatheTables

extension ColumnTransformer {
  /// What is done with columns that nobody said more about.
  public enum Habit: Sendable, Hashable {
    /// For weighted sums: numbers are filled with medians and scaled, texts become one-hot columns.
    case linear
    /// For trees: numbers stay as they are, texts become categories.
    case trees
    /// For forests: numbers stay as they are, texts become one-hot columns.
    case forests
    /// For networks: numbers are filled with medians, with a column that says so, and scaled; texts become categories.
    case networks(NumberScaling = .quantiles)
  }

  /// How numbers are scaled for networks.
  public enum NumberScaling: String, Sendable, Hashable, CaseIterable {
    /// As parts of the rows below them would be in a normal distribution.
    case quantiles
    /// To mean 0 and deviation 1.
    case standard
  }

  /// The usual features of a table by its columns' types, and what a person should know of columns left out.
  ///
  /// Left out are columns without values, with one value, and of texts that are nearly all different. A column that says the
  /// same as the target in each row is named, but stays.
  ///
  /// - Parameters:
  ///   - table: The rows to learn from.
  ///   - target: The column to predict.
  ///   - habit: What the model needs.
  ///   - textModel: The language model by whose vectors columns of free text are features; without it they are left out.
  /// - Throws: `LatheError.invalidArgument` where the target is not there, or no column is left.
  public static func standard(
    for table: Table, target: String, _ habit: Habit, textModel: String? = nil
  ) throws -> (features: ColumnTransformer, notes: [String]) {
    let answers = try table[target]
    var notes: [String] = []
    var numbers: [String] = []
    var texts: [String] = []
    var freeTexts: [String] = []
    for column in table.columns where column.name != target {
      // Of millions of rows no texts are made.
      let different = column.uniqueCount
      func leaveOut(_ why: String) { notes.append("column '\(column.name)' is left out: \(why)") }
      if different == 0 {
        leaveOut("it has no values")
      } else if different == 1 && column.missingCount == 0 {
        leaveOut("all rows say '\(printable(column.text(0)))'")
      } else if column.type == .text || column.type == .categorical {
        let present = column.count - column.missingCount
        let numbers = different > 20 ? column.numbersAmongTexts() : nil
        if let numbers, numbers.numbers >= 19 * numbers.others {
          leaveOut(
            "\(numbers.others) of its \(present) values no number ('\(printable(String(column.text(numbers.firstOther).prefix(40))))'); "
              + "mend them, or make them missing (numbersOrMissing)")
        } else if textModel != nil, different > mostCategories || (different > 20 && 2 * different > present)
        {
          freeTexts.append(column.name)
        } else if different > mostCategories {
          leaveOut("\(different) different texts, \(mostCategories) are the most; group them")
        } else if different > 20 && 2 * different > present {
          leaveOut(
            "\(different) of \(present) texts are different, as of names or free text; encode it first")
        } else {
          texts.append(column.name)
        }
      } else if different == 1 && habit == .linear {
        leaveOut("it has one value and is missing else")
      } else {
        numbers.append(column.name)
      }
      if saysTheSame(column, answers) {
        notes.append(
          "column '\(column.name)' says the same as the target in each row; will it be known when predictions are made?"
        )
      }
    }
    guard !numbers.isEmpty || !texts.isEmpty || !freeTexts.isEmpty else {
      throw LatheError(
        .invalidArgument, "no column is left to learn '\(target)' from" + notes.map { "; \($0)" }.joined())
    }
    var parts: [Part] = []
    if let textModel, !freeTexts.isEmpty {
      notes.append("as vectors of \(textModel): \(freeTexts.map { "'\($0)'" }.joined(separator: ", "))")
      let isScaled = habit != .trees && habit != .forests
      parts.append(Part(freeTexts, [.vectors(model: textModel)] + (isScaled ? [.standardScale] : [])))
    }
    if case .networks(let scaling) = habit {
      return (ColumnTransformer(try networkParts(table, numbers, texts, scaling) + parts), notes)
    }
    if !numbers.isEmpty {
      parts.append(Part(numbers, habit == .linear ? [.impute(.median), .standardScale] : []))
    }
    if !texts.isEmpty {
      parts.append(Part(texts, [habit == .trees ? .categories : .oneHot(unknown: .ignore)]))
    }
    return (ColumnTransformer(parts), notes)
  }

  private static func networkParts(
    _ table: Table, _ numbers: [String], _ texts: [String], _ scaling: NumberScaling
  ) throws -> [Part] {
    var parts: [Part] = []
    if !numbers.isEmpty {
      let scale: Step = scaling == .standard ? .standardScale : .quantileScale(.normal)
      parts.append(Part(numbers, [.impute(.median), scale]))
    }
    let gaps = try numbers.filter { try table[$0].missingCount > 0 }
    if !gaps.isEmpty { parts.append(Part(gaps, [.missingIndicators])) }
    if !texts.isEmpty { parts.append(Part(texts, [.categories])) }
    return parts
  }

  private static func saysTheSame(_ column: Column, _ other: Column) -> Bool {
    column.missingCount == other.missingCount
      && (0..<column.count).allSatisfy { row in
        column.isMissing(row) == other.isMissing(row)
          && (column.isMissing(row) || column.text(row) == other.text(row))
      }
  }

  /// Of a column of texts; with more, one-hot columns would take memory that nobody expects.
  private static let mostCategories = 1000
}
