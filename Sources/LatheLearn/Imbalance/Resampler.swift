import LatheCore

/// Rows drawn so that rare classes weigh more, in imbalanced-learn's words.
///
/// Only rows to learn from are resampled: a `Pipeline` with a `resampler` does it inside each fold by itself, `folds` does it
/// for matrices.
public enum Resampler: Sendable, Hashable {
  /// Rows of smaller classes are drawn again until each has `ratio` times the rows of the largest.
  case randomOver(ratio: Double = 1)
  /// Rows of larger classes are left out until the smallest has `ratio` times the rows of each.
  case randomUnder(ratio: Double = 1)
  /// New rows of smaller classes lie between a row and one of its neighbours of the same class (Chawla et al., 2002).
  case smote(neighbors: Int = 5, ratio: Double = 1)

  private var ratio: Double {
    switch self {
    case .randomOver(let ratio), .randomUnder(let ratio), .smote(_, let ratio): ratio
    }
  }

  /// The rows to learn from; targets are classes 0, 1, ...
  ///
  /// Rows that stay keep their order; new ones follow, class after class.
  ///
  /// - Throws: `LatheError.invalidArgument` for a ratio out of 0...1, queries, and for SMOTE missing values and classes of no
  ///   more rows than neighbours.
  public func resample(_ data: LabelledRows, seed: UInt64) throws -> LabelledRows {
    try LinearChecks.expect(
      ratio > 0 && ratio <= 1, "resampling: the ratio is \(ratio); it must be above 0 and at most 1")
    try LinearChecks.expect(
      data.groups == nil, "resampling: rows of queries belong together and cannot be drawn one by one")
    _ = try LinearChecks.classes(data, what: "resampling")
    let members = RowSplits.rowsByClass(data.targets.map { Int($0) })
    let sizes = members.map(\.count)
    var random = RandomSource(seed: seed)
    switch self {
    case .randomUnder:
      let most = Int(Double(sizes.min() ?? 0) / ratio)
      let kept = members.flatMap { rows in
        rows.count <= most ? rows : random.sample(most, of: rows.count).map { rows[$0] }
      }
      return data.selecting(kept.sorted())
    case .randomOver:
      let least = Int(ratio * Double(sizes.max() ?? 0))
      let added = members.flatMap { rows in
        (0..<max(0, least - rows.count)).map { _ in rows[random.below(rows.count)] }
      }
      return data.selecting(Array(0..<data.targets.count) + added)
    case .smote(let neighbors, _):
      let least = Int(ratio * Double(sizes.max() ?? 0))
      return try SyntheticRows(data, neighbors: neighbors).added(
        members.map { ($0, max(0, least - $0.count)) }, &random)
    }
  }

  /// The rows to learn from of each fold, resampled, beside its rows to test on, which are as they were.
  public func folds(_ splits: [RowSplit], of data: LabelledRows, seed: UInt64) throws
    -> [(train: LabelledRows, test: LabelledRows)]
  {
    try splits.enumerated().map { fold, split in
      var random = RandomSource(seed: seed, stream: UInt64(fold))
      return (
        try resample(data.selecting(split.train), seed: random.next()), data.selecting(split.test)
      )
    }
  }
}

extension LabelledRows {
  /// Some of the rows, in their order; a row may be there several times.
  public func selecting(_ rows: [Int]) -> LabelledRows {
    LabelledRows(
      features.selecting(rows: rows), rows.map { targets[$0] },
      weights: weights.map { all in rows.map { all[$0] } })
  }
}
