import Foundation
import Lathe

/// First values that need more than one draw per element.
enum InitialValues {
  /// The inverse of the normal distribution's function at uniform numbers between its values at the bounds.
  static func truncatedNormal(
    _ shape: Shape, _ mean: Float, _ deviation: Float, _ low: Float, _ high: Float, _ generator: Generator
  ) -> Tensor {
    require(deviation > 0 && low < high, "truncatedNormal: deviation \(deviation), bounds \(low)...\(high)")
    let drawn = Tensor.uniform(shape, generator: generator, device: .cpu)
    guard let numbers = try? drawn.scalars(as: Float.self) else { return drawn }
    let (m, s) = (Double(mean), Double(deviation))
    let bottom = cumulative((Double(low) - m) / s)
    let top = cumulative((Double(high) - m) / s)
    let values = numbers.map { number in
      Float(min(max(m + s * quantile(bottom + Double(number) * (top - bottom)), Double(low)), Double(high)))
    }
    return Tensor(values, shape: shape, device: .cpu)
  }

  private static func cumulative(_ x: Double) -> Double { erfc(-x / 2.squareRoot()) / 2 }

  /// Where the cumulative function has a value, by bisection: exact to the last digits and drawn once per parameter.
  private static func quantile(_ p: Double) -> Double {
    var (low, high) = (-9.0, 9.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if cumulative(middle) < p { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// The rows of a normal matrix made orthogonal one after the other, in double, twice against rounding.
  static func orthogonal(_ shape: Shape, _ gain: Float, _ generator: Generator) -> Tensor {
    require(shape.rank >= 2, "orthogonal: a parameter of shape \(shape) has fewer than two axes")
    let drawn = Tensor.normal(shape, generator: generator, device: .cpu)
    guard let numbers = try? drawn.scalars(as: Float.self), !numbers.isEmpty else { return drawn }
    let (rows, columns) = (shape[0], numbers.count / shape[0])
    let count = min(rows, columns)
    let length = max(rows, columns)
    // Vectors are rows of the matrix, or its columns where these are fewer.
    func position(_ vector: Int, _ i: Int) -> Int {
      rows <= columns ? vector * columns + i : i * columns + vector
    }
    var vectors = (0..<count).map { v in (0..<length).map { Double(numbers[position(v, $0)]) } }
    for v in 0..<count {
      for _ in 0..<2 {
        for u in 0..<v {
          let along = zip(vectors[v], vectors[u]).reduce(0) { $0 + $1.0 * $1.1 }
          for i in 0..<length { vectors[v][i] -= along * vectors[u][i] }
        }
      }
      let norm = vectors[v].reduce(0) { $0 + $1 * $1 }.squareRoot()
      for i in 0..<length { vectors[v][i] /= norm }
    }
    var values = [Float](repeating: 0, count: numbers.count)
    for v in 0..<count { for i in 0..<length { values[position(v, i)] = gain * Float(vectors[v][i]) } }
    return Tensor(values, shape: shape, device: .cpu)
  }
}
