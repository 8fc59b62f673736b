import Lathe
import LatheFormats
import LatheText

/// What a GGUF file says of its network, in the terms of a `config.json` and of the Hugging Face libraries' paths.
struct GGUFLayout {
  let configuration: ConfigurationValues
  let names: StoredNames

  /// - Throws: `LatheError` where metadata are missing or the architecture is not supported.
  init(_ file: GGUFFile, _ reader: WeightReader) throws {
    guard let architecture = try file.text("general.architecture") else {
      throw LatheError(.format, "\(file.path): the metadata 'general.architecture' is missing")
    }
    switch architecture {
    case "llama", "qwen2":
      configuration = try Self.llama(
        file, architecture, factors: reader.tensor("rope_freqs.weight")?.scalars(as: Float.self))
      let sizes = try LlamaConfiguration(configuration)
      names = Self.llamaNames(heads: sizes.heads, keyHeads: sizes.keyHeads, isTurned: architecture == "llama")
    case "gpt2":
      configuration = try Self.gpt2(file)
      names = Self.gpt2Names()
    default:
      throw LatheError(
        .unsupported,
        "\(file.path): networks of the architecture '\(architecture)' are not supported; there are gpt2, llama, qwen2"
      )
    }
  }

  private static func required(_ file: GGUFFile, _ key: String) throws -> Int {
    guard let number = try file.integer(key) else {
      throw LatheError(.format, "\(file.path): the metadata '\(key)' is missing")
    }
    return number
  }

  private static func vocabulary(_ file: GGUFFile, _ table: String) throws -> Int {
    guard let shape = file.tensors.first(where: { $0.name == table })?.spec.shape, shape.rank == 2 else {
      throw LatheError(.format, "\(file.path): there is no matrix '\(table)'")
    }
    return shape[0]
  }

  private static func llama(
    _ file: GGUFFile, _ architecture: String, factors: [Float]?
  ) throws -> ConfigurationValues {
    func integer(_ key: String) throws -> JSONValue { .integer(try required(file, "\(architecture).\(key)")) }
    var members: [JSONValue.Member] = [
      .init("model_type", .string(architecture)),
      .init(
        "architectures", .array([.string(architecture == "qwen2" ? "Qwen2ForCausalLM" : "LlamaForCausalLM")])),
      .init("vocab_size", .integer(try vocabulary(file, "token_embd.weight"))),
      .init("hidden_size", try integer("embedding_length")),
      .init("intermediate_size", try integer("feed_forward_length")),
      .init("num_hidden_layers", try integer("block_count")),
      .init("num_attention_heads", try integer("attention.head_count")),
      .init("max_position_embeddings", try integer("context_length")),
      .init("hidden_act", .string("silu")),
      .init("tie_word_embeddings", .bool(!file.tensors.contains { $0.name == "output.weight" })),
    ]
    func add(_ key: String, _ value: JSONValue?) { if let value { members.append(.init(key, value)) } }
    add(
      "num_key_value_heads",
      try file.integer("\(architecture).attention.head_count_kv").map { .integer($0) })
    add("head_dim", try file.integer("\(architecture).attention.key_length").map { .integer($0) })
    // Numbers as they were meant, not as float32 has them.
    func number(_ key: String) throws -> JSONValue? {
      try file.float("\(architecture).\(key)").map { .number(Double("\(Float($0))") ?? $0) }
    }
    add("rms_norm_eps", try number("attention.layer_norm_rms_epsilon"))
    add("rope_theta", try number("rope.freq_base"))
    add(
      "sliding_window", try file.integer("\(architecture).attention.sliding_window").map { .integer($0) })
    add("rope_scaling", try factors.map(Self.scaling) ?? scaling(file, architecture))
    for (key, name) in [("bos_token_id", "bos"), ("eos_token_id", "eos")] {
      add(key, try file.integer("tokenizer.ggml.\(name)_token_id").map { .integer($0) })
    }
    return try ConfigurationValues(.object(members), source: file.path)
  }

  private static func scaling(_ file: GGUFFile, _ architecture: String) throws -> JSONValue? {
    let key = "\(architecture).rope.scaling"
    guard let kind = try file.text("\(key).type"), kind != "none" else { return nil }
    var members: [JSONValue.Member] = [.init("rope_type", .string(kind))]
    if let factor = try file.float("\(key).factor") { members.append(.init("factor", .number(factor))) }
    if let length = try file.integer("\(key).original_context_length") {
      members.append(.init("original_max_position_embeddings", .integer(length)))
    }
    return .object(members)
  }

  private static func scaling(_ factors: [Float]) -> JSONValue {
    .object([
      .init("rope_type", .string("factors")), .init("factors", .array(factors.map { .number(Double($0)) })),
    ])
  }

  private static func gpt2(_ file: GGUFFile) throws -> ConfigurationValues {
    func integer(_ key: String) throws -> JSONValue { .integer(try required(file, "gpt2.\(key)")) }
    var members: [JSONValue.Member] = [
      .init("model_type", .string("gpt2")), .init("architectures", .array([.string("GPT2LMHeadModel")])),
      .init("vocab_size", .integer(try vocabulary(file, "token_embd.weight"))),
      .init("n_positions", try integer("context_length")), .init("n_embd", try integer("embedding_length")),
      .init("n_layer", try integer("block_count")), .init("n_head", try integer("attention.head_count")),
      .init("n_inner", try integer("feed_forward_length")),
    ]
    if let epsilon = try file.float("gpt2.attention.layer_norm_epsilon") {
      members.append(.init("layer_norm_epsilon", .number(Double("\(Float(epsilon))") ?? epsilon)))
    }
    if let end = try file.integer("tokenizer.ggml.eos_token_id") {
      members.append(.init("eos_token_id", .integer(end)))
    }
    return try ConfigurationValues(.object(members), source: file.path)
  }

  /// The name of a path of a layer, whose parts have other names.
  private static func layered(_ path: String, behind prefix: String, _ parts: [String: String]) -> String? {
    guard path.hasPrefix(prefix) else { return nil }
    let rest = path.dropFirst(prefix.count)
    guard let dot = rest.firstIndex(of: "."), let last = rest.lastIndex(of: "."), dot < last else {
      return nil
    }
    return parts[String(rest[rest.index(after: dot)..<last])].map {
      "blk.\(rest[..<dot]).\($0)\(rest[last...])"
    }
  }

  private static let llamaParts = [
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
  ]

  private static func llamaNames(heads: Int, keyHeads: Int, isTurned: Bool) -> StoredNames {
    let whole = [
      "model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
      "lm_head.weight": "output.weight",
    ]
    return StoredNames(
      ignored: { $0 == "rope_freqs.weight" },
      order: { path, rows in
        // Neighbours turn together in these files, and the two halves of a head in the network.
        guard isTurned else { return nil }
        let count: Int
        if path.hasSuffix("q_proj.weight") || path.hasSuffix("q_proj.bias") {
          count = heads
        } else if path.hasSuffix("k_proj.weight") || path.hasSuffix("k_proj.bias") {
          count = keyHeads
        } else {
          return nil
        }
        let each = rows / count
        return (0..<rows).map { row in
          let (head, place) = (row / each, row % each)
          let half = each / 2
          return Int32(head * each + 2 * (place % half) + place / half)
        }
      },
      names: { path in (whole[path] ?? layered(path, behind: "model.layers.", llamaParts)).map { [$0] } ?? []
      })
  }

  private static let gpt2Parts = [
    "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
    "ln_1": "attn_norm", "ln_2": "ffn_norm",
  ]

  private static func gpt2Names() -> StoredNames {
    let whole = [
      "transformer.wte.weight": "token_embd.weight", "transformer.wpe.weight": "position_embd.weight",
      "transformer.ln_f.weight": "output_norm.weight", "transformer.ln_f.bias": "output_norm.bias",
      "lm_head.weight": "output.weight",
    ]
    return StoredNames(
      hasPlainLinear: true,
      names: { path in (whole[path] ?? layered(path, behind: "transformer.h.", gpt2Parts)).map { [$0] } ?? []
      })
  }
}

extension StoredVocabulary {
  /// The vocabulary in a GGUF file; nil where it has none.
  ///
  /// - Throws: `LatheError` where a part of it is missing or of another type.
  init?(_ file: GGUFFile) throws {
    guard let model = try file.text("tokenizer.ggml.model"),
      let tokens = try file.texts("tokenizer.ggml.tokens")
    else { return nil }
    func id(_ name: String) throws -> Int? { try file.integer("tokenizer.ggml.\(name)_token_id") }
    func flag(_ name: String) throws -> Bool? { try file.flag("tokenizer.ggml.\(name)") }
    self.init(
      model: model, preTokenizer: try file.text("tokenizer.ggml.pre") ?? "default", tokens: tokens,
      kinds: try file.integers("tokenizer.ggml.token_type").map { $0.map { Int32(clamping: $0) } } ?? [],
      merges: try file.texts("tokenizer.ggml.merges") ?? [],
      scores: try file.floats("tokenizer.ggml.scores") ?? [], beginning: try id("bos"), end: try id("eos"),
      unknown: try id("unknown"), separator: try id("seperator"), padding: try id("padding"),
      classification: try id("cls"), mask: try id("mask"), addsBeginning: try flag("add_bos_token"),
      addsEnd: try flag("add_eos_token"), addsPrefixSpace: try flag("add_space_prefix") ?? true,
      removesExtraSpaces: try flag("remove_extra_whitespaces") ?? true,
      characterMap: try file.integers("tokenizer.ggml.precompiled_charsmap").map {
        $0.map { UInt8(truncatingIfNeeded: $0) }
      } ?? [],
      chatTemplate: try file.text("tokenizer.chat_template"))
  }
}
