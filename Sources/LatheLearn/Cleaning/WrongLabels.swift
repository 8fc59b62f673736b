import LatheCore
import LatheTables

/// Labels that are probably wrong: confident learning (Northcutt, Jiang and Chuang 2021).
///
/// A row counts for class j where its probability of j is at least the mean of that of rows labelled j; rows that count for
/// another class than their label are those in question.
public struct WrongLabels: Sendable {
  /// For each class the mean probability of it among the rows labelled so.
  public let thresholds: [Double]
  /// Rows labelled i that count for class j, at least one on the diagonal.
  public let confidentJoint: [[Int]]
  /// The estimated share of rows that are labelled i and of class j.
  public let joint: [[Double]]
  /// The rows in question, those first whose label is the least probable.
  public let rows: [Int]
  /// The class that each of them counts for.
  public let suggested: [Int]

  /// Compares labels with probabilities of a model that has not seen them.
  ///
  /// - Parameters:
  ///   - probabilities: Of each class, for each row; out of folds.
  ///   - labels: The places of the classes.
  /// - Throws: `LatheError.invalidArgument` where they do not fit each other.
  public init(probabilities: [[Double]], labels: [Int]) throws {
    let classes = probabilities.first?.count ?? 0
    guard probabilities.count == labels.count, classes >= 2,
      probabilities.allSatisfy({ $0.count == classes }),
      labels.allSatisfy({ (0..<classes).contains($0) })
    else {
      throw LatheError(
        .invalidArgument,
        "wrong labels: \(labels.count) labels and \(probabilities.count) rows of \(classes) probabilities")
    }
    let counts = (0..<classes).map { c in labels.count { $0 == c } }
    let thresholds = (0..<classes).map { c in
      let own = labels.indices.filter { labels[$0] == c }.map { probabilities[$0][c] }
      // A class that nobody has been labelled is never counted for.
      return own.isEmpty ? .infinity : Sums.mean(own)
    }
    var joint = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
    var found: [(row: Int, suggested: Int)] = []
    for (row, own) in probabilities.enumerated() {
      // As cleanlab: a little below the mean is at it.
      let confident = (0..<classes).filter { own[$0] >= thresholds[$0] - 1e-6 }
      guard let first = confident.first else { continue }
      let guess = confident.count == 1 ? first : (0..<classes).reduce(0) { own[$1] > own[$0] ? $1 : $0 }
      joint[labels[row]][guess] += 1
      if guess != labels[row] { found.append((row, guess)) }
    }
    for c in 0..<classes { joint[c][c] = max(1, joint[c][c]) }
    self.thresholds = thresholds
    let confident = joint
    confidentJoint = confident
    // Each label's share is known, and divided as the confident rows are.
    self.joint = (0..<classes).map { i in
      let sum = Double(confident[i].reduce(0, +))
      return confident[i].map { Double($0) / sum * Double(counts[i]) / Double(max(1, labels.count)) }
    }
    found.sort {
      (probabilities[$0.row][labels[$0.row]], $0.row) < (probabilities[$1.row][labels[$1.row]], $1.row)
    }
    rows = found.map(\.row)
    suggested = found.map(\.suggested)
  }

  /// The estimated share of labels that are wrong.
  public var share: Double {
    joint.indices.reduce(0) { sum, i in sum + joint[i].indices.reduce(0) { $1 == i ? $0 : $0 + joint[i][$1] }
    }
  }
}

extension Pipeline {
  /// The probabilities of each row from a model that learned from the other folds, and the classes' names and labels.
  ///
  /// - Throws: `LatheError` where the pipeline predicts no probabilities, or a class has fewer rows than folds.
  func outOfFoldProbabilities(_ table: Table, folds: Int, seed: UInt64) throws -> (
    probabilities: [[Double]], labels: [Int], classes: [String]
  ) {
    let classes = TargetEncoding.classes(of: try table[target])
    let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    let labels = try table[target].strings().map { text in
      guard let text, let place = places[text] else {
        throw LatheError(
          .invalidArgument, "target '\(target)': rows without a value; leave them out (removeMissing)")
      }
      return place
    }
    var probabilities = [[Double]](repeating: [], count: table.rowCount)
    for split in try RowSplits.stratifiedKFold(labels: labels, folds: folds, seed: seed) {
      let model = try fit(table.take(split.train))
      let found = try model.probabilities(table.take(split.test))
      for (row, own) in zip(split.test, found) {
        // A rare class may not be among those of a fold.
        var all = [Double](repeating: 0, count: classes.count)
        for (name, value) in zip(model.classes, own) { if let place = places[name] { all[place] = value } }
        probabilities[row] = all
      }
    }
    return (probabilities, labels, classes)
  }
}

extension TableCleaner {
  /// Takes out rows whose label is probably wrong, or gives them the label that is probable.
  ///
  /// - Parameters:
  ///   - pipeline: What predicts probabilities; it learns from the other folds.
  ///   - folds: Parts of the rows.
  ///   - correcting: Whether labels are changed instead.
  public mutating func removeWrongLabels(
    _ pipeline: Pipeline, folds: Int = 5, seed: UInt64 = 0, correcting: Bool = false
  ) throws {
    let (probabilities, labels, classes) = try pipeline.outOfFoldProbabilities(
      table, folds: folds, seed: seed)
    let found = try WrongLabels(probabilities: probabilities, labels: labels)
    let note = "about \(rounded(100 * found.share)) % of the labels are wrong by estimate"
    let order = found.rows.indices.sorted { found.rows[$0] < found.rows[$1] }
    func words(_ place: Int) -> String {
      let row = found.rows[place]
      return
        "labelled '\(classes[labels[row]])' (probability \(rounded(probabilities[row][labels[row]]))), looks like "
        + "'\(classes[found.suggested[place]])' (\(rounded(probabilities[row][found.suggested[place]])))"
    }
    let rows = order.map { (row: found.rows[$0], reason: words($0)) }
    guard correcting else { return remove("wrong labels", rows, notes: [note]) }
    let old = try table[pipeline.target]
    var names = old.strings()
    for place in order { names[found.rows[place]] = classes[found.suggested[place]] }
    try change("wrong labels", Column(old.name, names).cast(to: old.type), rows, notes: [note])
  }
}
