import LatheCore

/// Products of features up to a degree: scikit-learn's `PolynomialFeatures`.
public struct PolynomialFeatures: Sendable, Hashable, Codable {
  /// How many columns it takes.
  public let columns: Int
  /// The columns of each product, rising; none of the constant 1.
  public let products: [[Int]]

  /// Products of up to `degree` columns, those of fewer first.
  ///
  /// - Parameters:
  ///   - columns: How many columns there are.
  ///   - degree: The most factors.
  ///   - least: The least factors, besides none.
  ///   - interactionOnly: Whether a column is a factor once at most.
  ///   - includesBias: Whether there is a column of ones.
  /// - Throws: `LatheError.invalidArgument` for a negative degree, and more than a million products.
  public init(
    columns: Int, degree: Int = 2, least: Int = 1, interactionOnly: Bool = false, includesBias: Bool = true
  ) throws {
    guard degree >= 0, least >= 0, least <= max(degree, 1) else {
      throw LatheError(
        .invalidArgument, "polynomial features: degrees \(least) to \(degree); none may be negative")
    }
    self.columns = columns
    var products: [[Int]] = includesBias ? [[]] : []
    var current: [[Int]] = [[]]
    for size in 1...max(1, degree) where degree > 0 {
      var next: [[Int]] = []
      for product in current {
        let first = product.last.map { interactionOnly ? $0 + 1 : $0 } ?? 0
        for column in stride(from: first, to: columns, by: 1) { next.append(product + [column]) }
        guard next.count + products.count <= Self.most else {
          throw LatheError(
            .invalidArgument,
            "polynomial features: degree \(degree) of \(columns) columns makes more than \(Self.most) products; "
              + "take a lower degree, or fewer columns")
        }
      }
      current = next
      if size >= least { products += next }
    }
    self.products = products
  }

  private static let most = 1_000_000

  /// The names of the products, such as `age^2` and `age fare`.
  public func featureNames(_ names: [String]) -> [String] {
    products.map { product in
      if product.isEmpty { return "1" }
      var parts: [String] = []
      for column in Set(product).sorted() {
        let power = product.count { $0 == column }
        parts.append(power == 1 ? names[column] : "\(names[column])^\(power)")
      }
      return parts.joined(separator: " ")
    }
  }

  /// The products of rows' values; one with a missing factor is missing.
  public func transform(_ x: FeatureMatrix) -> FeatureMatrix {
    require(x.columns == columns, "polynomial features know \(columns) columns, not \(x.columns)")
    let rows = DenseRows.rowMajor(x)
    let values = [Double](unsafeUninitializedCapacity: x.rows * products.count) { target, count in
      var place = 0
      for row in 0..<x.rows {
        for product in products {
          var value = 1.0
          for column in product { value *= rows[row * columns + column] }
          target[place] = value
          place += 1
        }
      }
      count = place
    }
    return FeatureMatrix(values, rows: x.rows, columns: products.count, names: featureNames(x.names))
  }
}

/// Logarithms of one more than values, with the values' signs: log(1 + x), and -log(1 - x) below zero.
public struct LogTransformer: Sendable, Hashable, Codable {
  /// How many columns it takes.
  public let columns: Int

  /// For a number of columns.
  public init(columns: Int) { self.columns = columns }

  /// Rows with their values changed; missing ones stay.
  public func transform(_ x: FeatureMatrix) -> FeatureMatrix {
    x.mapped(columns: columns, "the logarithm") { value, _ in
      value < 0 ? -logOnePlus(-value) : logOnePlus(value)
    }
  }

  /// Rows as they were.
  public func inverseTransform(_ x: FeatureMatrix) -> FeatureMatrix {
    x.mapped(columns: columns, "the logarithm") { value, _ in
      value < 0 ? -exponentialLessOne(-value) : exponentialLessOne(value)
    }
  }
}

/// Whether values are missing, of the columns that had missing ones: scikit-learn's `MissingIndicator`.
public struct MissingIndicator: Sendable, Hashable, Codable {
  /// How many columns it takes.
  public let columns: Int
  /// Those that had missing values.
  public let features: [Int]

  /// Learns from rows.
  public init(fit x: FeatureMatrix) {
    columns = x.columns
    features = (0..<x.columns).filter { column in (0..<x.rows).contains { x[$0, column].isNaN } }
  }

  /// A column of zeros and ones for each of `features`.
  public func transform(_ x: FeatureMatrix) -> FeatureMatrix {
    require(x.columns == columns, "the indicator knows \(columns) columns, not \(x.columns)")
    let values = (0..<x.rows).flatMap { row in features.map { x[row, $0].isNaN ? 1.0 : 0 } }
    return FeatureMatrix(
      values, rows: x.rows, columns: features.count, names: features.map { "\(x.names[$0])_missing" })
  }
}
