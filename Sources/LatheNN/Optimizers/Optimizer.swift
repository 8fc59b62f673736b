import Lathe

/// Changes parameters by their gradients.
public protocol Optimizer: AnyObject {
  /// The parameters, in a fixed order.
  var parameters: [Parameter] { get }
  /// The step size.
  var learningRate: Float { get set }
  /// Does one step with a gradient per parameter, in their order.
  func step(_ gradients: [Tensor])
  /// What a checkpoint must keep, setting it resumes.
  var state: OptimizerState { get set }
}

/// What an optimizer remembers between steps.
public struct OptimizerState: Sendable {
  /// Steps done.
  public var step: Int
  /// By name, one tensor per parameter in their order.
  public var slots: [String: [Tensor]]

  /// A state from its parts.
  public init(step: Int, slots: [String: [Tensor]]) {
    self.step = step
    self.slots = slots
  }
}

/// Parameters that are trained alike.
public struct ParameterGroup {
  /// The parameters.
  public var parameters: [Parameter]
  /// Times the optimizer's learning rate is the group's, so that schedules act on all groups.
  public var learningRateScale: Float
  /// Instead of the optimizer's weight decay.
  public var weightDecay: Float?

  /// A group from its parts.
  public init(_ parameters: [Parameter], learningRateScale: Float = 1, weightDecay: Float? = nil) {
    self.parameters = parameters
    self.learningRateScale = learningRateScale
    self.weightDecay = weightDecay
  }
}

/// What an optimizer can be given a list of: parameters, or groups of them.
public protocol OptimizerItem {
  /// The list as groups.
  static func groups(_ items: [Self]) -> [ParameterGroup]
}

extension Parameter: OptimizerItem {
  /// All parameters alike.
  public static func groups(_ items: [Parameter]) -> [ParameterGroup] { [ParameterGroup(items)] }
}

extension ParameterGroup: OptimizerItem {
  /// The groups themselves.
  public static func groups(_ items: [ParameterGroup]) -> [ParameterGroup] { items }
}

extension ParameterContainer {
  /// The trained parameters in two groups: matrices and filters with weight decay, biases, norms and other vectors
  /// without.
  public func decayGroups(weightDecay: Float) -> [ParameterGroup] {
    let trained = trainableParameters
    let groups = [
      ParameterGroup(trained.filter { $0.shape.rank > 1 }, weightDecay: weightDecay),
      ParameterGroup(trained.filter { $0.shape.rank <= 1 }, weightDecay: 0),
    ]
    return groups.filter { !$0.parameters.isEmpty }
  }
}

/// What all optimizers share: groups, the count of steps, and state tensors of every parameter.
public class GroupedOptimizer: Optimizer {
  /// One step's numbers for one group.
  struct Step {
    /// Counted from 1.
    var index: Int
    var learningRate: Float
    var weightDecay: Float
  }

  private struct Group {
    var parameters: [Parameter]
    var learningRateScale: Float
    var weightDecay: Float
    /// By slot, one tensor per parameter.
    var slots: [[Tensor]]
  }

  /// The step size of groups with scale 1.
  public var learningRate: Float
  /// Steps done.
  public private(set) var stepCount = 0
  private let slotNames: [String]
  private var groups: [Group]

  init<Item: OptimizerItem>(
    _ items: [Item], learningRate: Float, weightDecay: Float, slots: [String]
  ) {
    let groups = Item.groups(items)
    let all = groups.flatMap(\.parameters)
    require(
      Set(all.map { ObjectIdentifier($0) }).count == all.count,
      "\(Self.self): a parameter is in two groups, or twice in one")
    require(all.allSatisfy { !$0.isFrozen }, "\(Self.self): a parameter is frozen; give trainableParameters")
    self.learningRate = learningRate
    slotNames = slots
    self.groups = groups.map {
      Group(
        parameters: $0.parameters, learningRateScale: $0.learningRateScale,
        weightDecay: $0.weightDecay ?? weightDecay, slots: [])
    }
    for index in self.groups.indices {
      self.groups[index].slots = slots.map { name in
        self.groups[index].parameters.map { parameter in
          .zeros(slotShape(name, parameter.shape), device: parameter.value.device)
        }
      }
    }
  }

  /// All parameters, group after group.
  public var parameters: [Parameter] { groups.flatMap(\.parameters) }

  /// The shape of a state tensor, the parameter's own unless overridden.
  func slotShape(_ slot: String, _ parameter: Shape) -> Shape { parameter }

  /// Changes the values and the state tensors of one group; memory held by the lists alone may be used again.
  func update(_ step: Step, _ values: inout [Tensor], _ gradients: [Tensor], _ slots: inout [[Tensor]]) {
    stop("\(Self.self): no rule for a step")
  }

  /// Does one step with a gradient per parameter.
  public func step(_ gradients: [Tensor]) {
    let count = groups.reduce(0) { $0 + $1.parameters.count }
    require(gradients.count == count, "\(Self.self): \(gradients.count) gradients for \(count) parameters")
    stepCount += 1
    var first = 0
    for index in groups.indices {
      let parameters = groups[index].parameters
      let step = Step(
        index: stepCount, learningRate: learningRate * groups[index].learningRateScale,
        weightDecay: groups[index].weightDecay)
      // The lists hold the only references while the rule runs.
      var values = parameters.map { $0.take() }
      var slots = groups[index].slots
      groups[index].slots = []
      update(step, &values, Array(gradients[first..<first + parameters.count]), &slots)
      groups[index].slots = slots
      for (parameter, value) in zip(parameters, values) { parameter.put(value) }
      first += parameters.count
    }
  }

  /// What a checkpoint must keep.
  public var state: OptimizerState {
    get {
      var slots: [String: [Tensor]] = [:]
      for (index, name) in slotNames.enumerated() { slots[name] = groups.flatMap { $0.slots[index] } }
      return OptimizerState(step: stepCount, slots: slots)
    }
    set {
      stepCount = newValue.step
      for (slot, name) in slotNames.enumerated() {
        var tensors = (newValue.slots[name] ?? [])[...]
        let count = parameters.count
        require(
          tensors.count == count, "optimizer: \(tensors.count) tensors '\(name)' for \(count) parameters")
        for index in groups.indices {
          groups[index].slots[slot] = groups[index].parameters.map { parameter in
            let tensor = tensors.removeFirst()
            let expected = slotShape(name, parameter.shape)
            require(tensor.shape == expected, "optimizer: '\(name)' of \(tensor.shape), expected \(expected)")
            return tensor.moved(to: parameter.value.device)
          }
        }
      }
    }
  }
}

extension GroupedOptimizer {
  /// Runs an element-wise rule on every parameter, in one launch or a few for all.
  ///
  /// - Parameter rule: From a value, its gradient and its state tensors to the new value and state tensors.
  func updateEach(
    _ values: inout [Tensor], _ gradients: [Tensor], _ slots: inout [[Tensor]],
    _ rule: (Tensor, Tensor, [Tensor]) -> (Tensor, [Tensor])
  ) {
    // Moved out, so that each tensor is held once.
    var lists = [values]
    values = []
    lists += slots
    slots = []
    TensorLists.update(&lists) { place, tensors in
      let (value, states) = rule(tensors[0], gradients[place].detached(), Array(tensors.dropFirst()))
      return [value] + states
    }
    values = lists.removeFirst()
    slots = lists
  }
}
