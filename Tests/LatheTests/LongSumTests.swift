import Foundation
import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Sums of many values of one sign: a relative error of at most 1e-6, whatever sums them.
  @Suite("Long sums", .serialized)
  struct LongSums {
    private static let tenth = Double(Float(0.1))

    private static func tenths(_ shape: Shape, on device: Device) -> Tensor {
      Tensor([Float](repeating: 0.1, count: shape.elementCount), shape: shape, device: device)
    }

    /// 40000...40003 in turn along the first axis: mean 40001.5, variance 1.25.
    private static func large(_ shape: Shape, on device: Device) -> Tensor {
      let inner = shape.dropFirst().reduce(1, *)
      return Tensor(
        (0..<shape.elementCount).map { Float($0 / inner % 4 + 40000) }, shape: shape, device: device)
    }

    private func expect(
      _ tensor: Tensor, is expected: [Double], within tolerance: Double = 1e-6, _ what: Comment? = nil,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let values = try tensor.flattened().scalars(as: Float.self)
      try #require(values.count == expected.count, what, sourceLocation: sourceLocation)
      for (value, wanted) in zip(values, expected) {
        #expect(
          abs(Double(value) - wanted) <= tolerance * abs(wanted), what, sourceLocation: sourceLocation)
      }
    }

    @Test(arguments: TestDevice.all)
    func sumsAndMeans(_ device: Device) throws {
      let (tenth, million) = (Self.tenth, 1_000_000.0)
      let x = Self.tenths([1_000_000], on: device)
      try expect(x.sum(), is: [tenth * million])
      try expect(x.mean(), is: [tenth])
      try expect((x * x + 1).sum(), is: [(tenth * tenth + 1) * million])
      let tall = x.reshaped(to: [250_000, 4])
      try expect(tall.sum(axis: 0), is: Array(repeating: tenth * 250_000, count: 4))
      try expect(tall.transposed().sum(), is: [tenth * million])
      try expect(tall.transposed().sum(axis: 1), is: Array(repeating: tenth * 250_000, count: 4))
      try expect(
        x.reshaped(to: [2, 50_000, 10]).sum(axis: 1), is: Array(repeating: tenth * 50_000, count: 20))
      try expect(
        x.reshaped(to: [50, 2, 10_000]).mean(axes: [0, 2]), is: Array(repeating: tenth, count: 2))
      try expect(Self.large([1_000_000], on: device).mean(), is: [40001.5])
      try expect(
        Self.tenths([4_000_000, 4], on: device).sum(axis: 0), is: Array(repeating: tenth * 4e6, count: 4))
      for count in 1...50 { #expect(try Tensor.ones([count], device: device).mean().item() == Float(1)) }
    }

    @Test(arguments: TestDevice.all)
    func aHundredMillion(_ device: Device) throws {
      let x = Tensor.full([100_000_000], Float(0.1), device: device).contiguous()
      try expect(x.sum(), is: [Self.tenth * 1e8])
      try expect(x.mean(), is: [Self.tenth])
      try expect(
        x.reshaped(to: [50_000_000, 2]).sum(axis: 0), is: Array(repeating: Self.tenth * 5e7, count: 2))
      try expect(
        x.reshaped(to: [2, 50_000_000]).sum(axis: 1), is: Array(repeating: Self.tenth * 5e7, count: 2))
    }

    @Test(arguments: TestDevice.all)
    func gradientsOfWhatIsRepeated(_ device: Device) throws {
      let bias = Tensor.zeros([4], device: device).requiringGradient()
      let loss = ((Self.tenths([250_000, 4], on: device) + bias) * Self.tenths([4], on: device)).sum()
      try expect(loss.gradient(of: bias), is: Array(repeating: Self.tenth * 250_000, count: 4))
    }

    @Test(arguments: TestDevice.all)
    func sumsOfManyTensors(_ device: Device) throws {
      let tensors = [
        Self.tenths([1_000_000], on: device), Self.tenths([200_000, 3], on: device),
        Self.tenths([2, 100_000], on: device),
      ]
      try expect(TensorLists.vector(tensors), is: [1e6, 6e5, 2e5].map { $0 * Self.tenth })
      try expect(TensorLists.means([tensors[1]], axis: 0)[0], is: Array(repeating: Self.tenth, count: 3))
      try expect(TensorLists.means([tensors[2]], axis: 1)[0], is: Array(repeating: Self.tenth, count: 2))
    }

    @Test(arguments: TestDevice.all, [1_000_000, 16_000_000])
    func runningSums(_ device: Device, _ count: Int) throws {
      let x = Self.tenths([count], on: device).requiringGradient()
      let y = x.cumulativeSum(axis: 0)
      let places = [0, 9, count / 3, count / 2, count - 1]
      func at(_ tensor: Tensor) -> Tensor {
        Tensor.stack(places.map { tensor.select(axis: 0, index: $0) })
      }
      try expect(at(y), is: places.map { Double($0 + 1) * Self.tenth })
      let gradient = y.gradients(of: [x], upstream: x.detached())[0]
      try expect(at(gradient), is: places.map { Double(count - $0) * Self.tenth })
    }

    @Test(arguments: TestDevice.all)
    func statisticsOfLargeValues(_ device: Device) throws {
      let normal = (0..<4).map { (Double($0) - 1.5) / (1.25 + 1e-5).squareRoot() }
      let x = Self.large([1_000_000], on: device)
      try expect(x.variance(), is: [1.25])
      try expect(x.standardDeviation(), is: [(1.25).squareRoot()])
      let channels =
        [[10_000, 3], [64, 3, 32, 32], [50_000, 3, 4]].map { Self.large($0, on: device) }
        + [x[.slice(0, 999_996, 1)].reshaped(to: [1, 3, 333_332])]
      for channels in channels {
        let batch = channels.batchNorm()
        try expect(batch.mean, is: Array(repeating: 40001.5, count: 3))
        try expect(batch.variance, is: Array(repeating: 1.25, count: 3))
      }
      for rows in [1, 4] {
        let y = x.reshaped(to: [rows, 1_000_000 / rows]).layerNorm().flattened()
        for start in [0, 499_996, 999_996] {
          try expect(y[.slice(start, start + 4, 1)], is: normal, within: 1e-5, "\(rows) rows, from \(start)")
        }
      }
      let image = x.reshaped(to: [1, 4, 500, 500]).groupNorm(groups: 1).flattened()
      try expect(image[.slice(250_000, 250_004, 1)], is: normal, within: 1e-5)
      let tenths = Self.tenths([2, 500_000], on: device).rmsNorm()
      try expect(tenths.select(axis: 1, index: 7), is: [1, 1], within: 1e-5)
    }

    /// Rows of 20 columns: a whole vector of each kernel and some more.
    @Test(arguments: TestDevice.all)
    func parametersOfNorms(_ device: Device) throws {
      let (rows, columns) = (50_000, 20)
      let row = (0..<columns).map { Float($0) }
      let x = Tensor(row, device: device).expanded(to: [rows, columns])
      let weight = Tensor.ones([columns], device: device).requiringGradient()
      let bias = Tensor.zeros([columns], device: device).requiringGradient()
      let y = x.layerNorm(weight: weight, bias: bias, epsilon: 0)
      let found = y.gradients(of: [weight, bias], upstream: Self.tenths([rows, columns], on: device))
      let deviation = (33.25).squareRoot()
      try expect(found[0], is: row.map { (Double($0) - 9.5) / deviation * Self.tenth * Double(rows) })
      try expect(found[1], is: Array(repeating: Self.tenth * Double(rows), count: columns))
    }

    @Test(arguments: TestDevice.all)
    func infiniteSums(_ device: Device) throws {
      func values(_ first: Float, _ last: Float) -> Tensor {
        Tensor([first] + [Float](repeating: 1, count: 5000) + [last], device: device)
      }
      let infinity = Float.infinity
      for (last, expected) in [(Float(1), infinity), (infinity, infinity), (-infinity, Float.nan)] {
        let x = values(infinity, last)
        let results = [
          x.sum(), x.mean(), x.unsqueezed(1).sum(axis: 0).squeezed(), x.cumulativeSum(axis: 0)[-1],
          TensorLists.vector([x])[0],
        ]
        for result in try Tensor.stack(results).scalars(as: Float.self) {
          #expect(result == expected || (result.isNaN && expected.isNaN), "\(expected)")
        }
        #expect(try x.cumulativeSum(axis: 0)[-2].item() == infinity)
      }
    }
  }
}
