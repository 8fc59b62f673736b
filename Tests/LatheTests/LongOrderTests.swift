import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Order and running sums of int64 that float64 cannot tell apart, and of long rows.
  @Suite("LongOrder", .serialized)
  struct LongOrder {
    private func numbers(_ tensor: Tensor) throws -> [Int64] { try tensor.scalars(as: Int64.self) }

    @Test(arguments: TestDevice.all)
    func wholeNumbersBeyondFloat64(_ device: Device) throws {
      let base: Int64 = 1 << 60
      let offsets: [Int64] = [3, 1, 2, 0, 7, 5]
      let values: [Int64] = offsets.map { base + $0 }
      let x = Tensor(values, device: device)
      #expect(try numbers(x.argmax()) == [4])
      #expect(try numbers(x.argmin()) == [3])
      #expect(try numbers(x.max()) == [base + 7])
      #expect(try numbers(x.sorted().values) == values.sorted())
      #expect(try numbers(x.sorted(descending: true).indices) == [4, 5, 0, 2, 1, 3])
      // 2^53 + 1 is no float64.
      let large: Int64 = 1 << 53
      let steps = Tensor([large, 1, 1, -3] as [Int64], device: device)
      #expect(try numbers(steps.cumulativeSum(axis: 0)) == [large, large + 1, large + 2, large - 1])
      #expect(try numbers(steps.sum()) == [large - 1])
    }

    @Test(arguments: TestDevice.all)
    func longRows(_ device: Device) throws {
      let count = 300_000
      var values: [Int64] = []
      for i in 0..<count {
        let step = Int64((i * 7_919) % 300_007)
        values.append(step * 100_000_000 - 14_000_000_000_000)
      }
      let x = Tensor(values, device: device)
      let sorted = values.sorted()
      let largest = values.firstIndex(of: sorted[count - 1])!
      #expect(try numbers(x.argmax()) == [Int64(largest)])
      #expect(try numbers(x.sorted().values) == sorted)
      var total: Int64 = 0
      var sums: [Int64] = []
      for value in values {
        total += value
        sums.append(total)
      }
      #expect(try numbers(x.cumulativeSum(axis: 0)) == sums)
      // Down the columns of a matrix, too.
      let columns = x.reshaped(to: [100_000, 3])
      var places: [Int64] = []
      var totals: [Int64] = []
      for column in 0..<3 {
        let own = stride(from: column, to: count, by: 3).map { values[$0] }
        places.append(Int64(own.firstIndex(of: own.max()!)!))
        totals.append(own.reduce(0) { $0 + $1 })
      }
      #expect(try numbers(columns.argmax(axis: 0)) == places)
      #expect(try numbers(columns.cumulativeSum(axis: 0)[99_999]) == totals)
    }

    /// Rows that work-groups share.
    @Test(arguments: TestDevice.all)
    func longRunningOperations(_ device: Device) throws {
      let count = 70_000
      let values = (0..<count).map { i -> Float in
        let step = Float(i * 7_919 % 1_009)
        return (i % 3 == 0 ? -1 : 1) * (0.999 + step / 504_500)
      }
      let x = Tensor(values, device: device)
      var (total, product, top) = (0.0, 1.0, -Float.infinity)
      var (sums, products, tops, places): ([Double], [Double], [Float], [Int32]) = ([], [], [], [])
      var place: Int32 = 0
      for (i, value) in values.enumerated() {
        total += Double(value)
        product *= Double(value)
        if value >= top { (top, place) = (value, Int32(i)) }
        sums.append(total)
        products.append(product)
        tops.append(top)
        places.append(place)
      }
      func check(_ found: Tensor, _ wanted: [Double], within tolerance: Double) throws {
        let found = try found.scalars(as: Float.self)
        // The steps are about 1, and so is what their roundings are compared with where a sum is near 0.
        let worst = try #require(zip(found, wanted).map { abs(Double($0) - $1) / max(1, abs($1)) }.max())
        #expect(worst < tolerance)
      }
      try check(x.cumulativeSum(axis: 0), sums, within: 1e-5)
      try check(x.cumulativeProduct(axis: 0), products, within: 1e-3)
      let most = x.cumulativeMax(axis: 0)
      #expect(try most.values.scalars(as: Float.self) == tops)
      #expect(try most.indices.scalars(as: Int32.self) == places)
      #expect(try x.argmax().scalars(as: Int32.self) == [Int32(values.firstIndex(of: top)!)])
    }

    /// The gradient has the type of what it belongs to.
    @Test(arguments: TestDevice.all)
    func runningSumsOfHalves(_ device: Device) throws {
      let x = Tensor([1, 2, 3] as [Float], dtype: .bfloat16, device: device).requiringGradient()
      let gradient = withPrecision(.bfloat16) { x.cumulativeSum(axis: 0).sum().gradient(of: x) }
      #expect(gradient.dtype == .bfloat16)
      let found = try gradient.scalars(as: Float.self)
      #expect(found == [3, 2, 1])
    }
  }
}
