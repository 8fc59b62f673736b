import Lathe

/// Rows of a table, and the table's gradient.
enum EmbeddingSuite {
  static var workloads: [Workload] {
    [forward(rows: 30_522, width: 256, tokens: 4096), backward(rows: 30_522, width: 256, tokens: 4096)]
  }

  private static func token(_ index: Int, _ rows: Int) -> Int { SampleValues(2).integer(index, below: rows) }

  private static func indices(_ tokens: Int, _ rows: Int, on device: Device) throws -> Tensor {
    try Tensor((0..<tokens).map { Int32(token($0, rows)) }, device: device).computed()
  }

  private static func forward(rows: Int, width: Int, tokens: Int) -> Workload {
    Workload(
      .embedding, "embedding-forward", "\(rows)x\(width)-\(tokens)",
      parameters: ["rows": rows, "width": width, "tokens": tokens],
      work: .traffic(Double(2 * tokens * width * 4)), isQuick: true
    ) { device in
      let values = SampleValues(1)
      let table = try values.tensor([rows, width], on: device)
      let picked = try indices(tokens, rows, on: device)
      return Trial(run: { try Tensor.embedding(picked, table).computed() }) {
        try RelativeError.of(
          Tensor.embedding(picked, table), at: SamplePlaces(4096, of: tokens * width)
        ) { values.double(token($0 / width, rows) * width + $0 % width) }
      }
    }
  }

  private static func backward(rows: Int, width: Int, tokens: Int) -> Workload {
    Workload(
      .embedding, "embedding-backward", "\(rows)x\(width)-\(tokens)",
      parameters: ["rows": rows, "width": width, "tokens": tokens],
      // The gradient is zeroed as a whole, and the picked rows are read and written.
      work: .traffic(Double((rows + 3 * tokens) * width * 4))
    ) { device in
      let upstreams = SampleValues(3)
      let table = try SampleValues(1).tensor([rows, width], on: device).requiringGradient()
      let picked = try indices(tokens, rows, on: device)
      let upstream = try upstreams.tensor([tokens, width], on: device)
      let y = Tensor.embedding(picked, table)
      let gradient = { y.gradients(of: [table], upstream: upstream, retainingGraph: true)[0] }
      return Trial(run: { try gradient().computed() }) {
        var uses: [Int: [Int]] = [:]
        for i in 0..<tokens { uses[token(i, rows), default: []].append(i) }
        let values = try gradient().hostValues()
        var error = RelativeError()
        for row in SamplePlaces(512, of: rows).places + Array(uses.keys.sorted().prefix(64)) {
          for column in 0..<width {
            let sum = (uses[row] ?? []).reduce(0) { $0 + upstreams.double($1 * width + column) }
            error.add(values[row * width + column], sum)
          }
        }
        return error.value
      }
    }
  }
}
