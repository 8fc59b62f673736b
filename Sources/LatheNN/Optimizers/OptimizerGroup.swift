import Lathe

/// A group as an optimizer holds it.
struct OptimizerGroup {
  var parameters: [Parameter]
  /// Steps that the optimizer had done when the group was added.
  var start: Int
  /// The hyper-parameters at the start.
  let first: [Hyperparameter: Float]
  /// Those that were changed since.
  var changed: [Hyperparameter: Float] = [:]
  /// The state tensors that the group has.
  let slotNames: [String]
  /// By slot, one tensor per parameter.
  var slots: [[Tensor]]

  init(
    parameters: [Parameter], start: Int, first: [Hyperparameter: Float], slotNames: [String],
    slots: [[Tensor]]
  ) {
    self.parameters = parameters
    self.start = start
    self.first = first
    self.slotNames = slotNames
    self.slots = slots
  }

  var hyperparameters: [Hyperparameter: Float] { first.merging(changed) { _, new in new } }

  /// The state tensors of a name; empty ones, to keep the parameters' order, where the group has none.
  func tensors(of name: String) -> [Tensor] {
    if let slot = slotNames.firstIndex(of: name) { return slots[slot] }
    return parameters.map { .zeros([0], device: $0.value.device) }
  }

  /// What of groups is in checkpoints besides tensors: when they were added, and which hyper-parameters were changed.
  static func scalars(_ groups: [OptimizerGroup]) -> [String: Double] {
    var result: [String: Double] = [:]
    for (place, group) in groups.enumerated() {
      if group.start != 0 { result["groups.\(place).start"] = Double(group.start) }
      for (name, value) in group.changed { result["groups.\(place).\(name)"] = Double(value) }
    }
    return result
  }

  /// The place and the name of a number that `scalars` gives; nil of others, which are an optimizer's own.
  private static func parse(_ key: String) -> (place: Int, name: String)? {
    let parts = key.split(separator: ".", maxSplits: 2)
    guard parts.count == 3, parts[0] == "groups", let place = Int(parts[1]) else { return nil }
    return (place, String(parts[2]))
  }

  static func problem(
    _ scalars: [String: Double], _ count: Int, _ known: Set<Hyperparameter>
  ) -> String? {
    for key in scalars.keys.sorted() {
      guard let (place, name) = parse(key) else { continue }
      guard (0..<count).contains(place) else {
        return "its state has a group \(place), there are \(count); add the groups before the state is read"
      }
      guard name == "start" || known.contains(Hyperparameter(name)) else {
        return "its state has a hyper-parameter '\(name)' that it does not know"
      }
    }
    return nil
  }

  static func restore(_ scalars: [String: Double], to groups: inout [OptimizerGroup]) {
    for place in groups.indices {
      groups[place].start = 0
      groups[place].changed = [:]
    }
    for (key, value) in scalars {
      guard let (place, name) = parse(key) else { continue }
      if name == "start" {
        groups[place].start = Int(exactly: value) ?? 0
      } else {
        groups[place].changed[Hyperparameter(name)] = Float(value)
      }
    }
  }
}
