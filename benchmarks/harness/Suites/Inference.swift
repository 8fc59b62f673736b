import Lathe
import LatheML

/// Whole networks that are used and not trained.
enum InferenceSuite {
  static var workloads: [Workload] {
    [
      miniLM(1, 32, isQuick: true), miniLM(32, 64), reading(128), reading(512), writing(behind: 32),
      writing(behind: 512), writing(behind: 32, as: .bfloat16),
    ]
  }

  private static func miniLM(_ batch: Int, _ length: Int, isQuick: Bool = false) -> Workload {
    let (shape, parameters, work) = MiniLM.description(batch, length)
    return Workload(
      .inference, "minilm", shape, parameters: parameters, work: work, isQuick: isQuick, hasPeers: true
    ) { device in
      let network = try MiniLM(batch, length, on: device)
      return Trial(run: { try network.run().computed() }) { try network.error() }
    }
  }

  /// Blocks round what they are multiplied with, on the CPU to eight bits, and rows by themselves otherwise than together.
  private static let tolerance = 0.05

  private static func reading(_ count: Int) -> Workload {
    Workload(
      .inference, "smollm2-prefill", "\(count)", parameters: ["count": count], work: .items(count, "tokens"),
      hasPeers: true
    ) { device in
      let text = try SmolLM2(reading: count, on: device)
      // A token at a time the long text takes minutes.
      let short = try SmolLM2(reading: min(count, 16), on: device)
      return Trial(tolerance: tolerance, run: { try text.read() }) { try short.error() }
    }
  }

  /// A token behind some that are in the cache; bound by reading the weights.
  private static func writing(behind count: Int, as type: BlockType? = nil) -> Workload {
    let name = type.map { "smollm2-decode-\($0.name.lowercased())" } ?? "smollm2-decode"
    return Workload(
      .inference, name, "\(count)", parameters: ["count": count], work: .items(1, "tokens"), hasPeers: true
    ) { device in
      let text = try SmolLM2(reading: count, as: type, on: device)
      let short = try SmolLM2(reading: min(count, 16), as: type, on: device)
      try text.read()
      var trial = Trial(tolerance: tolerance, run: { try text.write() }) { try short.error() }
      trial.bytes = text.weightBytes
      trial.counters = { ["weight_bytes": text.weightBytes] }
      return trial
    }
  }
}
