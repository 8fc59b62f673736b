import DataTestSupport
import Foundation
import Lathe
import LatheFormats
import LatheLanguage
import LatheNN
import LatheText
import Testing

/// Networks of GGUF files are those of the Hugging Face layout.
@Suite struct GGUFNetworkTests {
  private static func tensor(_ reader: WeightReader, _ name: String) throws -> Tensor {
    try #require(try reader.tensor(name, as: .float32))
  }

  /// Rows of queries and keys as GGUF has them: the halves of each head become neighbours.
  private static func permuted(_ weight: Tensor, heads: Int) -> Tensor {
    let (rows, columns) = (weight.shape[0], weight.shape[1])
    return weight.reshaped(to: [heads, 2, rows / heads / 2, columns]).transposed(1, 2)
      .reshaped(to: [rows, columns])
  }

  private static func add(_ tensor: Tensor, _ name: String, to file: inout GGUFBytes) throws {
    while file.data.count % 32 != 0 { file.data.append(0) }
    file.tensors.append(
      (name, tensor.shape.reversed().map { UInt64($0) }, 0, UInt64(file.data.count)))
    file.data += try tensor.contiguous().bytes()
  }

  private static func number(_ key: String, _ value: Int) -> (key: String, type: UInt32, bytes: [UInt8]) {
    (key, 4, GGUFBytes.number(UInt32(value)))
  }

  private static func float(_ key: String, _ value: Double) -> (key: String, type: UInt32, bytes: [UInt8]) {
    (key, 6, GGUFBytes.number(Float(value).bitPattern))
  }

  private func expectLogits(_ path: String, _ name: String) throws {
    let fixture = try DecoderFixture(name)
    let prompts = fixture.prompts
    for precision in [WeightPrecision.stored, .float32] {
      let model = try PretrainedFiles(path: path).causalModel(precision: precision, device: .cpu)
      let tokens = Tensor(prompts.flatMap { $0 }, shape: [prompts.count, prompts[0].count], device: .cpu)
      let found = try noGradient { try model.logits(tokens).scalars(as: Float.self) }
      #expect(largestDifference(found, DecoderFixture.numbers(fixture.expected["logits"])) < 1e-4, "\(name)")
    }
  }

  @Test func llama() throws {
    let folder = try TemporaryFolder()
    let source = try WeightReader(path: DecoderFixture.folder("llama"))
    let values = try ConfigurationValues(path: "\(DecoderFixture.folder("llama"))/config.json")
    let sizes = try LlamaConfiguration(values)
    var file = GGUFBytes()
    file.values = [
      ("general.architecture", 8, GGUFBytes.text("llama")),
      Self.number("llama.embedding_length", sizes.width),
      Self.number("llama.block_count", sizes.layers), Self.number("llama.feed_forward_length", sizes.hidden),
      Self.number("llama.attention.head_count", sizes.heads),
      Self.number("llama.attention.head_count_kv", sizes.keyHeads),
      Self.number("llama.attention.key_length", sizes.headWidth),
      Self.number("llama.context_length", sizes.contextLength),
      Self.float("llama.attention.layer_norm_rms_epsilon", sizes.epsilon),
      Self.float("llama.rope.freq_base", sizes.ropeBase),
    ]
    // Scaled turns are a tensor of factors in these files.
    let plain = RotaryScaling.none.frequencies(width: sizes.headWidth, base: sizes.ropeBase)
    let scaled = sizes.ropeScaling.frequencies(width: sizes.headWidth, base: sizes.ropeBase)
    try Self.add(
      Tensor(zip(plain, scaled).map { Float($0 / $1) }, device: .cpu), "rope_freqs.weight", to: &file)
    try Self.add(Self.tensor(source, "model.embed_tokens.weight"), "token_embd.weight", to: &file)
    try Self.add(Self.tensor(source, "model.norm.weight"), "output_norm.weight", to: &file)
    if !sizes.tiesEmbeddings {
      try Self.add(Self.tensor(source, "lm_head.weight"), "output.weight", to: &file)
    }
    for layer in 0..<sizes.layers {
      let (from, to) = ("model.layers.\(layer)", "blk.\(layer)")
      for (theirs, ours) in [
        ("attn_v", "self_attn.v_proj"), ("attn_output", "self_attn.o_proj"), ("ffn_gate", "mlp.gate_proj"),
        ("ffn_up", "mlp.up_proj"), ("ffn_down", "mlp.down_proj"), ("attn_norm", "input_layernorm"),
        ("ffn_norm", "post_attention_layernorm"),
      ] {
        try Self.add(Self.tensor(source, "\(from).\(ours).weight"), "\(to).\(theirs).weight", to: &file)
      }
      for (theirs, ours, heads) in [
        ("attn_q", "self_attn.q_proj", sizes.heads), ("attn_k", "self_attn.k_proj", sizes.keyHeads),
      ] {
        let weight = try Self.tensor(source, "\(from).\(ours).weight")
        try Self.add(Self.permuted(weight, heads: heads), "\(to).\(theirs).weight", to: &file)
      }
    }
    try expectLogits(folder.write(file.bytes, "model.gguf"), "llama")
  }

  @Test func gpt2() throws {
    let folder = try TemporaryFolder()
    let source = try WeightReader(path: DecoderFixture.folder("gpt2"))
    let sizes = try GPT2Configuration(
      ConfigurationValues(path: "\(DecoderFixture.folder("gpt2"))/config.json"))
    var file = GGUFBytes()
    file.values = [
      ("general.architecture", 8, GGUFBytes.text("gpt2")), Self.number("gpt2.embedding_length", sizes.width),
      Self.number("gpt2.block_count", sizes.layers), Self.number("gpt2.feed_forward_length", sizes.hidden),
      Self.number("gpt2.attention.head_count", sizes.heads),
      Self.number("gpt2.context_length", sizes.contextLength),
      Self.float("gpt2.attention.layer_norm_epsilon", sizes.epsilon),
    ]
    func path(_ name: String) -> String { source.specs[name] == nil ? String(name.dropFirst(12)) : name }
    for (theirs, ours) in [
      ("token_embd.weight", "wte.weight"), ("position_embd.weight", "wpe.weight"),
      ("output_norm.weight", "ln_f.weight"), ("output_norm.bias", "ln_f.bias"),
    ] {
      try Self.add(Self.tensor(source, path("transformer.\(ours)")), theirs, to: &file)
    }
    for layer in 0..<sizes.layers {
      for (theirs, ours, isMatrix) in [
        ("attn_qkv", "attn.c_attn", true), ("attn_output", "attn.c_proj", true), ("ffn_up", "mlp.c_fc", true),
        ("ffn_down", "mlp.c_proj", true), ("attn_norm", "ln_1", false), ("ffn_norm", "ln_2", false),
      ] {
        let name = path("transformer.h.\(layer).\(ours).weight")
        let weight = try Self.tensor(source, name)
        try Self.add(isMatrix ? weight.transposed() : weight, "blk.\(layer).\(theirs).weight", to: &file)
        let bias = try Self.tensor(source, name.replacing(".weight", with: ".bias"))
        try Self.add(bias, "blk.\(layer).\(theirs).bias", to: &file)
      }
    }
    try expectLogits(folder.write(file.bytes, "model.gguf"), "gpt2")
  }

  @Test func otherArchitecturesAreNamed() throws {
    let folder = try TemporaryFolder()
    let file = GGUFBytes(values: [("general.architecture", 8, GGUFBytes.text("mamba"))])
    let error = #expect(throws: LatheError.self) {
      try PretrainedFiles(path: folder.write(file.bytes, "model.gguf"))
    }
    #expect(error?.message.contains("'mamba'") ?? false)
  }
}

/// What was saved is what `transformers` reads, and is loaded to the same scores.
@Suite struct DecoderFileTests {
  private func logits(_ model: any CausalModel, _ prompts: [[Int32]]) throws -> [Float] {
    let tokens = Tensor(prompts.flatMap { $0 }, shape: [prompts.count, prompts[0].count], device: .cpu)
    return try noGradient { try model.logits(tokens).scalars(as: Float.self) }
  }

  @Test(arguments: DecoderFixture.names) func savedAndLoaded(name: String) throws {
    let fixture = try DecoderFixture(name)
    let folder = try TemporaryFolder()
    let model = try fixture.model()
    try #require(model as? any PretrainedModel).savePretrained(to: folder.path)
    let names = try Set(WeightReader(path: folder.path).specs.keys)
    #expect(names == Set(model.state.map(\.name)))
    let again = try PretrainedFiles(path: folder.path).causalModel(precision: .float32, device: .cpu)
    #expect(try logits(again, fixture.prompts) == logits(model, fixture.prompts))
  }

  @Test func roundedWeightsAreSavedAsNumbers() throws {
    let fixture = try DecoderFixture("llama")
    let folder = try TemporaryFolder()
    let model = try fixture.model()
    try model.replace { (layer: Linear) in try QuantizedLinear(layer, as: .q8_0) }
    try #require(model as? any PretrainedModel).savePretrained(to: folder.path)
    let again = try PretrainedFiles(path: folder.path).causalModel(precision: .float32, device: .cpu)
    let (found, expected) = (try logits(again, fixture.prompts), try logits(model, fixture.prompts))
    // Blocks round what they are multiplied with to eight bits, which this network of large weights magnifies; numbers do not.
    let scale = expected.map { abs($0) }.max() ?? 0
    #expect(largestDifference(found, expected) < 0.1 * scale)
  }

  @Test func whatIsMissingOrLeftOverIsListed() throws {
    let folder = try TemporaryFolder()
    let fixture = try DecoderFixture("llama")
    let state = try fixture.model().state
    let kept = state.filter { $0.name != "model.norm.weight" }
    try WeightFile.write(
      kept + [("model.extra", Tensor.zeros([1], device: .cpu))], to: folder.file("model.safetensors"))
    try folder.write(
      [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(fixture.folder)/config.json"))), "config.json")
    let error = #expect(throws: LatheError.self) {
      try PretrainedFiles(path: folder.path).causalModel(device: .cpu)
    }
    #expect(error?.message.contains("lacks model.norm.weight") ?? false)
    #expect(error?.message.contains("has model.extra too many") ?? false)
  }

  @Test func configurationsThatCannotBeNameTheKey() throws {
    func message(_ change: String, _ value: String) -> String {
      let json = """
        {"model_type": "llama", "vocab_size": 8, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1,
         "num_attention_heads": 2, "max_position_embeddings": 8, "\(change)": \(value)}
        """
      do {
        _ = try LlamaConfiguration(ConfigurationValues(json: json))
      } catch { return "\(error)" }
      return "no error"
    }
    #expect(message("rms_norm_eps", "1e-5") == "no error")
    #expect(message("num_key_value_heads", "3").contains("'num_key_value_heads'"))
    #expect(message("hidden_act", "\"relu\"").contains("'hidden_act'"))
    #expect(message("head_dim", "3").contains("'head_dim'"))
    #expect(message("rope_scaling", "{\"rope_type\": \"other\"}").contains("rope_scaling.rope_type"))
    #expect(message("sliding_window", "-1").contains("'sliding_window'"))
    #expect(message("rms_norm_eps", "\"a\"").contains("expected a number"))
  }
}
