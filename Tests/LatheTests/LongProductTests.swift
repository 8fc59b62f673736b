import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Products, convolutions and scatter-adds that sum a million values of one sign: the relative error is at most 1e-5,
  /// against arithmetic.
  @Suite("Long products", .serialized)
  struct LongProducts {
    private static let count = 1_000_000
    /// Fewer for the kernels for GPUs, which take minutes for a million here, unoptimised, and add every run alike.
    private static func terms(_ device: Device) -> Int {
      device.info.kernelProfile == "gpu" ? 60_000 : count
    }
    private static let tenth = Double(Float(0.1))

    private func expectClose(_ tensor: Tensor, _ expected: Double, _ what: String) throws {
      let values = try tensor.scalars(as: Float.self)
      let worst = values.map { abs(Double($0) - expected) / expected }.max() ?? 0
      #expect(worst <= 1e-5, "\(what): \(values.prefix(4)), not \(expected)")
    }

    private func tenths(_ shape: Shape, _ device: Device) -> Tensor {
      Tensor.full(shape, 0.1, device: device)
    }

    @Test(arguments: TestDevice.all)
    func products(_ device: Device) throws {
      let k = Self.terms(device)
      let expected = Self.tenth * Self.tenth * Double(k)
      let rows = tenths([3, k], device), columns = tenths([k, 4], device)
      try expectClose(rows[0].matmul(rows[1]), expected, "dot product")
      try expectClose(rows.matmul(columns), expected, "matrices")
      try expectClose(rows.matmul(rows.transposed()), expected, "rows with rows")
      try expectClose(columns.transposed().matmul(rows.transposed()), expected, "columns with columns")
      try expectClose(rows[0].matmul(columns), expected, "one row")
      try expectClose(rows.matmul(columns[0..., 1]), expected, "one column")
      let bias = Tensor([0.5, 1] as [Float], device: device)
      try expectClose(
        rows.linear(weight: rows[0..<2], bias: bias) - bias, expected, "linear")
      let short = min(k, 70_000)
      let partial = Self.tenth * Self.tenth * Double(short)
      try expectClose(
        tenths([5, 2, short], device).matmul(tenths([5, short, 3], device)), partial, "a batch")
      try expectClose(
        tenths([5, 2, short], device).matmul(tenths([5, 3, short], device).transposed()), partial,
        "a batch of rows with rows")
      // Values that are not alike.
      let ramp = (0..<k).map { Float($0 % 4 + 40_000) }
      let x = Tensor(ramp, shape: [1, k], device: device)
      try expectClose(
        x.matmul(tenths([k, 2], device)), Self.tenth * 40_001.5 * Double(k), "values from 40000 to 40003")
    }

    @Test(arguments: TestDevice.all)
    func convolutions(_ device: Device) throws {
      let terms = Self.terms(device)
      let expected = Self.tenth * Self.tenth * Double(terms)
      // Over channels and taps: forward, and backward to the input of the same filter.
      let channels = terms / 4
      let filter = tenths([1, channels, 2, 2], device)
      try expectClose(tenths([1, channels, 2, 3], device).conv2D(filter), expected, "channels and taps")
      let back = tenths([channels * 4, 1, 1, 1], device)
      try expectClose(
        tenths([1, channels * 4, 2, 2], device).convTranspose2D(back, stride: (2, 2))[0..., 0..., 0, 0],
        expected,
        "channels of the gradient")
      // Over pixels: the filter's gradient for few channels, and for many.
      let side = Int(Double(terms).squareRoot())
      for (images, size, channels) in [(1, side, 1), (terms / 4096, 64, 16)] {
        let filter = tenths([2, channels, size == 64 ? 2 : 1, 1], device).requiringGradient()
        let y = tenths([images, channels, size, size], device).conv2D(filter)
        let gradient = y.gradients(of: [filter], upstream: tenths(y.shape, device))[0]
        let pixels = Double(images * y.shape[2] * y.shape[3])
        try expectClose(gradient, Self.tenth * Self.tenth * pixels, "pixels, \(channels) channels")
      }
    }

    @Test(arguments: TestDevice.all)
    func scatterAdds(_ device: Device) throws {
      let terms = Self.terms(device)
      let sum = Self.tenth * Double(terms)
      // One place, then a whole row, beside others that get few; where many go goes on from the base.
      let values = tenths([terms], device)
      let zeros = Tensor.zeros([terms], dtype: .int32, device: device)
      let one = Tensor.full([5], 0.25, device: device).scatterAdd(axis: 0, indices: zeros - 3, source: values)
      #expect(try one[0].item() == 0.25 && one[4].item() == 0.25)
      try expectClose(one[2], sum + 0.25, "one place")
      let table = Tensor.zeros([9, 20], device: device).requiringGradient()
      let tokens = Tensor((0..<50_000).map { Int32($0 % 5_000 == 7 ? 3 : 8) }, device: device)
      let gradient = Tensor.embedding(tokens, table).gradients(
        of: [table], upstream: tenths([50_000, 20], device))[0]
      try expectClose(gradient[8], Self.tenth * 49_990, "an embedding's gradient")
      try expectClose(gradient[3], Self.tenth * 10, "its row of few")
      #expect(try gradient[0..<3].abs().max().item() == 0)
      // An index for each element.
      let indices = Tensor((0..<100_000).map { Int32($0 % 2) }, shape: [50_000, 2], device: device)
      let spread = Tensor.zeros([2, 2], device: device).scatterAdd(
        axis: 0, indices: indices, source: tenths([50_000, 2], device))
      try expectClose(spread[0, 0], Self.tenth * 50_000, "an index for each element")
      #expect(try spread[0, 1].item() == 0)
    }
  }
}
