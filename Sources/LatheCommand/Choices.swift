import LatheML

/// The optimizers that the tool knows.
enum OptimizerName: String, CaseIterable, Codable, Sendable {
  case adam, adamw, sgd, adagrad, rmsprop, adafactor, lion, lamb

  /// The step size where none is given: the recipe's for Adam's kind, others by their own custom.
  func learningRate(_ recipe: Float) -> Float {
    switch self {
    case .adam, .adamw, .lamb: recipe
    case .sgd, .adagrad, .adafactor: recipe * 10
    case .rmsprop: recipe
    case .lion: recipe / 10
    }
  }

  /// An optimizer of the model's trained parameters; matrices alone take weight decay.
  func make(_ model: any Module, learningRate: Float, weightDecay: Float?) -> any Optimizer {
    guard let weightDecay, weightDecay > 0 else {
      return make(model.trainableParameters, learningRate: learningRate)
    }
    return make(model.decayGroups(weightDecay: weightDecay), learningRate: learningRate)
  }

  private func make(_ items: [some OptimizerItem], learningRate: Float) -> any Optimizer {
    switch self {
    case .adam: Adam(items, learningRate: learningRate)
    case .adamw: Adam(items, learningRate: learningRate, decoupledDecay: 0.01)
    case .sgd: SGD(items, learningRate: learningRate, momentum: 0.9)
    case .adagrad: Adagrad(items, learningRate: learningRate)
    case .rmsprop: RMSprop(items, learningRate: learningRate)
    case .adafactor: Adafactor(items, learningRate: learningRate)
    case .lion: Lion(items, learningRate: learningRate)
    case .lamb: LAMB(items, learningRate: learningRate)
    }
  }
}

/// The learning rate's courses that the tool knows.
enum ScheduleName: String, CaseIterable, Codable, Sendable {
  case constant, linear, cosine, plateau
  case oneCycle = "one-cycle"

  /// The schedule of a run; a constant one where a plateau decides.
  func make(warmup: Int, steps: Int) -> LearningRateSchedule {
    switch self {
    case .constant, .plateau:
      warmup == 0 ? .constant : .linear(from: 0, steps: warmup)
    case .linear: .warmupLinear(warmup: warmup, steps: steps)
    case .cosine: .warmupCosine(warmup: warmup, steps: steps)
    case .oneCycle: .oneCycle(steps: steps)
    }
  }
}
