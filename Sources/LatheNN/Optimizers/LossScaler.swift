import Lathe

/// Multiplies a loss so that float16 gradients do not vanish, by the rules of PyTorch's `GradScaler`.
///
/// The scale falls whenever a gradient is not finite, and that step is left out; it rises after many good steps. It does
/// not fall below 2^-16 (or the first scale, where that is less), from where a few good runs of steps bring it back.
public struct LossScaler: Codable, Hashable, Sendable {
  /// What the loss is multiplied by.
  public private(set) var scale: Float
  /// What the scale is multiplied by after `growthInterval` good steps in a row, and after a bad one.
  public let growth: Float, backoff: Float
  /// Good steps in a row after which the scale rises.
  public let growthInterval: Int
  /// Good steps since the scale last changed.
  public private(set) var goodSteps = 0

  /// A scaler with PyTorch's defaults.
  public init(scale: Float = 65536, growth: Float = 2, backoff: Float = 0.5, growthInterval: Int = 2000) {
    require(
      scale > 0 && growth > 1 && backoff > 0 && backoff < 1 && growthInterval > 0,
      "LossScaler: scale \(scale), growth \(growth), backoff \(backoff), growth interval \(growthInterval)")
    self.scale = scale
    self.growth = growth
    self.backoff = backoff
    self.growthInterval = growthInterval
  }

  /// The loss to take gradients of.
  public func scaled(_ loss: Tensor) -> Tensor { loss.inFloatType * scale }

  /// The gradients of the unscaled loss, and whether all of them are finite; waits for the device.
  ///
  /// - Throws: `LatheError` where the device failed.
  public func unscaled(_ gradients: [Tensor]) throws -> (gradients: [Tensor], areFinite: Bool) {
    guard !gradients.isEmpty else { return ([], true) }
    let result = gradients.map { $0.inFloatType * (1 / scale) }
    return (result, try LossScaler.areFinite(result))
  }

  /// Whether all elements of all gradients are finite; waits for the device.
  ///
  /// - Parameter gradients: Of any shapes, perhaps none.
  /// - Throws: `LatheError` where the device failed.
  public static func areFinite(_ gradients: [Tensor]) throws -> Bool {
    guard !gradients.isEmpty else { return true }
    return try zeroWhereFinite(gradients).item() == 0
  }

  /// 0 where all elements of all gradients are finite, else not a number.
  static func zeroWhereFinite(_ gradients: [Tensor]) -> Tensor {
    // 0 times a number is 0 where the number is finite, and NaN elsewhere.
    Tensor.stack(gradients.map { ($0.inFloatType * Float(0)).sum() }).sum()
  }

  /// The same rules with other numbers.
  func with(scale: Float, goodSteps: Int) -> LossScaler {
    var result = self
    (result.scale, result.goodSteps) = (scale, goodSteps)
    return result
  }

  /// Where the scale stops falling: at 0 it could never rise again.
  static let floor: Float = 0x1p-16

  /// Takes note of a step: call once a step, after `unscaled`.
  public mutating func update(areFinite: Bool) {
    guard areFinite else {
      scale = max(scale * backoff, min(scale, LossScaler.floor))
      goodSteps = 0
      return
    }
    goodSteps += 1
    guard goodSteps == growthInterval else { return }
    // The largest power that float32 holds stays: an infinite scale could never fall again.
    if (scale * growth).isFinite { scale *= growth }
    goodSteps = 0
  }
}
