import Lathe

/// What optimizers share: groups with hyper-parameters, the count of steps, and state tensors of every parameter.
///
/// An optimizer of one's own names its hyper-parameters and state tensors in `super.init` and overrides `update`; the
/// state then is in checkpoints, and groups work, without further code:
///
/// ```swift
/// final class SignMomentum: GroupedOptimizer {
///   init(_ parameters: [some OptimizerItem], learningRate: Float, momentum: Float = 0.9) {
///     super.init(
///       parameters, learningRate: learningRate, hyperparameters: [.momentum: momentum], slots: ["velocity"])
///   }
///
///   override func update(
///     _ step: Step, _ values: inout [Tensor], _ gradients: [Tensor], _ slots: inout [[Tensor]]
///   ) {
///     updateEach(&values, gradients, &slots) { value, gradient, slots in
///       let velocity = slots[0] * step[.momentum] + gradient
///       return (value - velocity.sign() * step.learningRate, [velocity])
///     }
///   }
/// }
/// ```
open class GroupedOptimizer: Optimizer {
  /// One step's numbers for one group.
  public struct Step {
    /// Counted from 1; of a group added later, from the step after that.
    public let index: Int
    /// The group's step size.
    public let learningRate: Float
    /// Whether the step is made, where only the device knows; `index` is then the least that it can have.
    let verdict: StepVerdict?
    private let hyperparameters: [Hyperparameter: Float]

    init(
      index: Int, learningRate: Float, verdict: StepVerdict?, _ hyperparameters: [Hyperparameter: Float]
    ) {
      self.index = index
      self.learningRate = learningRate
      self.verdict = verdict
      self.hyperparameters = hyperparameters
    }

    /// The group's weight decay.
    public var weightDecay: Float { self[.weightDecay] }

    /// A hyper-parameter's value in the group; one that the optimizer named.
    public subscript(_ hyperparameter: Hyperparameter) -> Float {
      guard let value = hyperparameters[hyperparameter] else {
        stop("optimizer: it named no hyper-parameter '\(hyperparameter)' in super.init")
      }
      return value
    }
  }

  /// The step size of groups with scale 1.
  public var learningRate: Float
  /// Steps done; waits for the device where only that knows.
  public var stepCount: Int {
    if let open = openSteps {
      openSteps = nil
      // Where the device failed, parameters say so when they are read.
      knownSteps += (try? open.done.item(as: Int.self)) ?? open.asked
    }
    return knownSteps
  }
  private var knownSteps = 0
  /// Steps that were asked for since, and how many of them were made.
  private var openSteps: (asked: Int, done: Tensor)?
  private let defaults: [Hyperparameter: Float]
  private let slotNames: [String]
  private var members: [OptimizerGroup] = []

  /// An optimizer at its start.
  ///
  /// - Parameters:
  ///   - items: Parameters, or groups of them; none frozen and none twice.
  ///   - learningRate: The step size of groups with scale 1.
  ///   - hyperparameters: What groups can have values of their own of, with the values of those that name none.
  ///   - slots: The names of the state tensors of a parameter, zeros at the start.
  public init<Item: OptimizerItem>(
    _ items: [Item], learningRate: Float, hyperparameters: [Hyperparameter: Float] = [:], slots: [String] = []
  ) {
    self.learningRate = learningRate
    defaults = hyperparameters.merging([.learningRateScale: 1]) { own, _ in own }
    slotNames = slots
    for group in Item.groups(items) { addGroup(group) }
  }

  /// All parameters, group after group.
  public var parameters: [Parameter] { members.flatMap(\.parameters) }

  /// The groups with the values that their hyper-parameters have now.
  public var groups: [ParameterGroup] {
    members.map { ParameterGroup($0.parameters, hyperparameters: $0.hyperparameters) }
  }

  /// Of each group, the hyper-parameters that it began with.
  package var firstHyperparameters: [[Hyperparameter: Float]] { members.map(\.first) }

  /// Trains further parameters from the next step on, such as layers that were frozen so far.
  ///
  /// Their state begins at zero and their steps are counted anew. A run that goes on from a checkpoint adds its groups before
  /// it reads it.
  /// - Parameter group: Parameters that are in no group yet and not frozen.
  public func addGroup(_ group: ParameterGroup) {
    let all = parameters + group.parameters
    require(
      Set(all.map { ObjectIdentifier($0) }).count == all.count,
      "\(Self.self): a parameter is in two groups, or twice in one")
    require(all.allSatisfy { !$0.isFrozen }, "\(Self.self): a parameter is frozen; give trainableParameters")
    for name in group.hyperparameters.keys { checkKnown(name) }
    let values = defaults.merging(group.hyperparameters) { _, own in own }
    let names = slotNames.filter { hasSlot($0, values) }
    members.append(
      OptimizerGroup(
        parameters: group.parameters, start: stepCount, first: values, slotNames: names,
        slots: names.map { name in
          group.parameters.map {
            .zeros(slotShape(name, $0.shape), dtype: $0.value.dtype.floatType, device: $0.value.device)
          }
        }))
  }

  /// The value of a hyper-parameter in a group.
  ///
  /// - Parameters:
  ///   - hyperparameter: One that the optimizer has.
  ///   - group: The group's place.
  public func value(of hyperparameter: Hyperparameter, inGroup group: Int = 0) -> Float {
    checkKnown(hyperparameter)
    checkGroup(group)
    return members[group].hyperparameters[hyperparameter] ?? 0
  }

  /// Changes a hyper-parameter from the next step on; checkpoints hold what was changed.
  ///
  /// - Parameters:
  ///   - hyperparameter: One that the optimizer has.
  ///   - value: The new value; it must not change which state tensors there are, as switching momentum on or off would.
  ///   - group: The group's place; all groups where nil.
  public func set(_ hyperparameter: Hyperparameter, to value: Float, inGroup group: Int? = nil) {
    checkKnown(hyperparameter)
    if let group { checkGroup(group) }
    for place in group.map({ [$0] }) ?? Array(members.indices) {
      var values = members[place].hyperparameters
      values[hyperparameter] = value
      require(
        slotNames.filter { hasSlot($0, values) } == members[place].slotNames,
        "\(Self.self): \(hyperparameter) \(value) changes which state tensors group \(place) has; make the group with it"
      )
      members[place].changed[hyperparameter] = value
    }
  }

  /// The shape of a state tensor, the parameter's own unless overridden.
  ///
  /// - Parameters:
  ///   - slot: The state tensor's name.
  ///   - parameter: The parameter's shape.
  open func slotShape(_ slot: String, _ parameter: Shape) -> Shape { parameter }

  /// Whether groups with some hyper-parameters have a state tensor; all have unless overridden.
  ///
  /// - Parameters:
  ///   - slot: The state tensor's name.
  ///   - hyperparameters: The group's.
  open func hasSlot(_ slot: String, _ hyperparameters: [Hyperparameter: Float]) -> Bool { true }

  /// Changes the values and the state tensors of one group; memory held by the lists alone may be used again.
  ///
  /// - Parameters:
  ///   - step: The step's numbers for the group.
  ///   - values: The parameters' values, to be replaced by those behind the step.
  ///   - gradients: Their gradients.
  ///   - slots: A list for each state tensor that the group has, in the order of their names, to be replaced as well.
  open func update(
    _ step: Step, _ values: inout [Tensor], _ gradients: [Tensor], _ slots: inout [[Tensor]]
  ) {
    stop("\(Self.self): no rule for a step; override update")
  }

  /// Whether steps can be left out by the device's verdict; an optimizer whose rule has the index of a step in it overrides
  /// this when it takes that from the verdict, too.
  package var takesVerdicts: Bool { false }

  /// Whether all parameters are of the type that the optimizers' kernels take.
  var hasFloat32Parameters: Bool { parameters.allSatisfy { $0.value.dtype == .float32 } }

  /// Does one step with a gradient per parameter.
  ///
  /// - Parameter gradients: In the parameters' order.
  public func step(_ gradients: [Tensor]) {
    let index = stepCount + 1
    change(gradients, index: index, nil)
    knownSteps = index
  }

  /// Does one step where a verdict is 1 and none where it is 0, without waiting for it; for optimizers that take verdicts.
  ///
  /// - Parameters:
  ///   - gradients: In the parameters' order.
  ///   - verdict: One number on the parameters' device.
  package func step(_ gradients: [Tensor], where verdict: Tensor) throws {
    require(takesVerdicts, "\(Self.self): its steps cannot be left out by the device")
    let open = openSteps ?? (0, Tensor(Float(0), device: verdict.device))
    change(gradients, index: knownSteps + 1, StepVerdict(isMade: verdict, asked: open.asked, done: open.done))
    openSteps = (open.asked + 1, try (open.done + verdict).computed())
  }

  private func change(_ gradients: [Tensor], index stepIndex: Int, _ verdict: StepVerdict?) {
    let count = members.reduce(0) { $0 + $1.parameters.count }
    require(gradients.count == count, "\(Self.self): \(gradients.count) gradients for \(count) parameters")
    var first = 0
    for index in members.indices {
      let parameters = members[index].parameters
      let hyperparameters = members[index].hyperparameters
      let step = Step(
        index: stepIndex - members[index].start,
        learningRate: learningRate * (hyperparameters[.learningRateScale] ?? 1), verdict: verdict,
        hyperparameters)
      // The lists hold the only references while the rule runs.
      var values = parameters.map { $0.take() }
      var slots = members[index].slots
      members[index].slots = []
      update(step, &values, Array(gradients[first..<first + parameters.count]), &slots)
      require(
        values.count == parameters.count && slots.count == members[index].slotNames.count
          && slots.allSatisfy { $0.count == parameters.count },
        "\(Self.self): update made \(values.count) values and \(slots.map(\.count)) state tensors of "
          + "\(parameters.count) parameters with \(members[index].slotNames)")
      members[index].slots = slots
      for (parameter, value) in zip(parameters, values) { parameter.put(value) }
      first += parameters.count
    }
  }

  /// What a checkpoint must keep; to be overridden, calling this, where there are further numbers.
  open var state: OptimizerState {
    get {
      var slots: [String: [Tensor]] = [:]
      for name in slotNames where members.contains(where: { $0.slotNames.contains(name) }) {
        slots[name] = members.flatMap { $0.tensors(of: name) }
      }
      return OptimizerState(step: stepCount, slots: slots, scalars: OptimizerGroup.scalars(members))
    }
    set {
      if let problem = problem(of: newValue.scalars) { stop("\(Self.self): \(problem)") }
      openSteps = nil
      knownSteps = newValue.step
      OptimizerGroup.restore(newValue.scalars, to: &members)
      for name in slotNames where members.contains(where: { $0.slotNames.contains(name) }) {
        var tensors = (newValue.slots[name] ?? [])[...]
        let count = parameters.count
        require(
          tensors.count == count, "optimizer: \(tensors.count) tensors '\(name)' for \(count) parameters")
        for index in members.indices {
          let parameters = members[index].parameters
          let own = Array(tensors.prefix(parameters.count))
          tensors = tensors.dropFirst(parameters.count)
          guard let slot = members[index].slotNames.firstIndex(of: name) else { continue }
          members[index].slots[slot] = zip(parameters, own).map { parameter, tensor in
            let expected = slotShape(name, parameter.shape)
            require(tensor.shape == expected, "optimizer: '\(name)' of \(tensor.shape), expected \(expected)")
            return tensor.moved(to: parameter.value.device)
          }
        }
      }
    }
  }

  /// Why numbers of a state cannot be those of this optimizer; nil where they can.
  package func problem(of scalars: [String: Double]) -> String? {
    OptimizerGroup.problem(scalars, members.count, Set(defaults.keys))
  }

  private func checkKnown(_ name: Hyperparameter) {
    let known = defaults.keys.map(\.name).sorted().joined(separator: ", ")
    require(defaults[name] != nil, "\(Self.self): no hyper-parameter '\(name)'; it has \(known)")
  }

  private func checkGroup(_ group: Int) {
    require(members.indices.contains(group), "\(Self.self): group \(group) of \(members.count)")
  }
}

extension GroupedOptimizer {
  /// Runs an element-wise rule on every parameter, in one launch or a few for all.
  ///
  /// - Parameters:
  ///   - values: As `update` was given them.
  ///   - gradients: Likewise.
  ///   - slots: Likewise.
  ///   - rule: From a value, its gradient and its state tensors to the new value and state tensors, all of one shape.
  public func updateEach(
    _ values: inout [Tensor], _ gradients: [Tensor], _ slots: inout [[Tensor]],
    _ rule: (_ value: Tensor, _ gradient: Tensor, _ slots: [Tensor]) -> (Tensor, [Tensor])
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
    guard !lists.isEmpty else { return }
    values = lists.removeFirst()
    slots = lists
  }
}
