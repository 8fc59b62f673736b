import Lathe
import LatheLanguage
import LatheText

extension AdapterConfiguration {
  /// Settings of a file `adapter_config.json`.
  ///
  /// - Throws: `LatheError` naming the key that is missing, wrong, or asks for what is not supported.
  init(_ values: ConfigurationValues) throws {
    switch try values.text("peft_type") {
    case "LORA": self = .lora(try LoRAConfiguration(values))
    case "ADALORA": self = .adaLoRA(try AdaLoRAConfiguration(values))
    case Self.bottleneckName: self = .bottleneck(try BottleneckConfiguration(values))
    case let type:
      throw values.failure(
        "peft_type", "'\(type ?? "")' is not supported; there are LORA, ADALORA and \(Self.bottleneckName)")
    }
  }

  /// How files call small networks behind layers, which PEFT does not have.
  private static let bottleneckName = "BOTTLENECK"

  /// The members of a file `adapter_config.json`.
  ///
  /// - Parameters:
  ///   - base: What the base is called.
  ///   - task: PEFT's name of the task, such as `SEQ_CLS`.
  ///   - transposes: Whether the layers' weights lie as [in, out].
  ///   - ranks: The ranks that AdaLoRA has left, by names of parameters.
  func members(
    base: String?, task: String?, transposes: Bool, ranks: [(name: String, isLeft: [Bool])]
  ) -> [JSONValue.Member] {
    var members = placement.members
    func put(_ key: String, _ value: JSONValue) { members.append(JSONValue.Member(key, value)) }
    put("base_model_name_or_path", base.map { .string($0) } ?? .null)
    put("task_type", task.map { .string($0) } ?? .null)
    put("inference_mode", .bool(true))
    switch self {
    case .lora(let settings):
      put("peft_type", .string("LORA"))
      put("fan_in_fan_out", .bool(transposes))
      settings.write(put)
    case .adaLoRA(let settings):
      put("peft_type", .string("ADALORA"))
      put("fan_in_fan_out", .bool(transposes))
      settings.write(put)
      let pattern = ranks.map { JSONValue.Member($0.name, .array($0.isLeft.map { .bool($0) })) }
      put("rank_pattern", pattern.isEmpty ? .null : .object(pattern))
    case .bottleneck(let settings):
      put("peft_type", .string(Self.bottleneckName))
      settings.write(put)
    }
    return members
  }
}

extension AdapterPlacement {
  init(_ values: ConfigurationValues) throws {
    self.init(
      try Self.targets("target_modules", values) ?? .allLinear,
      excluded: try Self.targets("exclude_modules", values),
      layers: try values.integers("layers_to_transform"), saved: try values.texts("modules_to_save") ?? [])
    if let name = try values.text("bias") {
      guard let bias = AdapterBias(rawValue: name) else {
        throw values.failure(
          "bias", "'\(name)' is none of \(AdapterBias.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      self.bias = bias
    }
  }

  private static func targets(_ key: String, _ values: ConfigurationValues) throws -> AdapterTargets? {
    guard values.holdsText(key) else { return try values.texts(key).map { .names($0) } }
    let text = try values.text(key) ?? ""
    return text == AdapterTargets.allLinearName ? .allLinear : .expression(text)
  }

  var members: [JSONValue.Member] {
    func value(_ targets: AdapterTargets?) -> JSONValue {
      switch targets {
      case .names(let names): .array(names.map { .string($0) })
      case .expression(let text): .string(text)
      case .allLinear: .string(AdapterTargets.allLinearName)
      case nil: .null
      }
    }
    return [
      JSONValue.Member("target_modules", value(targets)),
      JSONValue.Member("exclude_modules", value(excluded)),
      JSONValue.Member(
        "layers_to_transform", layers.map { .array($0.map { .integer($0) }) } ?? .null),
      JSONValue.Member("modules_to_save", saved.isEmpty ? .null : .array(saved.map { .string($0) })),
      JSONValue.Member("bias", .string(bias.rawValue)),
    ]
  }
}

/// Keys of PEFT's files that ask for what is not supported where they are true, not null and not empty.
private let refusedKeys = [
  "lora_bias", "use_qalora", "use_bdlora", "layer_replication", "target_parameters",
  "trainable_token_indices",
  "alora_invocation_tokens", "velora_config", "arrow_config", "monteclora_config", "kasa_config",
]

extension LoRAConfiguration {
  fileprivate init(_ values: ConfigurationValues) throws {
    try values.refuse(refusedKeys)
    self.init(
      try AdapterPlacement(values), rank: try values.integer("r"),
      alpha: try values.optionalNumber("lora_alpha") ?? 8,
      dropout: Float(try values.optionalNumber("lora_dropout") ?? 0),
      isRankStabilized: try values.flag("use_rslora") ?? false,
      isWeightDecomposed: try values.flag("use_dora") ?? false)
    if values.holdsText("init_lora_weights"), let name = try values.text("init_lora_weights") {
      // The others change the base, too, which an adapter's file does not hold.
      guard ["gaussian", "eva", "orthogonal"].contains(name) else {
        throw values.failure(
          "init_lora_weights",
          "'\(name)' changes the base's weights; save it with PEFT as an update of the first base")
      }
      start = name == "gaussian" ? .gaussian : .linear
    }
    ranks = try values.wholeNumbers("rank_pattern")
    alphas = try values.numbersByName("alpha_pattern")
    try check()
  }

  fileprivate func write(_ put: (String, JSONValue) -> Void) {
    put("r", .integer(rank))
    put("lora_alpha", .number(alpha))
    put("lora_dropout", .number(Double(dropout)))
    put("use_rslora", .bool(isRankStabilized))
    put("use_dora", .bool(isWeightDecomposed))
    put("init_lora_weights", start == .gaussian ? .string("gaussian") : .bool(true))
    func sorted<Value>(_ values: [String: Value], _ json: (Value) -> JSONValue) -> JSONValue {
      .object(values.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, json($0.value)) })
    }
    put("rank_pattern", sorted(ranks) { .integer($0) })
    put("alpha_pattern", sorted(alphas) { .number($0) })
  }
}

extension AdaLoRAConfiguration {
  fileprivate init(_ values: ConfigurationValues) throws {
    try values.refuse(refusedKeys + ["use_dora", "use_rslora"])
    self.init(
      try AdapterPlacement(values), totalSteps: try values.integer("total_step"),
      targetRank: try values.optionalInteger("target_r") ?? 8,
      initialRank: try values.optionalInteger("init_r") ?? 12,
      alpha: try values.optionalNumber("lora_alpha") ?? 8,
      dropout: Float(try values.optionalNumber("lora_dropout") ?? 0),
      warmupSteps: try values.optionalInteger("tinit") ?? 0,
      finalSteps: try values.optionalInteger("tfinal") ?? 0,
      interval: try values.optionalInteger("deltaT") ?? 1,
      sensitivityDecay: Float(try values.optionalNumber("beta1") ?? 0.85),
      uncertaintyDecay: Float(try values.optionalNumber("beta2") ?? 0.85),
      orthogonality: Float(try values.optionalNumber("orth_reg_weight") ?? 0.5))
    try check()
  }

  fileprivate func write(_ put: (String, JSONValue) -> Void) {
    for (key, value) in [
      ("target_r", targetRank), ("init_r", initialRank), ("tinit", warmupSteps), ("tfinal", finalSteps),
      ("deltaT", interval), ("total_step", totalSteps),
    ] { put(key, .integer(value)) }
    for (key, value) in [
      ("lora_alpha", alpha), ("lora_dropout", Double(dropout)), ("beta1", Double(sensitivityDecay)),
      ("beta2", Double(uncertaintyDecay)), ("orth_reg_weight", Double(orthogonality)),
    ] { put(key, .number(value)) }
  }
}

extension BottleneckConfiguration {
  fileprivate init(_ values: ConfigurationValues) throws {
    let name = try values.text("activation") ?? Activation.relu.rawValue
    guard let activation = Activation(rawValue: name) else {
      throw values.failure(
        "activation", "'\(name)' is none of \(Activation.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    self.init(
      try AdapterPlacement(values), reduction: try values.integer("reduction_factor"), activation: activation)
    try check()
  }

  fileprivate func write(_ put: (String, JSONValue) -> Void) {
    put("reduction_factor", .integer(reduction))
    put("activation", .string(activation.rawValue))
  }
}
