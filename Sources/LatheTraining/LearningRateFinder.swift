import Foundation
import Lathe
import LatheNN

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
  /// Trains with a learning rate that rises from step to step, and puts everything back as it was, also where it fails.
  ///
  /// It ends when the loss is four times its least, is not a number, or the steps are done; small data is gone round
  /// several times. Steps are those of a run: its batches, precision and clipping.
  /// - Throws: `LatheError` where the device fails or an example cannot be read.
  public func findLearningRate(from low: Float = 1e-6, to high: Float = 1, steps: Int = 100) throws
    -> LearningRateFinder
  {
    require(low > 0 && high > low && steps > 1, "findLearningRate: \(low) to \(high) in \(steps) steps")
    let restore = restoration()
    defer { restore() }
    return try model.inMode(true) { try raiseLearningRate(from: low, to: high, steps: steps) }
  }

  /// What puts weights, buffers, optimizer, generator and averages back as they are now.
  private func restoration() -> () -> Void {
    // Held here, so that the steps make new memory instead of changing these.
    let parameters = model.namedParameters.map { ($0.parameter, $0.parameter.value) }
    let buffers = model.namedBuffers.map { ($0.buffer, $0.buffer.value) }
    let (optimized, rate, drawn) = (optimizer.state, optimizer.learningRate, generator.state)
    return { [self] in
      for (parameter, value) in parameters { parameter.value = value }
      for (buffer, value) in buffers { buffer.value = value }
      optimizer.state = optimized
      optimizer.learningRate = rate
      generator.state = drawn
    }
  }

  private func raiseLearningRate(from low: Float, to high: Float, steps: Int) throws -> LearningRateFinder {
    var points: [LearningRateFinder.Point] = []
    var mean = 0.0
    var least = Double.infinity
    try settleScaler()
    var scaler = state.lossScaler
    var epoch = 0
    var batches = trainingBatches(epoch: epoch)
    for step in 0..<steps {
      var group = try nextGroup(of: batches)
      if group.isEmpty {
        epoch += 1
        batches = trainingBatches(epoch: epoch)
        group = try nextGroup(of: batches)
      }
      let result = try pass(over: group, scaled: scaler?.scaled)
      let loss = Double(try result.loss.item())
      guard loss.isFinite else { break }
      mean = 0.9 * mean + 0.1 * loss
      let smooth = mean / (1 - pow(0.9, Double(step + 1)))
      optimizer.learningRate = low * powf(high / low, Float(step) / Float(steps - 1))
      points.append(.init(learningRate: optimizer.learningRate, loss: smooth))
      least = min(least, smooth)
      if smooth > 4 * least { break }
      var (gradients, areFinite) = try scaler?.unscaled(result.gradients) ?? (result.gradients, true)
      scaler?.update(areFinite: areFinite)
      if let clipping = configuration.clipping { gradients = clipping(gradients).0 }
      if areFinite { optimizer.step(gradients) }
    }
    return LearningRateFinder(points: points)
  }
}
