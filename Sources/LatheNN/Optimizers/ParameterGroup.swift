import Lathe

/// The name of a number that says how parameters are trained, such as `.momentum`.
///
/// An optimizer of one's own has further ones: `extension Hyperparameter { static let trust = Hyperparameter("trust") }`.
public struct Hyperparameter: Hashable, Sendable, CustomStringConvertible {
  /// The name in messages and checkpoints.
  public let name: String

  /// A hyper-parameter by its name.
  public init(_ name: String) { self.name = name }

  /// The name.
  public var description: String { name }

  /// Times the optimizer's learning rate is the group's, so that schedules act on all groups.
  public static let learningRateScale = Hyperparameter("learningRateScale")
  /// How strongly parameters are drawn to 0.
  public static let weightDecay = Hyperparameter("weightDecay")
  /// How much of the last direction is kept.
  public static let momentum = Hyperparameter("momentum")
  /// How much less than its whole the gradient adds to the direction.
  public static let dampening = Hyperparameter("dampening")
  /// How much of the gradients' mean is kept.
  public static let beta1 = Hyperparameter("beta1")
  /// How much of the gradients' mean square, or of Lion's momentum, is kept.
  public static let beta2 = Hyperparameter("beta2")
  /// How much of RMSprop's mean square is kept.
  public static let alpha = Hyperparameter("alpha")
  /// Keeps a divisor from 0.
  public static let epsilon = Hyperparameter("epsilon")
  /// Keeps the root mean square of a parameter from 0, where steps are relative to it.
  public static let parameterEpsilon = Hyperparameter("parameterEpsilon")
  /// The largest root mean square of Adafactor's directions.
  public static let clipping = Hyperparameter("clipping")
  /// Adafactor's mean squares keep 1 - t^decay at step t.
  public static let decay = Hyperparameter("decay")
  /// Lowers Adagrad's learning rate from step to step.
  public static let learningRateDecay = Hyperparameter("learningRateDecay")
  /// What Adagrad's sums of squares start from.
  public static let initialSum = Hyperparameter("initialSum")
}

/// Parameters that are trained alike.
public struct ParameterGroup {
  /// The parameters.
  public var parameters: [Parameter]
  /// Instead of the optimizer's own; what is not named is as the optimizer says.
  public var hyperparameters: [Hyperparameter: Float]

  /// A group from its parts.
  ///
  /// - Parameters:
  ///   - parameters: The parameters.
  ///   - learningRateScale: Times the optimizer's learning rate is the group's.
  ///   - weightDecay: Instead of the optimizer's weight decay.
  ///   - hyperparameters: Instead of the optimizer's other hyper-parameters: `[.momentum: 0.5]`.
  public init(
    _ parameters: [Parameter], learningRateScale: Float = 1, weightDecay: Float? = nil,
    hyperparameters: [Hyperparameter: Float] = [:]
  ) {
    self.parameters = parameters
    self.hyperparameters = hyperparameters
    if learningRateScale != 1 { self.learningRateScale = learningRateScale }
    if let weightDecay { self.weightDecay = weightDecay }
  }

  /// Times the optimizer's learning rate is the group's, so that schedules act on all groups.
  public var learningRateScale: Float {
    get { hyperparameters[.learningRateScale] ?? 1 }
    set { hyperparameters[.learningRateScale] = newValue }
  }

  /// Instead of the optimizer's weight decay.
  public var weightDecay: Float? {
    get { hyperparameters[.weightDecay] }
    set { hyperparameters[.weightDecay] = newValue }
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
