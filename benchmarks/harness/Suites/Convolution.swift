import Lathe

/// 2-D convolutions.
enum ConvolutionSuite {
  static var workloads: [Workload] {
    let residual = [(64, 32), (128, 16), (256, 8)].map { channels, size in
      Sizes(batch: 32, channels: channels, size: size, filters: channels, kernel: 3, padding: 1)
    }
    let lenet = [
      Sizes(
        batch: 64, channels: 1, size: 28, filters: 10, kernel: 5, hasBias: true, needsInputGradient: false),
      Sizes(batch: 64, channels: 10, size: 12, filters: 20, kernel: 5, hasBias: true),
    ]
    return residual.map { convolution($0, .forward, isQuick: $0.channels == 128, hasPeers: true) }
      + residual.map { convolution($0, .both, isQuick: false, hasPeers: true) }
      + lenet.map { convolution($0, .both, isQuick: true, hasPeers: true) }
      + [
        convolution(
          Sizes(batch: 32, channels: 64, size: 32, filters: 128, kernel: 3, stride: 2, padding: 1), .both),
        convolution(Sizes(batch: 32, channels: 256, size: 16, filters: 64, kernel: 1), .both),
        convolution(Sizes(batch: 32, channels: 3, size: 32, filters: 64, kernel: 3, padding: 1), .forward),
        convolution(
          Sizes(batch: 32, channels: 128, size: 16, filters: 128, kernel: 3, padding: 1, groups: 128),
          .forward),
      ]
  }

  enum Pass: String { case forward = "forward", both = "forward-backward" }

  struct Sizes {
    var batch: Int, channels: Int, size: Int, filters: Int, kernel: Int
    var stride = 1
    var padding = 0
    var groups = 1
    var hasBias = false
    var needsInputGradient = true

    var outputSize: Int { (size + 2 * padding - kernel) / stride + 1 }
    var groupChannels: Int { channels / groups }
    var input: Shape { [batch, channels, size, size] }
    var filter: Shape { [filters, groupChannels, kernel, kernel] }
    var output: Shape { [batch, filters, outputSize, outputSize] }
    var text: String {
      "\(batch)x\(channels)x\(size)x\(size)-\(filters)x\(kernel)x\(kernel)"
        + (stride > 1 ? "-s\(stride)" : "")
        + (groups > 1 ? "-g\(groups)" : "")
    }

    var parameters: [String: Int] {
      [
        "batch": batch, "channels": channels, "size": size, "filters": filters, "kernel": kernel,
        "stride": stride, "padding": padding, "groups": groups, "bias": hasBias ? 1 : 0,
        "input_gradient": needsInputGradient ? 1 : 0,
      ]
    }

    func work(_ pass: Pass) -> Work {
      let products = Double(output.elementCount * groupChannels * kernel * kernel)
      let passes = pass == .forward ? 1.0 : needsInputGradient ? 3 : 2
      let elements = input.elementCount + filter.elementCount + output.elementCount
      return .arithmetic(2 * products * passes, bytes: Double(elements * 4) * passes)
    }
  }

  private static func convolution(
    _ sizes: Sizes, _ pass: Pass, isQuick: Bool = false, hasPeers: Bool = false
  ) -> Workload {
    Workload(
      .conv, "conv2d-\(pass.rawValue)", sizes.text, parameters: sizes.parameters, work: sizes.work(pass),
      isQuick: isQuick, hasPeers: hasPeers
    ) { device in
      let reference = ConvolutionReference(sizes)
      var x = try reference.x.tensor(sizes.input, on: device)
      let filter = try reference.filter.tensor(sizes.filter, on: device)
      let bias = sizes.hasBias ? try reference.bias.tensor([sizes.filters], on: device) : nil
      func forward(_ x: Tensor, _ filter: Tensor, _ bias: Tensor?) -> Tensor {
        x.conv2D(
          filter, bias: bias, stride: (sizes.stride, sizes.stride), padding: (sizes.padding, sizes.padding),
          groups: sizes.groups)
      }
      if pass == .forward {
        let input = x
        return Trial(run: { try forward(input, filter, bias).computed() }) {
          try reference.outputError(forward(input, filter, bias))
        }
      }
      let upstream = try reference.upstream.tensor(sizes.output, on: device)
      let tracked = (filter: filter.requiringGradient(), bias: bias?.requiringGradient())
      if sizes.needsInputGradient { x = x.requiringGradient() }
      let input = x
      let wanted =
        [tracked.filter] + (tracked.bias.map { [$0] } ?? []) + (sizes.needsInputGradient ? [x] : [])
      func both() -> (output: Tensor, gradients: [Tensor]) {
        let y = forward(input, tracked.filter, tracked.bias)
        return (y, y.gradients(of: wanted, upstream: upstream))
      }
      return Trial(tolerance: 1e-4, run: { for gradient in both().gradients { try gradient.computed() } }) {
        let (y, gradients) = both()
        var errors = [try reference.outputError(y), try reference.filterError(gradients[0])]
        if sizes.hasBias { errors.append(try reference.biasError(gradients[1])) }
        if sizes.needsInputGradient {
          errors.append(try reference.inputError(gradients[gradients.count - 1]))
        }
        return errors.max() ?? .infinity
      }
    }
  }
}
