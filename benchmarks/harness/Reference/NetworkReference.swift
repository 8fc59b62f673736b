import Foundation
import Lathe
import LatheML

/// Parameters of a network in float64, handed out in the order in which its layers take them, or by name.
struct ParameterQueue {
  private let parameters: [Array64]
  private let names: [String]
  private var next = 0

  init(_ parameters: [Array64], names: [String] = []) {
    self.parameters = parameters
    self.names = names
  }

  /// The parameter of a name, which must be there.
  func named(_ name: String) -> Array64 {
    guard let place = names.firstIndex(of: name) else {
      preconditionFailure("no parameter \(name) among \(names)")
    }
    return parameters[place]
  }

  /// Whether there is a parameter of a name.
  func has(_ name: String) -> Bool { names.contains(name) }

  /// The next parameter.
  mutating func take() -> Array64 {
    defer { next += 1 }
    return parameters[next]
  }
}

/// Checks a network's loss and gradient against a float64 computation of the loss.
enum NetworkReference {
  /// The larger of the loss's relative error and that of the gradient's length.
  ///
  /// The length is compared with the slope of the float64 loss along the gradient's direction, by central differences:
  /// two evaluations for all parameters together. Frozen parameters have no gradient.
  static func error(
    model: any Module, loss: () -> Tensor, reference: @escaping @Sendable (ParameterQueue) -> Double
  ) throws -> Double {
    let named = model.namedParameters
    let names = named.map(\.name)
    let parameters = try named.map { try Array64($0.parameter.value) }
    let result = loss()
    let trained = named.filter { !$0.parameter.isFrozen }
    let found = try zip(trained, result.gradients(of: trained.map(\.parameter))).map {
      ($0.name, try $1.hostValues().map(Double.init))
    }
    let byName = Dictionary(uniqueKeysWithValues: found)
    let gradients = zip(names, parameters).map {
      byName[$0] ?? [Double](repeating: 0, count: $1.values.count)
    }
    let length = gradients.joined().reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard length.isFinite, length > 0 else { return .infinity }
    let step = 1e-5
    let losses = Concurrent.map([0, step, -step]) { distance in
      let moved = zip(parameters, gradients).map { $0.adding(distance / length, $1) }
      return reference(ParameterQueue(moved, names: names))
    }
    let slope = (losses[1] - losses[2]) / (2 * step)
    let value = Double(try result.item())
    return max(abs(value - losses[0]) / abs(losses[0]), abs(slope - length) / length)
  }
}

/// Computes independent results side by side.
enum Concurrent {
  static func map<T: Sendable>(_ inputs: [T], _ body: @Sendable (T) -> Double) -> [Double] {
    let results = Results(count: inputs.count)
    DispatchQueue.concurrentPerform(iterations: inputs.count) { results.set($0, body(inputs[$0])) }
    return results.values
  }

  /// Unchecked: `values` is only touched under `lock`, and read when all writers are done.
  private final class Results: @unchecked Sendable {
    private let lock = NSLock()
    private(set) var values: [Double]

    init(count: Int) { values = Array(repeating: 0, count: count) }

    func set(_ index: Int, _ value: Double) { lock.withLock { values[index] = value } }
  }
}
