/// Tries all combinations of some values, once each.
public struct GridSampler: SearchSampler {
  /// The most values of a parameter that has many, at equal distances.
  public var pointsPerParameter: Int

  /// A grid; ranges have at most so many points, the bounds among them.
  public init(pointsPerParameter: Int = 5) { self.pointsPerParameter = pointsPerParameter }

  /// The next configuration, from all trials so far; nil where nothing is left to try.
  public func suggest(_ context: SearchContext) -> Suggestion? {
    let tried = Set(context.trials.map(\.configuration))
    return combinations(context.space).first { !tried.contains($0) }.map { Suggestion($0) }
  }

  /// All combinations, the last parameter changing fastest, made as they are asked for.
  func combinations(_ space: SearchSpace) -> some Sequence<[String: SearchValue]> {
    GridCombinations(
      space: space, values: space.parameters.map { $0.domain.values(atMost: pointsPerParameter) })
  }
}

/// Counts through the values of all parameters that matter.
private struct GridCombinations: Sequence, IteratorProtocol {
  let space: SearchSpace
  let values: [[SearchValue]]
  /// Which value of each parameter comes next; nil where all were there.
  private var places: [Int]?

  init(space: SearchSpace, values: [[SearchValue]]) {
    self.space = space
    self.values = values
    places = [Int](repeating: 0, count: values.count)
  }

  mutating func next() -> [String: SearchValue]? {
    guard var places else { return nil }
    var configuration: [String: SearchValue] = [:]
    var active: [Int] = []
    for (i, parameter) in space.parameters.enumerated() where space.isActive(parameter, in: configuration) {
      configuration[parameter.name] = values[i][places[i]]
      active.append(i)
    }
    // What does not matter here is not counted.
    self.places = nil
    for i in active.reversed() {
      if places[i] + 1 < values[i].count {
        places[i] += 1
        self.places = places
        break
      }
      places[i] = 0
    }
    return configuration
  }
}
