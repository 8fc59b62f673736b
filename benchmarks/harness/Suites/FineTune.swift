import Lathe
import LatheAdapters
import LatheML

/// Steps of training text encoders, with dropout of 0.1 and AdamW, from tokens on: one of MiniLM's sizes with a classifier on top,
/// and a small one that tells hidden words.
enum FineTuneSuite {
  static var workloads: [Workload] {
    [
      miniLM(.full, 16, 64), miniLM(.lowRank, 16, 64), films(batch: 16), maskedWords(32, 128),
    ]
  }

  /// What of the network learns.
  private enum Method: String {
    case full = "minilm-full"
    /// Updates of rank 8 of queries and values, and the classifier.
    case lowRank = "minilm-lora"
  }

  private static let sizes = EncoderSizes.miniLM
  private static let classes = 2
  private static let rank = 8

  private static func miniLM(_ method: Method, _ batch: Int, _ length: Int) -> Workload {
    let forward = sizes.products(length: length) * batch * length
    // Gradients of states and of weights; of states and little else where the weights are frozen.
    let operations = 2 * Double(forward) * (method == .full ? 3 : 2)
    return Workload(
      .finetune, method.rawValue, "\(batch)x\(length)",
      parameters: sizes.parameters(batch, length).merging(["classes": classes, "rank": rank]) { $1 },
      work: .items(batch * length, "tokens", operations: operations), hasPeers: true
    ) { device in
      let network = try network(method, on: device)
      let full = texts(Array(repeating: length, count: batch), on: device)
      return step(network, on: device) { [full] }
    }
  }

  /// A tenth of the batches of 800 texts as long as film snippets, sorted into batches of like lengths.
  private static func films(batch: Int) -> Workload {
    let lengths = FilmLengths.of(800)
    let plan = BucketedBatches(
      SequentialSampler(count: lengths.count), lengths: lengths, size: batch, seed: nil
    ).plan(epoch: 0)
    var (start, batches) = (0, [[Int]]())
    for end in plan.ends {
      batches.append(plan.order[start..<end].map { lengths[$0] })
      start = end
    }
    let chosen = stride(from: FilmLengths.step / 2, to: batches.count, by: FilmLengths.step).map {
      batches[$0]
    }
    let tokens = chosen.joined().reduce(0, +)
    let products = chosen.joined().reduce(0) { $0 + sizes.products(length: $1) * $1 }
    return Workload(
      .finetune, "minilm-films", "\(chosen.count) batches of \(batch)",
      parameters: sizes.parameters(batch, 0).merging(["classes": classes, "texts": lengths.count]) { $1 },
      work: .items(tokens, "tokens", operations: 6 * Double(products)), hasPeers: true
    ) { device in
      let network = try network(.full, on: device)
      let batches = chosen.map { texts($0, on: device) }
      return step(network, on: device) { batches }
    }
  }

  private static func network(_ method: Method, on device: Device) throws -> SequenceClassifier {
    let generator = Generator(seed: 0)
    let model = try SequenceClassifier(
      sizes.configuration(), from: LayerSource(generator: generator, device: device))
    guard method == .lowRank else { return model }
    let placement = AdapterPlacement(.names(["query", "value"]), saved: model.headPaths)
    let configuration = LoRAConfiguration(placement, rank: rank, alpha: Double(2 * rank), dropout: 0.1)
    try ModelAdapters(of: model).add(.lora(configuration), generator: generator)
    // Zeros, as they are at first, would hide A.
    for (name, parameter) in model.namedParameters where name.contains("lora_B") {
      let draw = Initializer.normal(mean: 0, deviation: 0.05)
      parameter.value = draw(parameter.value.shape, generator: generator, device: device)
    }
    return model
  }

  /// Texts of such lengths, filled up to the longest.
  private static func texts(_ lengths: [Int], on device: Device) -> Batch {
    let drawn = SampleValues(1)
    let examples = lengths.enumerated().map { row, length in
      LabelledSequence(
        tokens: (0..<length).map { Int32(1 + drawn.integer(row * 512 + $0, below: sizes.vocabulary - 1)) },
        label: row % classes)
    }
    return LabelledSequence.collate(examples, on: device)
  }

  private static func step(
    _ model: SequenceClassifier, on device: Device, batches: @escaping () -> [Batch]
  ) -> Trial {
    step(model, batches: batches) {
      // A short text and a shorter one.
      let few = texts([12, 9], on: device)
      let rows = try few.inputs.hostValues().map { Int($0) }
      let path = "bert."
      return try NetworkReference.error(
        model: model, loss: { ClassificationObjective()(model, few).loss }
      ) { parameters in
        let logits = [Array(rows[0..<12]), Array(rows[12..<21])].map { tokens in
          let first = Array(sizes.states(tokens, parameters, path: path).values.prefix(sizes.width))
          let pooler = sizes.linear(path + "pooler.dense", parameters)
          let head = sizes.linear("classifier", parameters)
          return Array64([1, sizes.width], first).linear(pooler.weight, pooler.bias).tanh()
            .linear(head.weight, head.bias).values
        }
        return Array64([2, classes], logits.flatMap { $0 }).crossEntropy([0, 1])
      }
    }
  }

  /// A run is a training step on each batch; the check is made without dropout.
  private static func step(
    _ model: any Module, batches: @escaping () -> [Batch], check: @escaping () throws -> Double
  ) -> Trial {
    let trained = model.parameters.filter { !$0.isFrozen }
    let optimizer = Adam(trained, learningRate: 5e-5, decoupledDecay: 0.01)
    let objective = ClassificationObjective()
    model.train()
    return Trial(tolerance: 2e-3) {
      for batch in batches() {
        let loss = objective(model, batch).loss
        optimizer.step(loss.gradients(of: trained))
        try loss.computed()
      }
    } check: {
      model.eval()
      defer { model.train() }
      return try check()
    }
  }

  // MARK: Hidden words

  private static let small = EncoderSizes(layers: 4, width: 256, heads: 4, inner: 1024)
  /// Of seven tokens one is to be told, about as many as of 15 %.
  private static let hidden = 7

  private static func maskedWords(_ batch: Int, _ length: Int) -> Workload {
    let tokens = batch * length
    let products = small.products(length: length) * tokens
    let head = hiddenCount(length) * batch * (small.width * (small.width + small.vocabulary))
    return Workload(
      .finetune, "bert-mlm", "\(small.layers)x\(small.width), \(batch)x\(length)",
      parameters: small.parameters(batch, length).merging(["hidden": hidden]) { $1 },
      work: .items(tokens, "tokens", operations: 6 * Double(products + head)), hasPeers: true
    ) { device in
      let model = try MaskedLanguageModel(
        small.configuration(), from: LayerSource(generator: Generator(seed: 0), device: device))
      let full = maskedTexts(batch, length, on: device)
      return step(model, batches: { [full] }) {
        let one = maskedTexts(1, 16, on: device)
        let row = try one.inputs.hostValues().map { Int($0) }
        let answers = try one.labels.hostValues().map { Int($0) }
        return try NetworkReference.error(
          model: model, loss: { ClassificationObjective()(model, one).loss }
        ) { parameters in
          let states = small.states(row, parameters, path: "bert.").values
          let places = (0..<answers.count).flatMap { (place: Int) -> ArraySlice<Double> in
            let first = (place * hidden + 1) * small.width
            return states[first..<first + small.width]
          }
          let head = "cls.predictions."
          let dense = small.linear(head + "transform.dense", parameters)
          let norm = small.linear(head + "transform.LayerNorm", parameters)
          let table = parameters.named("bert.embeddings.word_embeddings.weight")
          return Array64([answers.count, small.width], places).linear(dense.weight, dense.bias).gelu()
            .layerNorm(norm.weight, norm.bias).linear(table, parameters.named(head + "bias"))
            .crossEntropy(answers)
        }
      }
    }
  }

  private static func hiddenCount(_ length: Int) -> Int { (length - 3 + hidden) / hidden }

  private static func maskedTexts(_ batch: Int, _ length: Int, on device: Device) -> Batch {
    let drawn = SampleValues(1)
    let examples = (0..<batch).map { row in
      let tokens = (0..<length).map { Int32(1 + drawn.integer(row * 512 + $0, below: small.vocabulary - 1)) }
      let places = (0..<hiddenCount(length)).map { $0 * hidden + 1 }
      var seen = tokens
      for place in places { seen[place] = 103 }
      return MaskedText(tokens: seen, places: places, answers: places.map { tokens[$0] }, padding: 0)
    }
    return MaskedText.collate(examples, on: device)
  }
}

/// Tokens of the film snippets of scripts/fetch-texts.sh in MiniLM's tokeniser, by their quantiles: peers have the same numbers.
enum FilmLengths {
  /// A fiftieth of the texts is as long as each.
  private static let quantiles = [
    7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 17, 18, 19, 19, 20, 20, 21, 22, 22, 23, 23, 24, 25, 25, 26, 26, 27,
    28, 28,
    29, 29, 30, 31, 31, 32, 33, 33, 34, 35, 36, 37, 38, 39, 40, 41, 43, 44, 46, 50, 55,
  ]
  /// Every so many of the sorted batches is run.
  static let step = 10

  /// Lengths in an order that looks like chance.
  static func of(_ count: Int) -> [Int] { (0..<count).map { quantiles[$0 * 37 % quantiles.count] } }
}
