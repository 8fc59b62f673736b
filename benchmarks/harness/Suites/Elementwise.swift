import Foundation
import Lathe

/// Element-wise operations: single ones, and chains that become one kernel.
enum ElementwiseSuite {
  static var workloads: [Workload] {
    let large = 1 << 24
    return [
      // gelu(a x + b) + r reads four arrays and writes one.
      chain(
        "gelu-chain", large, inputs: 4, isQuick: true, hasPeers: true,
        { ($0[0] * $0[1] + $0[2]).gelu() + $0[3] },
        { v, i in gelu(v[0].double(i) * v[1].double(i) + v[2].double(i)) + v[3].double(i) }),
      chain("add", large, inputs: 2, { $0[0] + $0[1] }, { v, i in v[0].double(i) + v[1].double(i) }),
      chain("add", 4096, inputs: 2, isQuick: true, { $0[0] + $0[1] }) { v, i in
        v[0].double(i) + v[1].double(i)
      },
      chain("relu", large, inputs: 1, { $0[0].relu() }, { v, i in max(v[0].double(i), 0) }),
      chain("exp", large, inputs: 1, { $0[0].exp() }, { v, i in exp(v[0].double(i)) }),
      chain("tanh", large, inputs: 1, { $0[0].tanh() }, { v, i in tanh(v[0].double(i)) }),
      chain("log", large, inputs: 1, low: 0.01, { $0[0].log() }, { v, i in log(v[0].double(i)) }),
      chain(
        "select", large, inputs: 3, { Tensor.where($0[0] .> 0, $0[1], $0[2]) },
        { v, i in v[0].double(i) > 0 ? v[1].double(i) : v[2].double(i) }),
      addRow(4096, 4096),
      toHalf(large),
    ]
  }

  /// x / 2 (1 + erf(x / sqrt 2)).
  static func gelu(_ x: Double) -> Double { 0.5 * x * (1 + erf(x * 0.5.squareRoot())) }

  private static func chain(
    _ name: String, _ count: Int, inputs: Int, low: Float = -2, isQuick: Bool = false, hasPeers: Bool = false,
    _ body: @escaping ([Tensor]) -> Tensor, _ reference: @escaping ([SampleValues], Int) -> Double
  ) -> Workload {
    Workload(
      .elementwise, name, "\(count)", parameters: ["count": count],
      work: .traffic(Double((inputs + 1) * count * 4)), isQuick: isQuick, hasPeers: hasPeers
    ) { device in
      let values = (0..<inputs).map { SampleValues($0 + 1, low: low, high: 2) }
      let tensors = try values.map { try $0.tensor([count], on: device) }
      var trial = Trial(run: { try body(tensors).computed() }) {
        try RelativeError.of(body(tensors), at: SamplePlaces(4096, of: count)) { reference(values, $0) }
      }
      trial.counters = {
        let before = device.counters.launches
        try body(tensors).computed()
        return ["launches": Double(device.counters.launches - before)]
      }
      return trial
    }
  }

  private static func addRow(_ rows: Int, _ columns: Int) -> Workload {
    Workload(
      .elementwise, "add-row", "\(rows)x\(columns)", work: .traffic(Double((2 * rows + 1) * columns * 4))
    ) { device in
      let (vx, vr) = (SampleValues(1), SampleValues(2))
      let x = try vx.tensor([rows, columns], on: device)
      let row = try vr.tensor([columns], on: device)
      return Trial(run: { try (x + row).computed() }) {
        try RelativeError.of(x + row, at: SamplePlaces(4096, of: rows * columns)) {
          vx.double($0) + vr.double($0 % columns)
        }
      }
    }
  }

  private static func toHalf(_ count: Int) -> Workload {
    Workload(
      .elementwise, "scale", "\(count)", dtype: .bfloat16, work: .traffic(Double(count * 4))
    ) { device in
      let values = SampleValues(1)
      let x = try values.tensor([count], on: device).cast(to: .bfloat16).computed()
      // bfloat16 keeps 8 bits: each of the two roundings may be off by 2^-9.
      return Trial(tolerance: 0x1p-7, run: { try (x * 3).computed() }) {
        try RelativeError.of(x * 3, at: SamplePlaces(4096, of: count)) { values.double($0) * 3 }
      }
    }
  }
}
