import Lathe

/// Scaled dot-product attention.
enum AttentionSuite {
  static var workloads: [Workload] {
    let sizes = [128, 512].map { Sizes(batch: 8, heads: 12, length: $0, width: 64) }
    let causal = sizes.map {
      var sizes = $0
      sizes.isCausal = true
      return sizes
    }
    let wide = Sizes(batch: 2, heads: 16, length: 1024, width: 128, isCausal: true)
    return sizes.map { forward($0, isQuick: $0.length == 128) } + (sizes + causal + [wide]).map { both($0) }
  }

  struct Sizes {
    var batch: Int, heads: Int, length: Int, width: Int
    var isCausal = false

    var shape: Shape { [batch, heads, length, width] }
    var text: String { "\(batch)x\(heads)x\(length)x\(width)" + (isCausal ? "/causal" : "") }
    var parameters: [String: Int] { ["batch": batch, "heads": heads, "length": length, "width": width] }

    /// Two products forward, five backward (the scores are made again); q, k, v and the output in memory.
    func work(withGradients: Bool) -> Work {
      let pairs = isCausal ? length * (length + 1) / 2 : length * length
      let product = 2 * Double(batch * heads * pairs * width)
      let array = Double(shape.elementCount * 4)
      return .arithmetic(
        product * (withGradients ? 7 : 2), bytes: array * (withGradients ? 12 : 4))
    }
  }

  private static func forward(_ sizes: Sizes, isQuick: Bool) -> Workload {
    Workload(
      .attention, "attention-forward", sizes.text, parameters: sizes.parameters,
      work: sizes.work(withGradients: false), isQuick: isQuick, hasPeers: true
    ) { device in
      let reference = AttentionReference(sizes)
      let inputs = try reference.inputs.map { try $0.tensor(sizes.shape, on: device) }
      let run = { inputs[0].attention(keys: inputs[1], values: inputs[2]) }
      return Trial(run: { try run().computed() }) { try reference.error(output: run()) }
    }
  }

  private static func both(_ sizes: Sizes) -> Workload {
    Workload(
      .attention, "attention-forward-backward", sizes.text, parameters: sizes.parameters,
      work: sizes.work(withGradients: true), hasPeers: !sizes.isCausal
    ) { device in
      let reference = AttentionReference(sizes)
      let inputs = try reference.inputs.map { try $0.tensor(sizes.shape, on: device).requiringGradient() }
      let upstream = try reference.upstream.tensor(sizes.shape, on: device)
      let run = {
        inputs[0].attention(keys: inputs[1], values: inputs[2], isCausal: sizes.isCausal)
          .gradients(of: inputs, upstream: upstream)
      }
      return Trial(tolerance: 1e-4, run: { for gradient in run() { try gradient.computed() } }) {
        try reference.error(gradients: run())
      }
    }
  }
}
