import Foundation
import Lathe
import LatheAdapters
import LatheLanguage
import LatheNN
import Testing

/// Putting adapters on networks, several at once, and what is refused.
@Suite("Adapters of a network")
struct ModelAdapterTests {
  /// Query and value, and the head.
  private static let placement = AdapterPlacement(.names(["query", "value"]), saved: ["classifier"])

  private func randomize(_ model: any ParameterContainer, _ adapter: String, seed: UInt64) {
    let generator = Generator(seed: seed)
    for (name, parameter) in model.namedParameters where name.contains("lora_B.\(adapter)") {
      parameter.value = .normal(parameter.shape, deviation: 0.2, generator: generator, device: .cpu)
    }
  }

  @Test("A new LoRA changes nothing, freezes the base and is counted")
  func fresh() throws {
    let fixture = try AdapterFixture("bert-lora")
    let model = try fixture.model()
    let before = try fixture.logits(model).scalars(as: Float.self)
    let adapters = ModelAdapters(of: model)
    try adapters.add(.lora(LoRAConfiguration(Self.placement, rank: 4)))
    #expect(try fixture.logits(model).scalars(as: Float.self) == before)
    // Two layers of query and value, 32 wide, and the head of three classes.
    let trained = 2 * 2 * 4 * (32 + 32) + 3 * 32 + 3
    #expect(adapters.parameterCounts.trained == trained)
    #expect(adapters.summary.hasPrefix("trainable params: 1,123 || all params: "))
    #expect(model.trainableParameters.count == 2 * 2 * 2 + 2)
  }

  @Test("Active adapters are added up, each alone is itself, and removing them gives the base back")
  func several() throws {
    let fixture = try AdapterFixture("bert-lora")
    let model = try fixture.model()
    let plain = try fixture.logits(model).scalars(as: Float.self)
    let adapters = ModelAdapters(of: model)
    let settings = LoRAConfiguration(AdapterPlacement(.names(["query"])), rank: 2)
    for (number, name) in ["first", "second"].enumerated() {
      try adapters.add(.lora(settings), name: name)
      randomize(model, name, seed: UInt64(number + 1))
    }
    #expect(adapters.active == ["second"])
    let second = try fixture.logits(model).scalars(as: Float.self)
    try adapters.activate(["first", "second"])
    let both = try fixture.logits(model).scalars(as: Float.self)
    // The sum of two updates is one of twice the rank.
    let joined = try fixture.model()
    let one = ModelAdapters(of: joined)
    try one.add(.lora(LoRAConfiguration(AdapterPlacement(.names(["query"])), rank: 4, alpha: 16)))
    let values = Dictionary(uniqueKeysWithValues: model.namedParameters.map { ($0.name, $0.parameter.value) })
    for (name, parameter) in joined.namedParameters where !parameter.isFrozen {
      let (kind, axis) = name.contains("lora_A") ? ("lora_A", 0) : ("lora_B", 1)
      let parts = try ["first", "second"].map {
        try #require(values[name.replacing("\(kind).default", with: "\(kind).\($0)")])
      }
      parameter.value = .concatenate(parts, axis: axis)
    }
    #expect(difference(both, try fixture.logits(joined).scalars()) < 1e-5)
    try adapters.merge()
    #expect(difference(try fixture.logits(model).scalars(), both) < 1e-5)
    adapters.unmerge()
    try adapters.remove("first")
    #expect(try fixture.logits(model).scalars(as: Float.self) == second)
    try adapters.unload(merging: false)
    #expect(try fixture.logits(model).scalars(as: Float.self) == plain)
  }

  @Test("A quantised base stays as it is, and the adapter's gradients are those on its numbers")
  func quantized() throws {
    let fixture = try AdapterFixture("bert-lora")
    let (model, plain) = (try fixture.model(), try fixture.model())
    try model.replace("*.query") { (linear: Linear) in try QuantizedLinear(linear, as: .q8_0) }
    try plain.replace("*.query") { (linear: Linear) in
      let weight = Parameter(
        try QuantizedTensor.quantize(linear.weight.value.detached(), as: .q8_0).dequantized())
      return Linear(weight: weight, bias: linear.bias)
    }
    var gradients: [[Float]] = []
    for network in [model, plain] {
      let adapters = ModelAdapters(of: network)
      try adapters.add(
        .lora(LoRAConfiguration(AdapterPlacement(.names(["query"])), rank: 2)), generator: Generator(seed: 5))
      randomize(network, "default", seed: 3)
      let loss = fixture.logits(network).sum()
      gradients.append(
        try loss.gradients(of: network.trainableParameters).flatMap { try $0.scalars(as: Float.self) })
    }
    // Activations are rounded to 8 bits in products with blocks.
    #expect(difference(gradients[0], gradients[1]) < 0.05)
    let adapters = ModelAdapters(of: try fixture.model())
    try adapters.model.replace("*.query") { (linear: Linear) in try QuantizedLinear(linear, as: .q8_0) }
    try adapters.add(.lora(LoRAConfiguration(AdapterPlacement(.names(["query"])), rank: 2)))
    randomize(adapters.model, "default", seed: 3)
    let before = try fixture.logits(adapters.model).scalars(as: Float.self)
    try adapters.merge()
    #expect(difference(try fixture.logits(adapters.model).scalars(), before) < 0.05)
    adapters.unmerge()
    #expect(try fixture.logits(adapters.model).scalars(as: Float.self) == before)
  }

  @Test("Bottlenecks are nearly nothing at first, and are written and read")
  func bottlenecks() throws {
    let fixture = try AdapterFixture("bert-lora")
    let model = try fixture.model()
    let plain = try fixture.logits(model).scalars(as: Float.self)
    let adapters = ModelAdapters(of: model)
    try adapters.add(.bottleneck(.houlsby(saved: ["classifier"])))
    #expect(difference(try fixture.logits(model).scalars(), plain) < 1e-3)
    // Two in each of two layers, of 32 / 16 elements, and the head.
    #expect(adapters.parameterCounts.trained == 4 * (2 * 2 * 32 + 2 + 32) + 3 * 32 + 3)
    for parameter in model.trainableParameters {
      parameter.value = .normal(parameter.shape, deviation: 0.3, generator: Generator(seed: 4), device: .cpu)
    }
    let changed = try fixture.logits(model).scalars(as: Float.self)
    #expect(difference(changed, plain) > 0.01)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lathe-\(UUID().uuidString)")
      .path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try adapters.save(to: folder)
    let again = try fixture.model()
    try ModelAdapters(of: again).load(from: folder)
    #expect(try fixture.logits(again).scalars(as: Float.self) == changed)
    #expect(message { try adapters.merge() }.contains("cannot be merged"))
    let single = ModelAdapters(of: try fixture.model())
    try single.add(.bottleneck(.pfeiffer()))
    #expect(single.parameterCounts.trained == 2 * (2 * 2 * 32 + 2 + 32))
  }

  @Test("What cannot be is refused, and the network stays as it was")
  func refused() throws {
    let fixture = try AdapterFixture("bert-lora")
    let model = try fixture.model()
    let adapters = ModelAdapters(of: model)
    func add(_ settings: LoRAConfiguration) -> String { message { try adapters.add(.lora(settings)) } }
    #expect(add(LoRAConfiguration(Self.placement, rank: 0)).contains("a rank of 0"))
    #expect(add(LoRAConfiguration(Self.placement, dropout: 1)).contains("a dropout of 1"))
    #expect(add(LoRAConfiguration(Self.placement, alpha: .nan)).contains("alpha"))
    let nothing = add(LoRAConfiguration(AdapterPlacement(.names(["q_proj"]))))
    #expect(nothing.contains("'q_proj'") && nothing.contains("bert.encoder.layer.0.attention.self.query"))
    #expect(
      add(LoRAConfiguration(AdapterPlacement(.names(["word_embeddings"])))).contains("no linear layers"))
    #expect(add(LoRAConfiguration(AdapterPlacement(.expression("(")))).contains("no regular expression"))
    #expect(
      add(LoRAConfiguration(AdapterPlacement(.names(["query"]), saved: ["heads"]))).contains("'heads'"))
    #expect(
      add(LoRAConfiguration(AdapterPlacement(.names(["query"]), layers: [7]))).contains("target modules"))
    #expect(model.namedModules.allSatisfy { !($0.module is AdaptedLinear) })
    #expect(model.parameters.allSatisfy { !$0.isFrozen })
    try adapters.add(.lora(LoRAConfiguration(Self.placement)))
    #expect(add(LoRAConfiguration(Self.placement)).contains("'default'"))
    #expect(message { try adapters.activate(["other"]) }.contains("'other'"))
    try adapters.merge()
    #expect(message { try adapters.merge() }.contains("unmerge()"))
  }

  @Test("An adapter of another base is refused by name, and files that are damaged by their key")
  func otherBase() throws {
    let bert = try AdapterFixture("bert-lora"), gpt = try AdapterFixture("gpt2-lora")
    let model = try gpt.model()
    let adapters = ModelAdapters(of: model)
    #expect(message { try adapters.load(from: bert.folder) }.contains("target modules"))
    let roberta = try AdapterFixture("roberta-lora")
    let other = try bert.model()
    #expect(
      message { try ModelAdapters(of: other).load(from: roberta.folder) }.contains("base_model.model.roberta")
    )
    #expect(other.parameters.allSatisfy { !$0.isFrozen })
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lathe-\(UUID().uuidString)")
      .path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.copyItem(atPath: bert.folder, toPath: folder)
    let text = try String(contentsOfFile: "\(folder)/adapter_config.json", encoding: .utf8)
    for (old, new, word) in [
      (#""r": 4"#, #""r": 0"#, "'r'"), (#""r": 4"#, #""r": "four""#, "'r'"),
      (#""r": 4"#, #""r": 5"#, "expected float32 [5, 32]"),
      (#""LORA""#, #""LOHA""#, "peft_type"), (#""lora_bias": false"#, #""lora_bias": true"#, "lora_bias"),
      (#""init_lora_weights": true"#, #""init_lora_weights": "pissa""#, "init_lora_weights"),
      (#""bias": "none""#, #""bias": "some""#, "'bias'"),
      (#""lora_alpha": 8"#, #""lora_alpha": -1"#, "alpha"),
    ] {
      try text.replacing(old, with: new).write(
        toFile: "\(folder)/adapter_config.json", atomically: true, encoding: .utf8)
      #expect(message { try ModelAdapters(of: other).load(from: folder) }.contains(word), "\(new)")
    }
    try FileManager.default.removeItem(atPath: "\(folder)/adapter_config.json")
    #expect(message { try ModelAdapters(of: other).load(from: folder) }.contains("adapter_config.json"))
  }
}
