import LatheNN

/// What an optimizer is by its own account, as a run's records hold it.
public struct OptimizerDescription: Codable, Hashable, Sendable {
  /// Its type, such as `Adam`.
  public var name: String
  /// The step size before schedules.
  public var learningRate: Float
  /// Of each group, the hyper-parameters that it began with; none of an optimizer that has no groups.
  public var groups: [[String: Float]]

  /// Asks an optimizer.
  ///
  /// - Parameters:
  ///   - optimizer: The optimizer.
  ///   - learningRate: Its step size before schedules.
  init(_ optimizer: any Optimizer, learningRate: Float) {
    name = "\(type(of: optimizer))"
    self.learningRate = learningRate
    let groups = (optimizer as? GroupedOptimizer)?.firstHyperparameters ?? []
    self.groups = groups.map { group in
      Dictionary(uniqueKeysWithValues: group.map { ($0.key.name, $0.value) })
    }
  }

  /// The names and values that a reader of a run's records sees.
  package var fields: [(name: String, value: String)] {
    let plain = [(name: "optimizer", value: name), (name: "learning rate", value: "\(learningRate)")]
    return plain
      + groups.enumerated().flatMap { place, group in
        group.sorted { $0.key < $1.key }.map { (name: label($0.key, place), value: "\($0.value)") }
      }
  }

  /// A hyper-parameter's name, with its group where there are several.
  private func label(_ name: String, _ place: Int) -> String {
    FieldName.words(name) + (groups.count == 1 ? "" : " of group \(place)")
  }

  /// In what a run that goes on from this one differs, though it must not; of groups, those that both have.
  func differences(from given: OptimizerDescription) -> [String] {
    if name != given.name { return ["optimizer \(name), now \(given.name)"] }
    var result: [String] = []
    if learningRate != given.learningRate {
      result.append("learning rate \(learningRate), now \(given.learningRate)")
    }
    for (place, (stored, wanted)) in zip(groups, given.groups).enumerated() {
      for name in Set(stored.keys).union(wanted.keys).sorted() where stored[name] != wanted[name] {
        let (before, now) = (stored[name].map { "\($0)" } ?? "none", wanted[name].map { "\($0)" } ?? "none")
        result.append("\(label(name, place)) \(before), now \(now)")
      }
    }
    return result
  }
}
