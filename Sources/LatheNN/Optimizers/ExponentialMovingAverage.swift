import Lathe

/// A moving average of a model's parameters: average = decay * average + (1 - decay) * value after each step (Polyak and
/// Juditsky, 1992).
public final class ExponentialMovingAverage {
  /// How much of the average is kept.
  public let decay: Float
  /// What is averaged.
  public private(set) var parameters: [Parameter] = []
  /// The averages in the parameters' order.
  public private(set) var averages: [Tensor] = []

  /// Starts from the present values.
  public init(_ parameters: [Parameter], decay: Float = 0.999) {
    require(decay >= 0 && decay < 1, "ExponentialMovingAverage: decay \(decay) is not in 0..<1")
    self.decay = decay
    add(parameters)
  }

  /// Averages further parameters from their present values on, such as layers that were frozen so far; those that are
  /// averaged already go on as they are.
  public func add(_ further: [Parameter]) {
    var known = Set(parameters.map { ObjectIdentifier($0) })
    let new = further.filter { known.insert(ObjectIdentifier($0)).inserted }
    // Copies: an average that shared a parameter's memory would keep the optimizer from updating it in place.
    let values = new.map { $0.value.detached() + Float(0) }
    TensorLists.compute(values.map { [$0] })
    parameters += new
    averages += values
  }

  /// Takes the present values into the average; called after each step.
  public func update() {
    var lists = [averages]
    averages = []
    TensorLists.update(&lists) { place, average in
      [average[0] + (parameters[place].value.detached() - average[0]) * (1 - decay)]
    }
    averages = lists.first ?? []
  }

  /// Runs `body` with the averages in place of the parameters' values.
  public func withAverages<R>(_ body: () throws -> R) rethrows -> R {
    let values = parameters.map(\.value)
    for (parameter, average) in zip(parameters, averages) { parameter.value = average }
    defer { for (parameter, value) in zip(parameters, values) { parameter.value = value } }
    return try body()
  }

  /// Takes saved averages.
  public func restore(_ tensors: [Tensor]) {
    require(
      tensors.map(\.shape) == parameters.map(\.shape), "ExponentialMovingAverage: averages of other shapes")
    averages = zip(tensors, parameters).map { $0.moved(to: $1.value.device) }
  }
}
