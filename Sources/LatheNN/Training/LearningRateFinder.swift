import Foundation
import Lathe

/// Losses under a rising learning rate (Smith, 2017).
public struct LearningRateFinder: Sendable {
  /// A step's learning rate and the loss before it.
  public struct Point: Sendable, Hashable {
    /// The step size.
    public let learningRate: Float
    /// The loss, averaged over the steps so far with weights that fall by 0.9 a step.
    public let loss: Double
  }

  /// The steps that were done.
  public let points: [Point]

  /// The learning rate where the loss fell fastest; nil where it never fell.
  public var suggestion: Float? {
    let falls = zip(points, points.dropFirst()).map { ($1.loss - $0.loss, $1.learningRate) }
    return falls.min { $0.0 < $1.0 }.flatMap { $0.0 < 0 ? $0.1 : nil }
  }
}

extension Trainer {
  /// Trains with a learning rate that rises from step to step, and puts everything back as it was.
  ///
  /// It ends when the loss is four times its least, is not a number, or the steps are done; all steps are of the first
  /// epoch's batches.
  public func findLearningRate(from low: Float = 1e-6, to high: Float = 1, steps: Int = 60) throws
    -> LearningRateFinder
  {
    require(low > 0 && high > low && steps > 1, "findLearningRate: \(low) to \(high) in \(steps) steps")
    // Held here, so that the steps make new memory instead of changing these.
    let before = (model: model.state, optimizer: optimizer.state, generator: generator.state)
    let rate = optimizer.learningRate
    defer {
      optimizer.state = before.optimizer
      optimizer.learningRate = rate
      generator.state = before.generator
    }
    var points: [LearningRateFinder.Point] = []
    var mean = 0.0
    var least = Double.infinity
    model.train()
    let batches = training.batches(
      size: state.settings.batchSize, seed: state.settings.seed, epoch: 0, first: 0, on: device)
    for step in 0..<steps {
      guard let batch = try batches.next() else { break }
      let result = objective(model, batch)
      let loss = Double(try result.loss.item())
      guard loss.isFinite else { break }
      mean = 0.9 * mean + 0.1 * loss
      let smooth = mean / (1 - pow(0.9, Double(step + 1)))
      optimizer.learningRate = low * powf(high / low, Float(step) / Float(steps - 1))
      points.append(.init(learningRate: optimizer.learningRate, loss: smooth))
      least = min(least, smooth)
      if smooth > 4 * least { break }
      optimizer.step(result.loss.gradients(of: optimizer.parameters))
    }
    try model.load(Dictionary(uniqueKeysWithValues: before.model), from: "the weights before")
    return LearningRateFinder(points: points)
  }
}
