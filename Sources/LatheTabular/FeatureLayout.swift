import LatheCore
import LatheLearn

/// Which columns of a matrix are numbers and which categories, and the rows as a network takes them.
struct FeatureLayout: Sendable, Hashable, Codable {
  /// The places of numbers in the matrix.
  var numbers: [Int]
  /// The places of categories.
  var categories: [Int]
  /// How many categories each has, the unknown one included.
  var cardinalities: [Int]

  /// The layout of rows to learn from.
  ///
  /// - Throws: `LatheError.invalidArgument` for categories that are no whole numbers from 0 on.
  init(_ x: FeatureMatrix, what: String) throws {
    numbers = (0..<x.columns).filter { !x.categorical.contains($0) }
    categories = x.categorical.sorted()
    cardinalities = try categories.map { column in
      var most = -1
      for row in 0..<x.rows {
        let value = x[row, column]
        guard value.isNaN || (value >= 0 && value < 1e7 && value == value.rounded()) else {
          throw LatheError(
            .invalidArgument,
            "\(what): column '\(x.names[column])' is \(value) in row \(row); categories are whole numbers from 0 to 10 million"
          )
        }
        if !value.isNaN { most = max(most, Int(value)) }
      }
      return most + 2
    }
  }

  var columns: TabularColumns { TabularColumns(numbers: numbers.count, cardinalities: cardinalities) }
  var width: Int { numbers.count + categories.count }

  /// Whether places and numbers fit: for what comes from files.
  var isSound: Bool {
    categories.count == cardinalities.count && Set(numbers + categories) == Set(0..<width) && columns.isSound
  }

  /// - Throws: `LatheError.invalidArgument` for a missing number, or one beyond float32.
  func check(_ x: FeatureMatrix, what: String) throws {
    guard x.columns == width else {
      throw LatheError(.invalidArgument, "\(what): \(x.columns) features, the network takes \(width)")
    }
    for column in numbers {
      for row in 0..<x.rows where !Float(x[row, column]).isFinite {
        throw LatheError(
          .invalidArgument,
          "\(what): column '\(x.names[column])' is \(x[row, column]) in row \(row); fill missing values first "
            + "(SimpleImputer), and scale or remove what is beyond float32")
      }
    }
  }

  /// Rows as a network takes them; categories that it does not know are its unknown one.
  func rows(_ x: FeatureMatrix, _ range: Range<Int>) -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(range.count * width)
    for row in range {
      for column in numbers { values.append(Float(x[row, column])) }
      for (column, count) in zip(categories, cardinalities) {
        let value = x[row, column]
        let isKnown = value >= 0 && value < Double(count - 1) && value == value.rounded()
        values.append(isKnown ? Float(value) + 1 : 0)
      }
    }
    return values
  }
}
