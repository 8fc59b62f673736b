import Foundation
import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Results of more than 16 MB, which a CPU writes past its caches: sampled rows against float64.
  @Suite("Large results", .serialized)
  struct LargeResults {
    /// Kernels for GPUs write every result alike.
    private static let streaming = [.cpu] + TestDevice.openCL("cpu")
    private static let (rows, columns) = (4100, 1024)
    private static let places = [0, 1, 2049, 4099]
    private static let (x, dy) = (numbers(1, rows * columns), numbers(2, rows * columns))

    /// Numbers from -2 to 2.
    private static func numbers(_ seed: Int, _ count: Int) -> [Float] {
      (0..<count).map { Float((($0 &+ seed) &* 2_654_435_761) >> 7 & 0xffff) / 16384 - 2 }
    }

    private static func row(_ values: [Float], _ index: Int) -> [Double] {
      values[index * columns..<(index + 1) * columns].map(Double.init)
    }

    private func expect(_ actual: [Float], row index: Int, is expected: [Double], within tolerance: Double) {
      let error = zip(Self.row(actual, index), expected).map { abs($0 - $1) }.max() ?? 0
      #expect(error <= tolerance, "row \(index)")
    }

    @Test(arguments: streaming)
    func softmax(_ device: Device) throws {
      let x = Tensor(Self.x, shape: [Self.rows, Self.columns], device: device).requiringGradient()
      let dy = Tensor(Self.dy, shape: [Self.rows, Self.columns], device: device)
      let y = x.softmax()
      let values = try y.scalars(as: Float.self)
      let gradient = try (y * dy).sum().gradient(of: x).scalars(as: Float.self)
      for index in Self.places {
        let exponentials = Self.row(Self.x, index).map(exp)
        let sum = exponentials.reduce(0, +)
        let expected = exponentials.map { $0 / sum }
        let upstream = Self.row(Self.dy, index)
        let product = zip(expected, upstream).map(*).reduce(0, +)
        expect(values, row: index, is: expected, within: 1e-8)
        expect(gradient, row: index, is: zip(expected, upstream).map { $0 * ($1 - product) }, within: 2e-8)
      }
    }

    @Test(arguments: streaming)
    func layerNorm(_ device: Device) throws {
      let shape: Shape = [Self.rows, Self.columns]
      let weights = Self.numbers(3, Self.columns), biases = Self.numbers(4, Self.columns)
      let x = Tensor(Self.x, shape: shape, device: device).requiringGradient()
      let weight = Tensor(weights, device: device).requiringGradient()
      let bias = Tensor(biases, device: device).requiringGradient()
      let y = x.layerNorm(weight: weight, bias: bias)
      let values = try y.scalars(as: Float.self)
      let loss = (y * Tensor(Self.dy, shape: shape, device: device)).sum()
      let gradients = try loss.gradients(of: [x, weight, bias]).map { try $0.scalars(as: Float.self) }
      var (dweight, dbias) = (
        [Double](repeating: 0, count: Self.columns), [Double](repeating: 0, count: Self.columns)
      )
      for index in 0..<Self.rows {
        let from = Self.row(Self.x, index), upstream = Self.row(Self.dy, index)
        let mean = from.reduce(0, +) / Double(Self.columns)
        let variance = from.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(Self.columns)
        let deviation = (variance + 1e-5).squareRoot()
        let normal = from.map { ($0 - mean) / deviation }
        for i in 0..<Self.columns {
          dweight[i] += upstream[i] * normal[i]
          dbias[i] += upstream[i]
        }
        guard Self.places.contains(index) else { continue }
        let expected = (0..<Self.columns).map { normal[$0] * Double(weights[$0]) + Double(biases[$0]) }
        expect(values, row: index, is: expected, within: 2e-6)
        let g = (0..<Self.columns).map { upstream[$0] * Double(weights[$0]) }
        let meanG = g.reduce(0, +) / Double(Self.columns)
        let meanProduct = zip(g, normal).map(*).reduce(0, +) / Double(Self.columns)
        expect(
          gradients[0], row: index, is: zip(g, normal).map { ($0 - meanG - $1 * meanProduct) / deviation },
          within: 5e-6)
      }
      expect(gradients[1], row: 0, is: dweight, within: 2e-3)
      expect(gradients[2], row: 0, is: dbias, within: 2e-3)
    }

    /// The last block is no whole cache line.
    @Test(arguments: streaming)
    func elementwise(_ device: Device) throws {
      let values = Self.x + [0.5, -0.25, 1.5]
      let result = try (Tensor(values, device: device) * 2 + 1).scalars(as: Float.self)
      let wrong = values.indices.first { result[$0] != values[$0] * 2 + 1 }
      #expect(wrong == nil)
    }
  }
}
