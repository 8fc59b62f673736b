import Lathe
import LatheCore
import LatheNN
import LatheTraining

/// Keeps the weights of the epoch with the least test loss; the last ones where nothing is tested.
final class BestWeights: TrainerCallback {
  /// A tensor on the host.
  enum Values {
    case numbers([Float])
    case whole([Int32])
  }

  /// Shapes and values by name.
  private(set) var state: [String: (shape: Shape, values: Values)] = [:]
  /// The epoch that they are of, from 1 on.
  private(set) var epoch = 0

  func epochEnded(_ trainer: Trainer, _ report: EpochReport) throws {
    let history = trainer.history
    let best = Monitor().best(history)
    guard best == nil || best == history.count - 1 else { return }
    epoch = report.epoch
    state = try Self.values(of: trainer.model)
  }

  /// A module's state on the host.
  static func values(of module: any Module) throws -> [String: (shape: Shape, values: Values)] {
    try Dictionary(
      uniqueKeysWithValues: module.state.map { name, tensor in
        let values: Values =
          tensor.dtype == .int32
          ? .whole(try tensor.scalars(as: Int32.self)) : .numbers(try tensor.scalars(as: Float.self))
        return (name, (tensor.shape, values))
      })
  }
}

extension BestWeights.Values {
  /// As a tensor on a device.
  func tensor(_ shape: Shape, _ device: Device) -> Tensor {
    switch self {
    case .numbers(let values): Tensor(values, shape: shape, device: device)
    case .whole(let values): Tensor(values, shape: shape, device: device)
    }
  }
}
