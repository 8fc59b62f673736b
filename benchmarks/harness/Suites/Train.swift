import Lathe
import LatheML

/// Whole training steps: data, loss, gradients, optimizer.
enum TrainSuite {
  static var workloads: [Workload] {
    [lenet(64, isQuick: true), lenet(512), resnet18(64), transformer(16), gpt(8)]
  }

  /// LeNet on Fashion-MNIST from its files on: shuffling, the copy to the device and normalising included.
  private static func lenet(_ batchSize: Int, isQuick: Bool = false) -> Workload {
    // Multiply-adds of an image; the first convolution needs no gradient of its input.
    let (first, rest) = (24 * 24 * 10 * 25, 8 * 8 * 20 * 250 + 320 * 50 + 500)
    let operations = 2 * Double(batchSize * (2 * first + 3 * rest))
    return Workload(
      .train, "lenet", "batch \(batchSize)", parameters: ["batch": batchSize],
      work: .items(batchSize, "samples", operations: operations), isQuick: isQuick, hasPeers: true
    ) { device in
      let model = LeNet.model(generator: Generator(seed: 0), device: device)
      let images = try FashionMNIST.load(.train)
      var epoch = 0
      var batches = DataLoader(images, batchSize: batchSize, shuffled: true, on: device).makeIterator()
      let next = { () throws -> Batch in
        // The last batch of an epoch is smaller; it is left out so that all samples are of the same work.
        if let batch = batches.next(), batch.count == batchSize { return batch }
        epoch += 1
        batches =
          DataLoader(images, batchSize: batchSize, shuffled: true, epoch: epoch, on: device).makeIterator()
        guard let batch = batches.next() else {
          throw LatheError(.format, "Fashion-MNIST: not a single batch of \(batchSize)")
        }
        return batch
      }
      return step(model, Adam(model.parameters, learningRate: 1e-3), on: device) {
        let batch = try next()
        return crossEntropy(model(batch.inputs), batch.labels)
      } check: {
        let count = 16
        let values = SampleValues(1)
        let x = try values.tensor([count, 1, 28, 28], on: device)
        let labels = (0..<count).map { $0 % 10 }
        let target = Tensor(labels.map { Int32($0) }, device: device)
        let image = try Array64(x)
        return try NetworkReference.error(model: model, loss: { crossEntropy(model(x), target) }) {
          var parameters = $0
          return image.conv2D(parameters.take(), bias: parameters.take()).maxPool().relu()
            .conv2D(parameters.take(), bias: parameters.take()).maxPool().relu().reshaped([count, 320])
            .linear(parameters.take(), parameters.take()).relu()
            .linear(parameters.take(), parameters.take()).crossEntropy(labels)
        }
      }
    }
  }

  private static func resnet18(_ batchSize: Int) -> Workload {
    // 0.556 G multiply-adds forward for an image of 32 x 32, three times that with the gradients.
    Workload(
      .train, "resnet18", "batch \(batchSize)", parameters: ["batch": batchSize],
      work: .items(batchSize, "images", operations: 6 * 0.5556e9 * Double(batchSize)), hasPeers: true
    ) { device in
      let model = ResNet18.model(generator: Generator(seed: 0), device: device)
      func batch(_ count: Int) throws -> (images: Tensor, labels: [Int], target: Tensor) {
        let labels = (0..<count).map { $0 % 10 }
        return (
          try SampleValues(1).tensor([count, 3, 32, 32], on: device), labels,
          try Tensor(labels.map { Int32($0) }, device: device).computed()
        )
      }
      let full = try batch(batchSize)
      let optimizer = SGD(model.parameters, learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4)
      return step(model, optimizer, on: device) {
        crossEntropy(model(full.images), full.target)
      } check: {
        let small = try batch(2)
        let images = try Array64(small.images)
        let labels = small.labels
        return try NetworkReference.error(
          model: model, loss: { crossEntropy(model(small.images), small.target) }
        ) { ResNet18.loss(images, labels: labels, $0) }
      }
    }
  }

  private static func transformer(_ batchSize: Int) -> Workload {
    let sizes = TransformerClassifier.Sizes()
    let tokens = batchSize * sizes.length
    return Workload(
      .train, "transformer", "\(sizes.layers)x\(sizes.width), \(batchSize)x\(sizes.length) tokens",
      parameters: [
        "batch": batchSize, "length": sizes.length, "width": sizes.width, "heads": sizes.heads,
        "layers": sizes.layers, "vocabulary": sizes.vocabulary, "classes": sizes.classes,
      ],
      work: .items(tokens, "tokens", operations: 6 * Double(sizes.productsPerToken * tokens)), hasPeers: true
    ) { device in
      let model = TransformerClassifier(sizes, generator: Generator(seed: 0), device: device)
      func batch(_ count: Int) throws -> (rows: [[Int]], tokens: Tensor, labels: [Int], target: Tensor) {
        let values = SampleValues(1)
        let rows = (0..<count).map { row in
          (0..<sizes.length).map { values.integer(row * sizes.length + $0, below: sizes.vocabulary) }
        }
        let labels = (0..<count).map { $0 % sizes.classes }
        return (
          rows,
          try Tensor(rows.joined().map { Int32($0) }, shape: [count, sizes.length], device: device)
            .computed(),
          labels, try Tensor(labels.map { Int32($0) }, device: device).computed()
        )
      }
      let full = try batch(batchSize)
      return step(model, Adam(model.parameters, learningRate: 1e-4), on: device) {
        crossEntropy(model(full.tokens), full.target)
      } check: {
        let small = try batch(1)
        let (rows, labels) = (small.rows, small.labels)
        return try NetworkReference.error(
          model: model, loss: { crossEntropy(model(small.tokens), small.target) }
        ) { TransformerClassifier.loss(rows, labels: labels, sizes, $0) }
      }
    }
  }

  /// A trial whose run is one training step.
  static func step(
    _ model: any Module, _ optimizer: any Optimizer, on device: Device, loss: @escaping () throws -> Tensor,
    check: @escaping () throws -> Double
  ) -> Trial {
    let parameters = model.parameters
    let run = {
      let loss = try loss()
      optimizer.step(loss.gradients(of: parameters))
      try loss.computed()
    }
    // The slope of a loss with corners, and sums over whole batches in float32.
    var trial = Trial(tolerance: 2e-3, run: run, check: check)
    trial.counters = {
      device.resetCounters()
      let before = device.counters
      try run()
      try device.synchronize()
      let after = device.counters
      return [
        "launches": Double(after.launches - before.launches),
        "fallbacks": Double(after.fallbacks - before.fallbacks),
        "allocations": Double(after.allocations - before.allocations),
        "peak_bytes": Double(after.peakBytes),
      ]
    }
    return trial
  }
}
