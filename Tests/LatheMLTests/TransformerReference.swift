import Foundation
import LatheML
import Testing

/// An array in double, row by row.
struct Numbers {
  var shape: [Int]
  var values: [Double]

  init(_ tensor: Tensor) throws {
    shape = Array(tensor.shape)
    values = try tensor.scalars(as: Float.self).map(Double.init)
  }

  /// Row i of the array seen as rows of its last axis.
  func row(_ i: Int) -> [Double] {
    let width = shape.last ?? 1
    return Array(values[i * width..<(i + 1) * width])
  }

  var rows: [[Double]] { (0..<values.count / (shape.last ?? 1)).map(row) }
}

/// What transformers compute, in loops over doubles.
enum TransformerReference {
  static func linear(_ x: [[Double]], _ name: String, _ parameters: [String: Numbers]) -> [[Double]] {
    guard let weight = parameters["\(name).weight"] else { return [] }
    let bias = parameters["\(name).bias"]?.values
    return x.map { row in
      (0..<weight.shape[0]).map { out in
        zip(row, weight.row(out)).reduce(bias?[out] ?? 0) { $0 + $1.0 * $1.1 }
      }
    }
  }

  static func silu(_ x: Double) -> Double { x / (1 + exp(-x)) }
  static func gelu(_ x: Double) -> Double { 0.5 * x * (1 + erf(x / 2.squareRoot())) }

  /// The scores' limits and what is added to them.
  struct Attention {
    var heads = 2, keyHeads = 2, width = 3
    var isCausal = false
    var window = Int.max
    var slopes: [Double]?
    var bias: Numbers?
    /// Radians a position for each pair, and whether neighbours are pairs.
    var frequencies: [Double] = []
    var interleaved = false

    func turned(_ x: [Double], _ position: Int) -> [Double] {
      var result = x
      for (pair, frequency) in frequencies.enumerated() {
        let (a, b) = interleaved ? (2 * pair, 2 * pair + 1) : (pair, pair + frequencies.count)
        let angle = Double(position) * frequency
        result[a] = x[a] * cos(angle) - x[b] * sin(angle)
        result[b] = x[a] * sin(angle) + x[b] * cos(angle)
      }
      return result
    }

    /// Attention of one sequence to itself.
    func callAsFunction(_ x: [[Double]], _ parameters: [String: Numbers]) -> [[Double]] {
      let (q, k) = (linear(x, "query", parameters), linear(x, "key", parameters))
      let v = linear(x, "value", parameters)
      let count = x.count
      let joined = (0..<count).map { i in
        (0..<heads).flatMap { head -> [Double] in
          let group = head / (heads / keyHeads)
          let query = turned(Array(q[i][head * width..<(head + 1) * width]), i)
          let seen = (0..<count).filter { !(isCausal && $0 > i) && abs($0 - i) < window }
          let scores = seen.map { j in
            let key = turned(Array(k[j][group * width..<(group + 1) * width]), j)
            let product = zip(query, key).reduce(0) { $0 + $1.0 * $1.1 } / Double(width).squareRoot()
            let slope = slopes.map { -$0[head] * Double(abs(i - j)) } ?? 0
            return product + slope + (bias.map { $0.values[(head * count + i) * count + j] } ?? 0)
          }
          let top = scores.max() ?? 0
          let weights = scores.map { exp($0 - top) }
          let sum = weights.reduce(0, +)
          return (0..<width).map { e in
            zip(seen, weights).reduce(0) { $0 + $1.1 / sum * v[$1.0][group * width + e] }
          }
        }
      }
      return linear(joined, "output", parameters)
    }
  }
}

/// Checks a module's output against loops over doubles, and every gradient against their differences.
func expectAgreement(
  _ module: any ParameterContainer, _ input: Tensor, _ run: (Tensor) -> Tensor,
  _ reference: ([String: Numbers], [[Double]]) -> [[Double]],
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let x = input.requiringGradient()
  let output = run(x)
  var parameters: [String: Numbers] = [:]
  for (name, parameter) in module.namedParameters {
    parameters[name] = try Numbers(parameter.value.detached())
  }
  var numbers = try Numbers(input)
  let expected = reference(parameters, numbers.rows).flatMap { $0 }
  let found = try output.scalars(as: Float.self)
  #expect(found.count == expected.count, sourceLocation: sourceLocation)
  for (a, b) in zip(found, expected) {
    #expect(abs(Double(a) - b) < 1e-5 * max(1, abs(b)), sourceLocation: sourceLocation)
  }
  let upstream = (0..<expected.count).map { sin(Double($0) * 1.7 + 0.3) }
  func loss() -> Double {
    zip(reference(parameters, numbers.rows).flatMap { $0 }, upstream).reduce(0) { $0 + $1.0 * $1.1 }
  }
  let factors = Tensor(upstream.map(Float.init), shape: output.shape, device: .cpu)
  let gradients = (output * factors).sum().gradients(of: [x] + module.parameters.map(\.value))
  let step = 1e-5
  func check(_ gradient: Tensor, _ name: String, _ change: (Int, Double) -> Void) throws {
    for (index, value) in try gradient.scalars(as: Float.self).enumerated() {
      change(index, step)
      let above = loss()
      change(index, -2 * step)
      let below = loss()
      change(index, step)
      let slope = (above - below) / (2 * step)
      #expect(
        abs(Double(value) - slope) < 2e-4 * max(1, abs(slope)), "\(name)[\(index)]",
        sourceLocation: sourceLocation)
    }
  }
  try check(gradients[0], "input") { numbers.values[$0] += $1 }
  for (entry, gradient) in zip(module.namedParameters, gradients.dropFirst()) {
    try check(gradient, entry.name) { parameters[entry.name]?.values[$0] += $1 }
  }
}
