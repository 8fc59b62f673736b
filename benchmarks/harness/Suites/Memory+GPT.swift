import Lathe
import LatheML

extension MemorySuite {
  /// A step of a small GPT in one precision, with its peak memory; of 16-bit types also as a share of float32's.
  static func gptStep(_ precision: Precision) -> Workload {
    let batch = 8
    let (shape, parameters, work) = SmallGPT.description(batch)
    return Workload(
      .memory, "gpt-step", shape, dtype: dtype(precision), parameters: parameters, work: work
    ) { device in
      let gpt = SmallGPT(on: device)
      let optimizer = Adam(gpt.model.parameters, learningRate: 1e-4)
      let tokens = try SmallGPT.Tokens(batch, on: device)
      func step(_ precision: Precision) throws {
        let loss = gpt.loss(tokens, precision)
        optimizer.step(loss.gradients(of: optimizer.parameters))
        try loss.computed()
      }
      func peak(_ precision: Precision) throws -> Double {
        try device.synchronize()
        device.resetCounters()
        try step(precision)
        try device.synchronize()
        return Double(device.counters.peakBytes)
      }
      // Sixteen bits round each product by up to 2^-9.
      var trial = Trial(tolerance: precision == .float32 ? 2e-3 : 3e-2) {
        try step(precision)
      } check: {
        try gpt.error(precision)
      }
      trial.counters = {
        let bytes = try peak(precision)
        guard precision != .float32 else { return ["peak_bytes": bytes] }
        return ["peak_bytes": bytes, "share_of_float32": bytes / (try peak(.float32))]
      }
      return trial
    }
  }

  private static func dtype(_ precision: Precision) -> DType {
    switch precision {
    case .float32: .float32
    case .bfloat16: .bfloat16
    case .float16: .float16
    }
  }
}
