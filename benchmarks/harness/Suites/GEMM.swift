import Lathe

/// Matrix products.
enum GEMMSuite {
  static var workloads: [Workload] {
    let squares = [64, 128, 256, 512, 1024, 2048].map {
      product(Sizes(m: $0, k: $0, n: $0), isQuick: $0 == 64 || $0 == 512, hasPeers: true)
    }
    let skinny = [(1, 768, 768), (32, 768, 3072), (2048, 768, 768)].map {
      product(Sizes(m: $0.0, k: $0.1, n: $0.2), isQuick: $0.0 == 1, hasPeers: true)
    }
    return squares + skinny + [
      product(Sizes(m: 1024, k: 1024, n: 1024, transposesA: true)),
      product(Sizes(m: 1024, k: 1024, n: 1024, transposesB: true)),
      // Enough for the largest tiles on GPUs with many compute units.
      product(Sizes(m: 4096, k: 4096, n: 4096)),
      product(Sizes(m: 4096, k: 4096, n: 1)),
      product(Sizes(m: 64, k: 4096, n: 64)),
      product(Sizes(m: 128, k: 64, n: 128, batch: 96)),
      product(Sizes(m: 333, k: 777, n: 555)),
      // In tf32 where a device has it: small and large tiles, and the ways that the operands of gradients lie.
      product(Sizes(m: 1024, k: 1024, n: 1024), precision: .high),
      product(Sizes(m: 2048, k: 2048, n: 2048), precision: .high),
      product(Sizes(m: 2048, k: 2048, n: 2048, transposesA: true), precision: .high),
      product(Sizes(m: 2048, k: 2048, n: 2048, transposesB: true), precision: .high),
      // The same in bfloat16.
      product(Sizes(m: 1024, k: 1024, n: 1024), dtype: .bfloat16),
      product(Sizes(m: 4096, k: 4096, n: 4096), dtype: .bfloat16),
      product(Sizes(m: 4096, k: 4096, n: 4096, transposesA: true), dtype: .bfloat16),
      product(Sizes(m: 4096, k: 4096, n: 4096, transposesB: true), dtype: .bfloat16),
      linear(rows: 512, inputs: 768, outputs: 3072),
    ]
  }

  /// The sizes of a [batch, m, k] times [batch, k, n] product.
  struct Sizes {
    var m: Int, k: Int, n: Int
    var batch = 1
    var transposesA = false
    var transposesB = false

    var text: String {
      (batch > 1 ? "\(batch)x" : "") + "\(m)x\(k)x\(n)"
        + (transposesA || transposesB ? (transposesA ? "-T" : "-N") + (transposesB ? "T" : "N") : "")
    }

    var work: Work { work(.float32) }

    func work(_ dtype: DType) -> Work {
      let elements = batch * (m * k + k * n + m * n)
      return .arithmetic(
        2 * Double(batch) * Double(m) * Double(k) * Double(n), bytes: Double(elements * dtype.byteCount))
    }
  }

  private static func product(
    _ sizes: Sizes, precision: Float32MatmulPrecision = .highest, dtype: DType = .float32,
    isQuick: Bool = false, hasPeers: Bool = false
  ) -> Workload {
    let (m, k, n) = (sizes.m, sizes.k, sizes.n)
    let batch = sizes.batch
    return Workload(
      .gemm, dtype == .bfloat16 ? "matmul-bf16" : precision == .high ? "matmul-tf32" : "matmul", sizes.text,
      dtype: dtype, parameters: ["m": m, "k": k, "n": n, "batch": batch], work: sizes.work(dtype),
      isQuick: isQuick, hasPeers: hasPeers
    ) { device in
      let (va, vb) = (SampleValues(1), SampleValues(2))
      func matrix(_ values: SampleValues, _ rows: Int, _ columns: Int, _ isTransposed: Bool) throws -> Tensor
      {
        let stored = isTransposed ? (columns, rows) : (rows, columns)
        let shape: Shape = batch > 1 ? [batch, stored.0, stored.1] : [stored.0, stored.1]
        let tensor = try values.tensor(shape, on: device).cast(to: dtype).computed()
        return isTransposed ? tensor.transposed() : tensor
      }
      let a = try matrix(va, m, k, sizes.transposesA)
      let b = try matrix(vb, k, n, sizes.transposesB)
      let places = SamplePlaces(96, of: batch * m * n)
      let run = { withFloat32MatmulPrecision(precision) { a.matmul(b) } }
      // bfloat16 keeps 8 bits, of operands and results.
      return Trial(
        tolerance: dtype == .bfloat16 ? 8e-3 : precision == .high ? 2e-3 : 1e-5, run: { try run().computed() }
      ) {
        try RelativeError.of(run(), at: places) { place in
          let (z, row, column) = (place / (m * n), place / n % m, place % n)
          return (0..<k).reduce(0.0) { sum, i in
            let x = va.double(z * m * k + (sizes.transposesA ? i * m + row : row * k + i))
            return sum + x * vb.double(z * k * n + (sizes.transposesB ? column * k + i : i * n + column))
          }
        }
      }
    }
  }

  /// A fully connected layer with bias and ReLU in the product's kernel.
  private static func linear(rows: Int, inputs: Int, outputs: Int) -> Workload {
    Workload(
      .gemm, "linear-relu", Sizes(m: rows, k: inputs, n: outputs).text,
      parameters: ["m": rows, "k": inputs, "n": outputs],
      work: Sizes(m: rows, k: inputs, n: outputs).work
    ) { device in
      let (vx, vw, vb) = (SampleValues(1), SampleValues(2), SampleValues(3))
      let x = try vx.tensor([rows, inputs], on: device)
      let weight = try vw.tensor([outputs, inputs], on: device)
      let bias = try vb.tensor([outputs], on: device)
      let places = SamplePlaces(96, of: rows * outputs)
      let run = { x.linear(weight: weight, bias: bias, activation: .relu) }
      return Trial(run: { try run().computed() }) {
        try RelativeError.of(run(), at: places) { place in
          let (row, column) = (place / outputs, place % outputs)
          let sum = (0..<inputs).reduce(vb.double(column)) {
            $0 + vx.double(row * inputs + $1) * vw.double(column * inputs + $1)
          }
          return max(sum, 0)
        }
      }
    }
  }
}
