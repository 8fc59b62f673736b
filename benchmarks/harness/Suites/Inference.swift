import Lathe

/// Whole networks that are used and not trained.
enum InferenceSuite {
  static var workloads: [Workload] { [miniLM(1, 32, isQuick: true), miniLM(32, 64)] }

  private static func miniLM(_ batch: Int, _ length: Int, isQuick: Bool = false) -> Workload {
    let (shape, parameters, work) = MiniLM.description(batch, length)
    return Workload(
      .inference, "minilm", shape, parameters: parameters, work: work, isQuick: isQuick, hasPeers: true
    ) { device in
      let network = try MiniLM(batch, length, on: device)
      return Trial(run: { try network.run().computed() }) { try network.error() }
    }
  }
}
