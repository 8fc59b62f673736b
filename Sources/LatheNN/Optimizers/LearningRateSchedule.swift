import Foundation

/// The learning rate as a function of the step, so that a resumed run needs nothing but its step.
///
/// Formulas are PyTorch's schedulers of the same names, in closed form; steps count from 0. `decay` numbers multiply the
/// base learning rate, and `minimum` is a share of it.
public indirect enum LearningRateSchedule: Sendable, Hashable, Codable {
  /// Always the base.
  case constant
  /// Times `decay` after every `every` steps.
  case step(every: Int, decay: Double = 0.1)
  /// Times `decay` at each of the steps.
  case milestones([Int], decay: Double = 0.1)
  /// Times `decay` after each step.
  case exponential(decay: Double)
  /// From a share of the base to another in so many steps, then constant.
  case linear(from: Double, to: Double = 1, steps: Int)
  /// Half a cosine down to the minimum in so many steps, then constant.
  case cosine(steps: Int, minimum: Double = 0)
  /// Half cosines of `first` steps and `multiplier` times as many after each, each starting at the base (Loshchilov and
  /// Hutter, 2017).
  case cosineRestarts(first: Int, multiplier: Int = 1, minimum: Double = 0)
  /// Up linearly from 0 in `warmup` steps, then down linearly to 0 at `steps`.
  case warmupLinear(warmup: Int, steps: Int)
  /// Up linearly from 0 in `warmup` steps, then down by half a cosine to the minimum at `steps`.
  case warmupCosine(warmup: Int, steps: Int, minimum: Double = 0)
  /// Up by half a cosine from base / divisor to the base, then down to base / divisor / finalDivisor (Smith and Topin,
  /// 2018).
  case oneCycle(steps: Int, rising: Double = 0.3, divisor: Double = 25, finalDivisor: Double = 1e4)
  /// One schedule up to a step, then another that counts from there.
  case sequence(LearningRateSchedule, until: Int, LearningRateSchedule)

  /// The share of the base learning rate at a step.
  public func factor(step: Int) -> Double {
    let t = Double(max(step, 0))
    switch self {
    case .constant: return 1
    case .step(let every, let decay): return pow(decay, (t / Double(max(every, 1))).rounded(.down))
    case .milestones(let steps, let decay): return pow(decay, Double(steps.count { $0 <= step }))
    case .exponential(let decay): return pow(decay, t)
    case .linear(let from, let to, let steps): return from + (to - from) * min(t / Double(max(steps, 1)), 1)
    case .cosine(let steps, let minimum):
      return LearningRateSchedule.cosine(1, minimum, min(t / Double(max(steps, 1)), 1))
    case .cosineRestarts(let first, let multiplier, let minimum):
      var length = max(first, 1)
      var place = max(step, 0)
      if multiplier <= 1 { place %= length }
      while multiplier > 1 && place >= length {
        place -= length
        length *= multiplier
      }
      return LearningRateSchedule.cosine(1, minimum, Double(place) / Double(length))
    case .warmupLinear(let warmup, let steps):
      if step < warmup { return t / Double(max(warmup, 1)) }
      return max(0, Double(steps - step) / Double(max(steps - warmup, 1)))
    case .warmupCosine(let warmup, let steps, let minimum):
      if step < warmup { return t / Double(max(warmup, 1)) }
      return LearningRateSchedule.cosine(
        1, minimum, min((t - Double(warmup)) / Double(max(steps - warmup, 1)), 1))
    case .oneCycle(let steps, let rising, let divisor, let finalDivisor):
      let top = rising * Double(steps) - 1
      let end = Double(steps) - 1
      let start = 1 / divisor
      if t <= top { return LearningRateSchedule.cosine(start, 1, top > 0 ? t / top : 1) }
      return LearningRateSchedule.cosine(1, start / finalDivisor, min((t - top) / max(end - top, 1e-9), 1))
    case .sequence(let first, let until, let second):
      return step < until ? first.factor(step: step) : second.factor(step: step - until)
    }
  }

  /// The learning rate at a step.
  public func learningRate(_ base: Float, step: Int) -> Float { Float(Double(base) * factor(step: step)) }

  /// From one value to another by half a cosine.
  private static func cosine(_ from: Double, _ to: Double, _ share: Double) -> Double {
    to + (from - to) * (1 + cos(.pi * share)) / 2
  }
}
