import Lathe
import LatheML

/// What an operation costs the host, whatever its size.
enum LatencySuite {
  static var workloads: [Workload] {
    [
      single("add-one", isQuick: true, waits: false), single("add-one-and-wait", isQuick: true, waits: true),
      views, multiplyAddBackward, networkStep,
    ]
  }

  /// One element plus one: nothing but building, launching and, where asked for, waiting.
  private static func single(_ name: String, isQuick: Bool, waits: Bool) -> Workload {
    Workload(.latency, name, "1", work: .time, isQuick: isQuick, hasPeers: !waits) { device in
      let x = try Tensor([1] as [Float], device: device).computed()
      return Trial(
        tolerance: 0,
        run: {
          try (x + 1).computed()
          if waits { try device.synchronize() }
        }, check: { Double(abs(try (x + 1).item() - 2)) })
    }
  }

  private static var views: Workload {
    Workload(.latency, "view", "transpose, slice, reshape", work: .time) { device in
      let x = try Tensor.zeros([4, 6, 8], device: device).computed()
      let run = { x.transposed(0, 1).sliced(axis: 0, from: 1, to: 3).reshaped(to: [2, 4, 2, 4]) }
      return Trial(tolerance: 0, run: { _ = run() }) { run().shape == [2, 4, 2, 4] ? 0 : 1 }
    }
  }

  private static var multiplyAddBackward: Workload {
    Workload(.latency, "multiply-add-backward", "1", work: .time, hasPeers: true) { device in
      let x = try Tensor([3] as [Float], device: device).computed().requiringGradient()
      let run = { (x * x + 1).gradient(of: x) }
      return Trial(tolerance: 0, run: { try run().computed() }) { Double(abs(try run().item() - 6)) }
    }
  }

  /// A training step of LeNet on an image so small that arithmetic costs nothing, divided by its operations.
  private static var networkStep: Workload {
    Workload(.latency, "lenet-step-per-launch", "batch 1, 1 channel", work: .time) { device in
      let generator = Generator(seed: 0)
      let model = Sequential {
        Conv2D(1, 1, kernel: 3, generator: generator, device: device)
        MaxPool2D(2)
        ReLU()
        Conv2D(1, 1, kernel: 3, generator: generator, device: device)
        MaxPool2D(2)
        ReLU()
        Flatten()
        Linear(1, 2, generator: generator, device: device)
        ReLU()
        Linear(2, 2, generator: generator, device: device)
      }
      let parameters = model.parameters
      let optimizer = Adam(parameters, learningRate: 1e-3)
      let image = try SampleValues(1).tensor([1, 1, 10, 10], on: device)
      let label = try Tensor([1] as [Int32], device: device).computed()
      let step = { () -> Tensor in
        let loss = crossEntropy(model(image), label)
        optimizer.step(loss.gradients(of: parameters))
        return loss
      }
      try step().computed()
      let before = device.counters.launches
      try step().computed()
      let launches = device.counters.launches - before
      var trial = Trial(tolerance: 0, run: { try step().computed() }) {
        try step().item().isFinite ? 0 : .infinity
      }
      trial.parts = Double(max(launches, 1))
      trial.counters = { ["launches": Double(launches)] }
      return trial
    }
  }
}
