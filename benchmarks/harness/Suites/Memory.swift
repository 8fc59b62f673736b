import Foundation
import Lathe

/// Copies, the buffer pool, and what a whole process needs.
enum MemorySuite {
  static var workloads: [Workload] {
    let size = 4096
    return [
      copy("copy-offset", size, isQuick: true, { $0.reshaped(to: [size * size])[1...].contiguous() }) {
        $0 + 1
      },
      copy("transpose", size, { $0.transposed().contiguous() }) { $0 % size * size + $0 / size },
      copy("concatenate", size, { Tensor.concatenate([$0[0..<size / 2], $0[size / 2..<size]], axis: 1) }) {
        let (row, column) = ($0 / (2 * size), $0 % (2 * size))
        return column < size ? row * size + column : (row + size / 2) * size + column - size
      },
      gptStep(.float32), gptStep(.bfloat16), gptStep(.float16),
      allocation, lenetProcess("warm-caches"), lenetProcess("cold-caches"),
    ]
  }

  private static func copy(
    _ name: String, _ size: Int, isQuick: Bool = false, _ body: @escaping (Tensor) -> Tensor,
    _ source: @escaping (Int) -> Int
  ) -> Workload {
    Workload(
      .memory, name, "\(size)x\(size)", work: .traffic(Double(2 * size * size * 4)), isQuick: isQuick
    ) { device in
      let values = SampleValues(1)
      let x = try values.tensor([size, size], on: device)
      return Trial(tolerance: 0, run: { try body(x).computed() }) {
        let result = body(x)
        return try RelativeError.of(result, at: SamplePlaces(4096, of: result.count)) {
          values.double(source($0))
        }
      }
    }
  }

  /// A process that trains LeNet, from its start to the first step; its peak memory beside it.
  private static func lenetProcess(_ name: String) -> Workload {
    Workload(.memory, "lenet-first-step", name, parameters: ["batch": 64], work: .time) { device in
      var peak = 0.0
      let isCold = name == "cold-caches"
      let body = { () throws -> Double in
        let caches = FileManager.default.temporaryDirectory.appendingPathComponent(
          "lathe-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: caches) }
        let probe = try ProcessProbe.run(device: device, caches: isCold ? caches.path : nil)
        peak = max(peak, probe.peakBytes)
        return probe.firstStepSeconds
      }
      var trial = Trial(.timed(body), tolerance: 0) {
        let probe = try ProcessProbe.run(device: device)
        return probe.lastLoss < probe.firstLoss ? 0 : .infinity
      }
      trial.maximumSamples = isCold ? 1 : 3
      trial.counters = { ["peak_bytes": peak] }
      return trial
    }
  }

  /// A buffer of 1 MB from the pool and back.
  private static var allocation: Workload {
    Workload(.memory, "pool-buffer", "1048576 bytes", dtype: .uint8, work: .time) { device in
      Trial(
        tolerance: 0, run: { _ = try device.backend.allocate(byteCount: 1 << 20) },
        check: { Double(try device.backend.allocate(byteCount: 1 << 20).byteCount - (1 << 20)) })
    }
  }
}
