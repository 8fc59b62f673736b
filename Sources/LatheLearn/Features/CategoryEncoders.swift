import LatheCore
import LatheTables

/// What is done with a category that was not there when an encoder learned.
public enum UnknownCategories: String, Sendable, Hashable, Codable {
  /// It is an error that names column, row and category.
  case error
  /// It is none of the known ones: zeros in one-hot columns, a missing value else.
  case ignore
}

/// The categories of columns of texts, in the order of their bytes; behind them none, where a value was missing.
public struct Categories: Sendable, Hashable, Codable {
  /// Of each column.
  public let lists: [[String?]]

  init(lists: [[String?]]) { self.lists = lists }

  init(fit columns: [Column]) {
    lists = columns.map { column in
      let texts = column.strings()
      let known = Set(texts.compactMap { $0 }).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      return known + (column.missingCount > 0 ? [nil] : [])
    }
  }

  /// The place of each row's category in a column's list; nil of one that is not in it.
  func places(_ column: Column, _ number: Int, _ unknown: UnknownCategories) throws -> [Int?] {
    let places = Dictionary(uniqueKeysWithValues: lists[number].enumerated().map { ($1, $0) })
    return try column.strings().enumerated().map { row, text in
      if let place = places[text] { return place }
      guard unknown == .ignore else {
        throw LatheError(
          .invalidArgument,
          "column '\(column.name)': row \(row): "
            + (text.map { "the category '\(printable($0))'" } ?? "a missing value")
            + " was not there in training; let unknown ones be ignored, or train with it")
      }
      return nil
    }
  }

  /// Whether no category of lists that came from a file is there twice.
  var isSound: Bool { lists.allSatisfy { Set($0).count == $0.count } }

  func check(_ columns: [Column]) {
    require(columns.count == lists.count, "the encoder knows \(lists.count) columns, not \(columns.count)")
  }
}

/// A column of zeros and ones for each category: scikit-learn's `OneHotEncoder`.
///
/// A missing value is a category of its own, where there was one.
public struct OneHotEncoder: Sendable, Hashable, Codable {
  /// The categories of each column.
  public let categories: Categories
  /// What is done with other ones.
  public let unknown: UnknownCategories

  /// Learns from columns of texts or anything else that can be written as text.
  public init(fit columns: [Column], unknown: UnknownCategories = .error) {
    categories = Categories(fit: columns)
    self.unknown = unknown
  }

  init(categories: Categories, unknown: UnknownCategories) {
    self.categories = categories
    self.unknown = unknown
  }

  /// The names of the columns made: the column's and the category.
  public func featureNames(_ names: [String]) -> [String] {
    zip(names, categories.lists).flatMap { name, list in list.map { "\(name)_\($0 ?? "missing")" } }
  }

  /// For each category a column.
  ///
  /// - Throws: `LatheError.invalidArgument` for a category that is not known, unless those are ignored.
  public func transform(_ columns: [Column]) throws -> FeatureMatrix {
    categories.check(columns)
    let width = categories.lists.reduce(0) { $0 + $1.count }
    let rows = columns.first?.count ?? 0
    var values = [Double](repeating: 0, count: rows * width)
    var first = 0
    for (number, column) in columns.enumerated() {
      for (row, place) in try categories.places(column, number, unknown).enumerated() {
        if let place { values[row * width + first + place] = 1 }
      }
      first += categories.lists[number].count
    }
    return FeatureMatrix(values, rows: rows, columns: width, names: featureNames(columns.map(\.name)))
  }
}

/// The place of each category in the list of them: scikit-learn's `OrdinalEncoder`.
///
/// A missing value stays one.
public struct OrdinalEncoder: Sendable, Hashable, Codable {
  /// The categories of each column.
  public let categories: Categories
  /// What is done with other ones: ignored, they are missing values.
  public let unknown: UnknownCategories

  /// Learns from columns of texts or anything else that can be written as text.
  public init(fit columns: [Column], unknown: UnknownCategories = .error) {
    categories = Categories(lists: Categories(fit: columns).lists.map { $0.filter { $0 != nil } })
    self.unknown = unknown
  }

  init(categories: Categories, unknown: UnknownCategories) {
    self.categories = categories
    self.unknown = unknown
  }

  /// A column of places for each column.
  ///
  /// - Throws: `LatheError.invalidArgument` for a category that is not known, unless those are ignored.
  public func transform(_ columns: [Column]) throws -> FeatureMatrix {
    categories.check(columns)
    let rows = columns.first?.count ?? 0
    var values = [Double](repeating: .nan, count: rows * columns.count)
    for (number, column) in columns.enumerated() {
      // Missing values need no place.
      let lists = Categories(
        lists: categories.lists.enumerated().map { $0 == number ? $1 + [nil] : $1 })
      let none = categories.lists[number].count
      for (row, place) in try lists.places(column, number, unknown).enumerated() {
        if let place, place != none { values[row * columns.count + number] = Double(place) }
      }
    }
    return FeatureMatrix(values, rows: rows, columns: columns.count, names: columns.map(\.name))
  }
}
