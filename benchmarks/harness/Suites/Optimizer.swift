import Foundation
import Lathe
import LatheML

/// Optimizer steps.
enum OptimizerSuite {
  static var workloads: [Workload] {
    [
      adam([10_000_000], "10000000", isQuick: true, hasPeers: true),
      // The parameters of a network of many small layers: here the cost of each tensor counts.
      adam(Array(repeating: 4096, count: 64), "64x4096"),
      sgd(10_000_000),
    ]
  }

  private static let rate = 1e-3

  private static func parameters(_ counts: [Int], on device: Device) throws -> [Parameter] {
    try counts.enumerated().map {
      Parameter(try SampleValues(100 + $0.offset).tensor([$0.element], on: device))
    }
  }

  private static func gradients(_ counts: [Int], on device: Device) throws -> [Tensor] {
    try counts.enumerated().map { try SampleValues(500 + $0.offset).tensor([$0.element], on: device) }
  }

  /// How far the parameters' changes are from `change` of each element's gradient, relative to the largest.
  private static func error(
    _ parameters: [Parameter], _ counts: [Int], change: (_ gradient: Double) -> Double
  ) throws -> Double {
    var error = RelativeError()
    for (index, parameter) in parameters.enumerated() {
      let (before, gradient) = (SampleValues(100 + index), SampleValues(500 + index))
      let values = try parameter.value.hostValues()
      for place in SamplePlaces(4096 / counts.count + 2, of: counts[index]).places {
        error.add(values[place], before.double(place) + change(gradient.double(place)))
      }
    }
    return error.value
  }

  private static func adam(
    _ counts: [Int], _ shape: String, isQuick: Bool = false, hasPeers: Bool = false
  ) -> Workload {
    let total = counts.reduce(0, +)
    return Workload(
      .optimizer, "adam", shape, parameters: ["count": counts[0], "tensors": counts.count],
      work: .traffic(Double(total * 7 * 4)), isQuick: isQuick, hasPeers: hasPeers
    ) { device in
      let parameters = try parameters(counts, on: device)
      let gradients = try gradients(counts, on: device)
      let optimizer = Adam(parameters, learningRate: Float(rate))
      return Trial(tolerance: 1e-6, run: { optimizer.step(gradients) }) {
        // Both moments' corrections cancel in the first step: m = g and v = g^2. The second step, with the same
        // gradient, gives the same again, and would not if a moment had been lost.
        optimizer.step(gradients)
        optimizer.step(gradients)
        return try error(parameters, counts) { -2 * rate * $0 / (abs($0) + 1e-8) }
      }
    }
  }

  private static func sgd(_ count: Int) -> Workload {
    Workload(
      .optimizer, "sgd-momentum", "\(count)", parameters: ["count": count],
      work: .traffic(Double(count * 5 * 4))
    ) { device in
      let parameters = try parameters([count], on: device)
      let gradients = try gradients([count], on: device)
      let optimizer = SGD(parameters, learningRate: Float(rate), momentum: 0.9)
      return Trial(tolerance: 1e-6, run: { optimizer.step(gradients) }) {
        optimizer.step(gradients)
        optimizer.step(gradients)
        return try error(parameters, [count]) { -rate * (1 + 1.9) * $0 }
      }
    }
  }
}
