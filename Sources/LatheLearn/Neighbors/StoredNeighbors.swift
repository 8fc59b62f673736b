import LatheCore

/// `NearestNeighbors` in a file: the kept rows.
struct StoredNeighbors: Codable {
  var k: Int
  /// `uniform` or `distance`.
  var weights: String
  /// How many classes there are; 0 of numbers.
  var classes: Int
  var columns: Int
  /// Values row after row.
  var rows: StoredNumbers
  var targets: StoredNumbers

  init(_ model: NearestNeighbors) {
    k = model.k
    weights = model.weights == .uniform ? "uniform" : "distance"
    classes = model.classes
    columns = model.rows.columns
    rows = StoredNumbers(model.rows.values)
    targets = StoredNumbers(model.targets)
  }

  /// - Throws: `LatheError.format` where lists do not fit each other.
  func model() throws -> NearestNeighbors {
    let values = try rows.doubles("rows")
    let targets = try self.targets.doubles("targets")
    let isClass: (Double) -> Bool = { $0 >= 0 && $0 < Double(classes) && $0 == $0.rounded() }
    guard columns >= 1, values.count / columns == targets.count, values.count % columns == 0, k >= 1,
      k <= targets.count, classes == 0 || classes >= 2 && targets.allSatisfy(isClass),
      weights == "uniform" || weights == "distance"
    else { throw LatheError(.format, "neighbors: rows, targets, k and classes do not fit each other") }
    return NearestNeighbors(
      rows: DenseRows(values, rows: targets.count, columns: columns), targets: targets, k: k,
      weights: weights == "uniform" ? .uniform : .distance, classes: classes)
  }
}
