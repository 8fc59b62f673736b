import LatheCore

/// What is wrong with rows to learn from, said before training.
enum LinearChecks {
  /// Checks targets and weights, of which all must be finite and some above zero.
  static func check(_ data: LabelledRows, what: String) throws {
    let rows = data.features.rows
    guard data.targets.count == rows else {
      throw LatheError(.invalidArgument, "\(what): \(data.targets.count) targets for \(rows) rows")
    }
    if let bad = data.targets.firstIndex(where: { !$0.isFinite }) {
      throw LatheError(
        .invalidArgument,
        "\(what): the target of row \(bad) is \(data.targets[bad]); remove the row or give it a number")
    }
    guard let weights = data.weights else { return }
    guard weights.count == rows, weights.allSatisfy({ $0 >= 0 && $0.isFinite }),
      weights.contains(where: { $0 > 0 })
    else {
      throw LatheError(
        .invalidArgument,
        "\(what): weights must be one for each of the \(rows) rows, not negative, and not all zero")
    }
  }

  /// The number of classes of targets, whole numbers from 0 on that must all occur.
  static func classes(_ data: LabelledRows, what: String) throws -> Int {
    try check(data, what: what)
    guard data.targets.allSatisfy({ $0 >= 0 && $0 < 1e6 && $0 == $0.rounded() }) else {
      throw LatheError(.invalidArgument, "\(what): targets must be classes 0, 1, ...")
    }
    let found = Set(data.targets.map { Int($0) })
    let classes = (found.max() ?? 0) + 1
    guard classes >= 2 else {
      throw LatheError(.invalidArgument, "\(what): all targets are of one class; two are the least")
    }
    guard found.count == classes else {
      let lacking = (0..<classes).first { !found.contains($0) } ?? 0
      throw LatheError(
        .invalidArgument, "\(what): no row is of class \(lacking), but there is a class \(classes - 1)")
    }
    return classes
  }

  /// Refuses a number that is not in a range.
  static func expect(_ holds: Bool, _ message: @autoclosure () -> String) throws {
    if !holds { throw LatheError(.invalidArgument, message()) }
  }
}

/// How much the rows of each class count, besides their own weights.
public enum ClassWeights: Sendable, Hashable, Codable {
  /// All the same.
  case none
  /// As much as all classes together: rows / (classes x rows of the class), as scikit-learn's `balanced`.
  case balanced
  /// A number for each class.
  case values([Double])

  /// The weights of rows; nil where each counts once.
  func rowWeights(_ data: LabelledRows, classes: Int, what: String) throws -> [Double]? {
    let ofClass: [Double]
    switch self {
    case .none: return data.weights
    case .values(let values):
      guard values.count == classes, values.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
        throw LatheError(
          .invalidArgument,
          "\(what): \(values.count) class weights for \(classes) classes; none may be negative")
      }
      ofClass = values
    case .balanced:
      var sums = [Double](repeating: 0, count: classes)
      for (row, target) in data.targets.enumerated() { sums[Int(target)] += data.weights?[row] ?? 1 }
      let total = sums.reduce(0, +)
      ofClass = sums.map { $0 > 0 ? total / (Double(classes) * $0) : 0 }
    }
    return data.targets.enumerated().map { ofClass[Int($1)] * (data.weights?[$0] ?? 1) }
  }
}
