import Lathe

/// A loss scaler whose numbers are on a device, so that no step waits for the verdict on its gradients; by the rules of
/// `LossScaler`, to the bit.
package struct DeviceLossScaler {
  private let rules: LossScaler
  private var scale: Tensor
  private var goodSteps: Tensor

  /// Goes on from a scaler's numbers.
  package init(_ scaler: LossScaler, device: Device) {
    rules = scaler
    scale = Tensor(scaler.scale, device: device)
    goodSteps = Tensor(Int32(clamping: scaler.goodSteps), device: device)
  }

  /// The loss to take gradients of.
  package func scaled(_ loss: Tensor) -> Tensor { loss.inFloatType * scale }

  /// The gradients of the unscaled loss.
  package func unscaled(_ gradients: [Tensor]) throws -> [Tensor] {
    let inverse = try (Float(1) / scale).computed()
    return gradients.map { $0.inFloatType * inverse }
  }

  /// 1 where all elements of all gradients are finite, else 0.
  package static func verdict(on gradients: [Tensor], device: Device) throws -> Tensor {
    guard !gradients.isEmpty else { return Tensor(Float(1), device: device) }
    return try (LossScaler.zeroWhereFinite(gradients) .== Float(0)).cast(to: .float32).computed()
  }

  /// Takes note of a step's verdict.
  package mutating func update(_ verdict: Tensor) throws {
    let isGood = verdict .> Float(0)
    let steps = goodSteps + Int32(1)
    let grows = steps .== Int32(clamping: rules.growthInterval)
    let grown = scale * rules.growth
    let above = Tensor.where(grown .<= Float.greatestFiniteMagnitude, grown, scale)
    let below = (scale * rules.backoff).maximum(scale.minimum(LossScaler.floor))
    let next = Tensor.where(isGood, Tensor.where(grows, above, scale), below)
    let count = Tensor.where(isGood .&& grows.logicalNot(), steps, Int32(0))
    (scale, goodSteps) = (try next.computed(), try count.computed())
  }

  /// The scaler as it is now; waits for the device.
  package func current() throws -> LossScaler {
    rules.with(scale: try scale.item(), goodSteps: try goodSteps.item(as: Int.self))
  }
}
