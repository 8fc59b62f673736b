import Foundation
import Lathe
import LatheAdapters
import LatheFormats
import LatheLanguage
import LatheNN
import LatheTraining
import Testing

/// Adapters of PEFT compute the same here, and what is written is what PEFT writes.
@Suite("Adapters of PEFT")
struct AdapterFileTests {
  @Test(
    "The logits of PEFT's adapters, merged and not",
    arguments: AdapterFixture.classifiers + AdapterFixture.decoders)
  func logits(_ name: String) throws {
    let fixture = try AdapterFixture(name)
    let model = try fixture.model()
    let plain = try fixture.logits(model).scalars(as: Float.self)
    let adapters = ModelAdapters(of: model)
    try adapters.load(from: fixture.folder)
    let expected = fixture.values("logits")
    let adapted = try fixture.logits(model).scalars(as: Float.self)
    #expect(difference(adapted, expected) < 1e-5)
    #expect(difference(plain, expected) > 1e-3)
    try adapters.merge()
    #expect(difference(try fixture.logits(model).scalars(), expected) < 1e-5)
    adapters.unmerge()
    #expect(try fixture.logits(model).scalars(as: Float.self) == adapted)
    try adapters.unload(merging: true)
    #expect(difference(try fixture.logits(model).scalars(), expected) < 1e-5)
    #expect(model.namedModules.allSatisfy { !($0.module is AdaptedLinear) })
  }

  @Test("Written files are PEFT's", arguments: AdapterFixture.classifiers + AdapterFixture.decoders)
  func files(_ name: String) throws {
    let fixture = try AdapterFixture(name)
    let model = try fixture.model()
    let adapters = ModelAdapters(of: model)
    try adapters.load(from: fixture.folder)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lathe-\(UUID().uuidString)")
      .path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try adapters.save(to: folder, base: "tiny", task: "SEQ_CLS")
    let found = try WeightFile(path: "\(folder)/adapter_model.safetensors").values
    let expected = try WeightFile(path: "\(fixture.folder)/adapter_model.safetensors").values
    #expect(found.keys.sorted() == expected.keys.sorted())
    for (key, tensor) in expected {
      #expect(try found[key]?.scalars(as: Float.self) == tensor.scalars(as: Float.self), "\(key)")
    }
    // What was written is read, and computes the same.
    let again = try fixture.model()
    try ModelAdapters(of: again).load(from: folder, name: "second")
    #expect(difference(try fixture.logits(again).scalars(), fixture.values("logits")) < 1e-5)
  }

  @Test("Ten steps give PEFT's losses and parameters", arguments: ["bert-lora", "bert-dora", "bert-adalora"])
  func training(_ name: String) throws {
    let fixture = try AdapterFixture(name)
    let model = try fixture.model()
    let adapters = ModelAdapters(of: model)
    try adapters.load(from: fixture.folder)
    let frozen = model.namedParameters.filter { $0.parameter.isFrozen }.map {
      ($0.parameter, $0.parameter.value)
    }
    let allocator = name == "bert-adalora" ? try RankAllocator(adapters) : nil
    let parameters = model.trainableParameters
    let optimizer = Adam(parameters, learningRate: 0.01, decoupledDecay: 0.01)
    let labels = Tensor([Int32](arrayLiteral: 0, 2, 1), shape: [3], device: .cpu)
    var losses: [Float] = []
    for step in 0..<10 {
      var loss = crossEntropy(fixture.logits(model), labels)
      if let allocator { loss = loss + allocator.orthogonality }
      losses.append(try loss.item())
      let gradients = loss.gradients(of: parameters)
      optimizer.step(gradients)
      try allocator?.update(
        step: step, gradients: zip(parameters, gradients).map { (parameter: $0, gradient: $1) })
    }
    #expect(difference(losses, fixture.values("losses")) < 1e-5)
    for (parameter, before) in frozen {
      #expect(try parameter.value.scalars(as: Float.self) == before.scalars(as: Float.self))
    }
    let expected = try WeightFile(path: "\(fixture.folder)/trained.safetensors").values
    var compared = 0
    for (key, parameter) in model.namedParameters where !parameter.isFrozen {
      let name =
        "base_model.model."
        + key.replacing(".modules_to_save.default", with: "").replacing(".default", with: "")
        .replacing("lora_magnitude_vector.weight", with: "lora_magnitude_vector")
      let tensor = try #require(expected[name], "\(name)")
      #expect(difference(try parameter.value.scalars(), try tensor.scalars()) < 1e-4, "\(name)")
      compared += 1
    }
    #expect(compared == expected.count)
  }
}
