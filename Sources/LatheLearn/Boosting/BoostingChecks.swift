import LatheCore

/// What is wrong with rows or a configuration, said before training.
enum BoostingChecks {
  static func check(_ data: LabelledRows, _ configuration: BoostingConfiguration, what: String) throws {
    let rows = data.features.rows
    func expect(_ holds: Bool, _ message: @autoclosure () -> String) throws {
      if !holds { throw LatheError(.invalidArgument, "\(what): \(message())") }
    }
    try expect(
      rows > 0 && data.features.columns > 0,
      "a matrix of \(rows) x \(data.features.columns) has nothing to learn from")
    try expect(rows <= Int(UInt32.max), "\(rows) rows; at most \(UInt32.max) fit")
    try expect(data.targets.count == rows, "\(data.targets.count) targets for \(rows) rows")
    if let bad = data.targets.firstIndex(where: { !$0.isFinite }) {
      try expect(
        false, "the target of row \(bad) is \(data.targets[bad]); remove the row or give it a number")
    }
    if let weights = data.weights {
      try expect(weights.count == rows, "\(weights.count) weights for \(rows) rows")
      try expect(weights.allSatisfy { $0 >= 0 && $0.isFinite }, "a weight is negative or no number")
      try expect(weights.contains { $0 > 0 }, "all weights are zero")
    }
    try checkTargets(data, configuration.loss, expect)
    try checkRules(configuration, columns: data.features.columns, expect)
  }

  private static func checkTargets(
    _ data: LabelledRows, _ loss: BoostingLoss, _ expect: (Bool, @autoclosure () -> String) throws -> Void
  ) throws {
    func isWhole(_ limit: Int) -> Bool {
      data.targets.allSatisfy { $0 >= 0 && $0 < Double(limit) && $0 == $0.rounded() }
    }
    switch loss {
    case .binary: try expect(isWhole(2), "targets of two classes must be 0 and 1")
    case .multiclass(let classes):
      try expect(classes >= 2, "\(classes) classes; there must be two at least")
      try expect(isWhole(classes), "targets must be classes 0...\(classes - 1)")
    case .poisson:
      try expect(data.targets.allSatisfy { $0 >= 0 }, "counts must not be negative")
    case .quantile(let alpha):
      try expect(alpha > 0 && alpha < 1, "a quantile is between 0 and 1, not \(alpha)")
    case .lambdaRank:
      try expect(isWhole(31), "relevances must be whole numbers 0...30")
      let groups = data.groups ?? [data.targets.count]
      try expect(
        groups.allSatisfy { $0 > 0 } && groups.reduce(0, +) == data.targets.count,
        "the queries' sizes must add up to \(data.targets.count) rows")
    default: break
    }
  }

  private static func checkRules(
    _ c: BoostingConfiguration, columns: Int, _ expect: (Bool, @autoclosure () -> String) throws -> Void
  ) throws {
    try expect(c.treeCount >= 0 && c.leafCount >= 2, "a tree needs two leaves at least")
    try expect((2...255).contains(c.maxBins), "maxBins is \(c.maxBins); 2...255 are possible")
    try expect(c.learningRate > 0, "the learning rate is \(c.learningRate); it must be above 0")
    try expect(
      c.featureFraction > 0 && c.featureFraction <= 1, "featureFraction is a part, above 0 and at most 1")
    try expect(
      c.l1 >= 0 && c.l2 >= 0 && c.minHessianInLeaf >= 0, "penalties and least sums must not be negative")
    try expect(
      c.monotone.isEmpty || c.monotone.count == columns,
      "\(c.monotone.count) monotone constraints for \(columns) columns")
    try expect(
      c.interactions.allSatisfy { $0.allSatisfy { $0 >= 0 && $0 < columns } },
      "a constraint of interaction names a column that is not there")
    switch c.sampling {
    case .none: break
    case .bagging(let fraction, _):
      try expect(fraction > 0 && fraction <= 1, "a bag is a part of the rows, above 0 and at most 1")
    case .goss(let top, let other):
      try expect(top > 0 && other > 0 && top + other <= 1, "GOSS takes two parts that add up to 1 at most")
    }
  }
}
