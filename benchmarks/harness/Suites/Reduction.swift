import Lathe

/// Reductions and scans.
enum ReductionSuite {
  static var workloads: [Workload] {
    let size = 4096
    return [
      reduction("sum-rows", size, size, isQuick: true, { $0.sum(axis: 1) }) { value, row in
        (0..<size).reduce(0) { $0 + value.double(row * size + $1) }
      },
      reduction("sum-columns", size, size, { $0.sum(axis: 0) }) { value, column in
        (0..<size).reduce(0) { $0 + value.double($1 * size + column) }
      },
      reduction("sum-all", size, size, { $0.sum() }) { value, _ in
        (0..<size * size).reduce(0) { $0 + value.double($1) }
      },
      reduction("max-rows", size, size, { $0.max(axis: 1) }) { value, row in
        (0..<size).reduce(-.infinity) { max($0, value.double(row * size + $1)) }
      },
      reduction("mean-square", size, size, { $0.square().mean() }) { value, _ in
        (0..<size * size).reduce(0) { $0 + value.double($1) * value.double($1) } / Double(size * size)
      },
      reduction("argmax-rows", size, size, { $0.argmax(axis: 1) }) { value, row in
        Double((0..<size).max { value[row * size + $0] < value[row * size + $1] } ?? 0)
      },
      reduction("sum-rows", 65536, 64, { $0.sum(axis: 1) }) { value, row in
        (0..<64).reduce(0) { $0 + value.double(row * 64 + $1) }
      },
      scan(size, size),
    ]
  }

  private static func reduction(
    _ name: String, _ rows: Int, _ columns: Int, isQuick: Bool = false, _ body: @escaping (Tensor) -> Tensor,
    _ reference: @escaping (SampleValues, Int) -> Double
  ) -> Workload {
    Workload(
      .reduction, name, "\(rows)x\(columns)", work: .traffic(Double(rows * columns * 4)), isQuick: isQuick
    ) { device in
      // All of one sign: a sum that cancels would say nothing about the digits lost.
      let values = SampleValues(1, low: 0.25, high: 1)
      let x = try values.tensor([rows, columns], on: device)
      return Trial(run: { try body(x).computed() }) {
        let result = body(x)
        return try RelativeError.of(result, at: SamplePlaces(64, of: result.count)) { reference(values, $0) }
      }
    }
  }

  private static func scan(_ rows: Int, _ columns: Int) -> Workload {
    Workload(
      .reduction, "cumulative-sum", "\(rows)x\(columns)", work: .traffic(Double(2 * rows * columns * 4))
    ) { device in
      let values = SampleValues(1, low: 0.25, high: 1)
      let x = try values.tensor([rows, columns], on: device)
      // Sums of thousands of elements in their order lose digits one by one.
      return Trial(tolerance: 1e-4, run: { try x.cumulativeSum(axis: 1).computed() }) {
        try RelativeError.of(x.cumulativeSum(axis: 1), at: SamplePlaces(64, of: rows * columns)) { place in
          (place / columns * columns...place).reduce(0) { $0 + values.double($1) }
        }
      }
    }
  }
}
