import LatheCore

/// A `FittedEnsemble` in a file: its members are models as others are.
struct StoredEnsemble: Codable {
  struct Member: Codable {
    /// First and last columns that it looks at, one behind the other.
    var columns: [Int]
    var model: TableModelFile.Model
  }

  /// `mean`, `votes` or `stacked`.
  var combination: String
  /// What each member counts; none of `stacked`.
  var weights: [Double]?
  /// The final model of `stacked`, alone in a list.
  var final: [TableModelFile.Model]?
  var members: [Member]
  var classes: Int
  var columns: Int
  var temperature: Double
  var threshold: Double

  init(_ model: FittedEnsemble) throws {
    members = try model.members.map {
      Member(
        columns: $0.columns.flatMap { [$0.lowerBound, $0.upperBound - 1] },
        model: try TableModelFile.Model($0.estimator))
    }
    (classes, columns) = (model.classes, model.columns)
    (temperature, threshold) = (model.temperature, model.threshold)
    switch model.combination {
    case .mean(let own): (combination, weights) = ("mean", own)
    case .votes(let own): (combination, weights) = ("votes", own)
    case .stacked(let own):
      combination = "stacked"
      final = [try TableModelFile.Model(own)]
    }
  }

  /// - Throws: `LatheError.format` where members do not fit each other.
  func model() throws -> FittedEnsemble {
    let members = try self.members.map { member in
      FittedEnsemble.Member(
        columns: try ranges(member.columns), estimator: try member.model.estimator())
    }
    let combination: FittedEnsemble.Combination
    switch (self.combination, weights, final) {
    case ("mean", let weights?, _): combination = .mean(weights)
    case ("votes", let weights?, _): combination = .votes(weights)
    case ("stacked", _, let final?) where final.count == 1:
      combination = .stacked(try final[0].estimator())
    default: throw LatheError(.format, "ensemble: '\(self.combination)' is not known, or lacks its weights")
    }
    let model = FittedEnsemble(
      members: members, combination: combination, classes: classes, columns: columns,
      temperature: temperature, threshold: threshold)
    guard model.isSound else {
      throw LatheError(.format, "ensemble: members, columns, weights and classes do not fit each other")
    }
    return model
  }

  private func ranges(_ ends: [Int]) throws -> [Range<Int>] {
    try stride(from: 0, to: ends.count, by: 2).map { place in
      guard place + 1 < ends.count, ends[place] >= 0, ends[place] <= ends[place + 1],
        ends[place + 1] < columns
      else { throw LatheError(.format, "ensemble: a member's columns are not there") }
      return ends[place]..<ends[place + 1] + 1
    }
  }
}
