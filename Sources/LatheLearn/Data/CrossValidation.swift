import LatheCore

extension RowSplits {
  /// Each of `folds` equal parts is tested on once.
  public static func kFold(rows: Int, folds: Int, seed: UInt64? = nil) throws -> [RowSplit] {
    try checkFolds(folds, rows, "rows")
    var order = Array(0..<rows)
    if let seed {
      var random = RandomSource(seed: seed)
      random.shuffle(&order)
    }
    var owner = [Int](repeating: 0, count: rows)
    var next = 0
    for fold in 0..<folds {
      for _ in 0..<rows / folds + (fold < rows % folds ? 1 : 0) {
        owner[order[next]] = fold
        next += 1
      }
    }
    return splits(owner, folds)
  }

  /// The same with the shares of classes kept in each part.
  public static func stratifiedKFold(labels: [Int], folds: Int, seed: UInt64? = nil) throws -> [RowSplit] {
    try checkFolds(folds, labels.count, "rows")
    // Classes in the order in which they first occur.
    var classes: [Int: Int] = [:]
    let codes = labels.map { label -> Int in
      if let code = classes[label] { return code }
      classes[label] = classes.count
      return classes.count - 1
    }
    let members = rowsByClass(codes)
    guard members.contains(where: { $0.count >= folds }) else {
      throw LatheError(
        .invalidArgument, "stratified k-fold: no class has a row for each of the \(folds) folds")
    }
    let ordered = codes.sorted()
    var random = seed.map { RandomSource(seed: $0) }
    var owner = [Int](repeating: 0, count: labels.count)
    for (code, rows) in members.enumerated() {
      var folds = (0..<folds).flatMap { fold in
        let count = stride(from: fold, to: ordered.count, by: folds).reduce(0) {
          $0 + (ordered[$1] == code ? 1 : 0)
        }
        return [Int](repeating: fold, count: count)
      }
      random?.shuffle(&folds)
      for (row, fold) in zip(rows, folds) { owner[row] = fold }
    }
    return splits(owner, folds)
  }

  /// No group is in two parts, which are about equally large: the largest groups are dealt out first.
  public static func groupKFold(groups: [Int], folds: Int) throws -> [RowSplit] {
    let members = rowsByClass(groups)
    try checkFolds(folds, members.count, "groups")
    let order = members.indices.sorted { (members[$0].count, $0) > (members[$1].count, $1) }
    var sizes = [Int](repeating: 0, count: folds)
    var owner = [Int](repeating: 0, count: groups.count)
    for group in order {
      let lightest = sizes.indices.min { (sizes[$0], $0) < (sizes[$1], $1) } ?? 0
      sizes[lightest] += members[group].count
      for row in members[group] { owner[row] = lightest }
    }
    return splits(owner, folds)
  }

  /// No group is in two parts, and each part's shares of classes are as near to those of all rows as groups allow.
  public static func stratifiedGroupKFold(
    labels: [Int], groups: [Int], folds: Int, seed: UInt64? = nil
  ) throws -> [RowSplit] {
    guard labels.count == groups.count else {
      throw LatheError(.invalidArgument, "\(labels.count) labels for rows of \(groups.count) groups")
    }
    var members = rowsByClass(groups)
    try checkFolds(folds, members.count, "groups")
    if let seed {
      var random = RandomSource(seed: seed)
      random.shuffle(&members)
    }
    let names = Array(Set(labels)).sorted()
    let codes = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    let counts = members.map { rows in
      rows.reduce(into: [Double](repeating: 0, count: names.count)) { $0[codes[labels[$1]] ?? 0] += 1 }
    }
    let totals = names.indices.map { k in counts.reduce(0) { $0 + $1[k] } }
    let spread = counts.map(deviation)
    let order = members.indices.sorted { (spread[$1], $0) < (spread[$0], $1) }
    var inFold = [[Double]](repeating: .init(repeating: 0, count: names.count), count: folds)
    var owner = [Int](repeating: 0, count: labels.count)
    for group in order {
      var (best, least, fewest) = (0, Double.infinity, Double.infinity)
      for fold in 0..<folds {
        let rows = inFold[fold].reduce(0, +)
        let value = unevenness(inFold, adding: counts[group], to: fold, totals)
        let isEqual = abs(value - least) <= 1e-8 + 1e-5 * abs(least)
        if value < least || (isEqual && rows < fewest) { (best, least, fewest) = (fold, value, rows) }
      }
      for k in names.indices { inFold[best][k] += counts[group][k] }
      for row in members[group] { owner[row] = best }
    }
    return splits(owner, folds)
  }

  /// Tests follow each other at the end, each behind all rows that are learnt from.
  ///
  /// - Parameters:
  ///   - gap: Rows that are left out between the two.
  ///   - testRows: Rows of a test; nil for rows / (folds + 1).
  ///   - mostTrainRows: The most rows to learn from, the last ones; nil for all.
  public static func timeSeries(
    rows: Int, folds: Int, gap: Int = 0, testRows: Int? = nil, mostTrainRows: Int? = nil
  ) throws -> [RowSplit] {
    let size = testRows ?? rows / (folds + 1)
    guard folds >= 1, gap >= 0, size >= 1, rows - gap - size * folds > 0 else {
      throw LatheError(
        .invalidArgument,
        "time series: \(rows) rows are too few for \(folds) tests of \(size) rows and a gap of \(gap)")
    }
    return (0..<folds).map { fold in
      let start = rows - (folds - fold) * size
      let end = start - gap
      let first = mostTrainRows.map { max(0, end - $0) } ?? 0
      return RowSplit(train: Array(first..<end), test: Array(start..<start + size))
    }
  }

  /// Parts in the order of time, without rows to learn from whose labels look into the test.
  ///
  /// - Parameters:
  ///   - labelEnds: For each row the last row that its label depends on.
  ///   - embargo: Rows that are left out behind each test's labels.
  public static func purgedKFold(labelEnds: [Int], folds: Int, embargo: Int = 0) throws -> [RowSplit] {
    guard labelEnds.enumerated().allSatisfy({ $0.element >= $0.offset }) else {
      throw LatheError(.invalidArgument, "purged k-fold: a label cannot end before its row")
    }
    return try kFold(rows: labelEnds.count, folds: folds).map { split in
      guard let first = split.test.first else { return split }
      let last = split.test.map { labelEnds[$0] }.max() ?? first
      let train = split.train.filter { $0 < first ? labelEnds[$0] < first : $0 > last + embargo }
      return RowSplit(train: train, test: split.test)
    }
  }

  /// Each row is tested on by itself.
  public static func leaveOneOut(rows: Int) throws -> [RowSplit] {
    try kFold(rows: rows, folds: rows)
  }

  /// K-fold several times, each time in another order.
  public static func repeatedKFold(rows: Int, folds: Int, times: Int, seed: UInt64) throws -> [RowSplit] {
    var random = RandomSource(seed: seed)
    return try (0..<times).flatMap { _ in try kFold(rows: rows, folds: folds, seed: random.next()) }
  }

  /// Stratified k-fold several times, each time in another order.
  public static func repeatedStratifiedKFold(
    labels: [Int], folds: Int, times: Int, seed: UInt64
  ) throws -> [RowSplit] {
    var random = RandomSource(seed: seed)
    return try (0..<times).flatMap { _ in
      try stratifiedKFold(labels: labels, folds: folds, seed: random.next())
    }
  }

  private static func checkFolds(_ folds: Int, _ count: Int, _ what: String) throws {
    guard folds >= 2, folds <= count else {
      throw LatheError(.invalidArgument, "\(folds) folds of \(count) \(what); there must be 2...\(count)")
    }
  }

  private static func splits(_ owner: [Int], _ folds: Int) -> [RowSplit] {
    (0..<folds).map { fold in
      RowSplit(
        train: owner.indices.filter { owner[$0] != fold }, test: owner.indices.filter { owner[$0] == fold })
    }
  }

  private static func deviation(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
  }

  /// How much the folds' shares of classes differ when a group is added to one of them.
  private static func unevenness(
    _ inFold: [[Double]], adding group: [Double], to fold: Int, _ totals: [Double]
  ) -> Double {
    totals.indices.reduce(0) { sum, k in
      sum + deviation(inFold.indices.map { (inFold[$0][k] + ($0 == fold ? group[k] : 0)) / totals[k] })
    } / Double(totals.count)
  }
}
