import Lathe
import LatheFiles
import LatheFormats
import LatheLanguage
import LatheNN
import LatheText

extension ModelAdapters {
  private static let configurationName = "adapter_config.json"
  private static let weightsName = "adapter_model.safetensors"
  /// What names in PEFT's files begin with.
  private static let prefix = "base_model.model."

  /// Writes an adapter as PEFT does: `adapter_config.json` and `adapter_model.safetensors`.
  ///
  /// - Parameters:
  ///   - folder: The folder, which is made where it is not there.
  ///   - name: The adapter.
  ///   - base: What the base is called, for those who load it.
  ///   - task: PEFT's name of the task, such as `SEQ_CLS` or `CAUSAL_LM`.
  /// - Throws: `LatheError` where there is no such adapter or a file cannot be written.
  public func save(
    to folder: String, name: String = defaultName, base: String? = nil, task: String? = nil
  ) throws {
    let configuration = try configuration(of: name)
    var tensors: [(name: String, tensor: Tensor)] = []
    var ranks: [(name: String, isLeft: [Bool])] = []
    var transposes = false
    for (path, layer) in adapted {
      guard let branch = layer.branch(name) else { continue }
      if case .transposed = layer.base { transposes = true }
      if let branch = branch as? AdaLoRABranch {
        let left = try branch.ranksLeft()
        ranks.append(("\(path).lora_E", left))
        tensors += branch.stored(left).map { (Self.prefix + "\(path).\($0.name)", $0.tensor) }
      } else {
        tensors += branch.stored.map {
          (Self.prefix + "\(path).\($0.name)", $0.parameter.value.detached())
        }
      }
    }
    let paths = adapted.filter { $0.layer.branch(name).map { !$0.replacesBase } ?? false }.map(\.path)
    tensors += biases(configuration.placement, paths).map {
      (Self.prefix + $0.name, $0.parameter.value.detached())
    }
    try AtomicFile.makeFolder(folder)
    try WeightFile.write(tensors, metadata: ["format": "pt"], to: "\(folder)/\(Self.weightsName)")
    try ConfigurationValues(
      members: configuration.members(base: base, task: task, transposes: transposes, ranks: ranks)
    ).write(to: "\(folder)/\(Self.configurationName)")
  }

  /// Biases of the base that are trained with an adapter, by their names in files.
  ///
  /// - Parameter paths: The layers that the adapter is put on.
  func biases(
    _ placement: AdapterPlacement, _ paths: [String]
  ) -> [(name: String, parameter: Parameter)] {
    guard placement.bias != .none else { return [] }
    let targets = Set(paths)
    let end = ".base_layer"
    let own = Set(
      adapted.flatMap { $0.layer.branches }.flatMap { $0.branch.parameters }.map(ObjectIdentifier.init))
    return model.namedParameters.compactMap { name, parameter in
      guard name.hasSuffix(".bias"), !own.contains(ObjectIdentifier(parameter)) else { return nil }
      var path = String(name.dropLast(".bias".count))
      if path.hasSuffix(end) { path = String(path.dropLast(end.count)) }
      if targets.contains(path) { return ("\(path)\(end).bias", parameter) }
      return placement.bias == .all && !placement.saves(path) ? ("\(path).bias", parameter) : nil
    }
  }

  /// Puts an adapter of a folder on the network, one of PEFT's or of `save(to:name:base:task:)`, which is used from now on.
  ///
  /// - Parameters:
  ///   - folder: With `adapter_config.json` and `adapter_model.safetensors`.
  ///   - name: What it is called.
  /// - Throws: `LatheError` where a file is missing or damaged, asks for what is not supported, or belongs to another
  ///   base, with the names that do not fit; the network is unchanged then.
  public func load(from folder: String, name: String = defaultName) throws {
    let values = try ConfigurationValues(path: "\(folder)/\(Self.configurationName)")
    let configuration = try AdapterConfiguration(values)
    let reader = try WeightReader(path: "\(folder)/\(Self.weightsName)")
    var placement = configuration.placement
    // PEFT lists the heads of all networks for a task; those count that the file has.
    placement.saved = placement.saved.filter { name in
      reader.specs.keys.contains {
        AdapterPlacement(.allLinear, saved: [name]).saves(String($0.dropFirst(Self.prefix.count)))
      }
    }
    var ranks: [String: Int] = [:]
    for (key, spec) in reader.specs where key.hasSuffix(".lora_E") && key.hasPrefix(Self.prefix) {
      ranks[String(key.dropFirst(Self.prefix.count).dropLast(".lora_E".count))] = spec.shape.first
    }
    let branches = try prepared(
      configuration, name: name, placement: placement, ranks: ranks, generator: .layers)
    var expected: [String: Parameter] = [:]
    for (path, branch) in branches {
      for (end, parameter) in branch.stored { expected[Self.prefix + "\(path).\(end)"] = parameter }
    }
    let targets = branches.filter { !$0.branch.replacesBase }.map(\.path)
    for (key, parameter) in biases(placement, targets) { expected[Self.prefix + key] = parameter }
    try check(reader, expected)
    var read: [(Parameter, Tensor)] = []
    for (key, parameter) in expected {
      guard let tensor = try reader.tensor(key, as: .float32, device: parameter.value.device) else {
        continue
      }
      read.append((parameter, tensor))
    }
    for (parameter, tensor) in read { parameter.value = tensor }
    try attach(configuration, name, branches)
  }

  /// Compares names and shapes of a file with those of branches.
  private func check(_ reader: WeightReader, _ expected: [String: Parameter]) throws {
    // PEFT writes the biases of a kept head three times with `bias="all"`.
    let isCopy = { (name: String) in name.contains(".original_module.") || name.contains(".modules_to_save.")
    }
    let missing = expected.keys.filter { reader.specs[$0] == nil }.sorted()
    let surplus = reader.specs.keys.filter { expected[$0] == nil && !isCopy($0) }.sorted()
    let differing = expected.compactMap { key, parameter -> String? in
      guard let spec = reader.specs[key], spec.shape != parameter.shape || !spec.dtype.isFloatingPoint else {
        return nil
      }
      return "\(key) is \(spec.dtype) \(spec.shape), expected float32 \(parameter.shape)"
    }.sorted()
    guard !missing.isEmpty || !surplus.isEmpty || !differing.isEmpty else { return }
    func list(_ names: [String]) -> String {
      names.prefix(8).joined(separator: ", ") + (names.count > 8 ? " and \(names.count - 8) more" : "")
    }
    let parts = [
      missing.isEmpty ? nil : "it lacks \(list(missing))",
      surplus.isEmpty ? nil : "it has \(list(surplus)) too many",
      differing.isEmpty ? nil : list(differing),
    ]
    throw LatheError(
      .format,
      "\(reader.source): an adapter of another base than this \(type(of: model)): \(parts.compactMap { $0 }.joined(separator: "; "))"
    )
  }
}

extension AdaLoRABranch {
  /// Which of the singular values are not zero.
  func ranksLeft() throws -> [Bool] {
    let values = try e.value.scalars(as: Float.self)
    // Before anything was learned all are zero, and none is taken away.
    return values.allSatisfy { $0 == 0 } ? values.map { _ in true } : values.map { $0 != 0 }
  }

  /// What a file holds, without the ranks that were taken away.
  func stored(_ isLeft: [Bool]) -> [(name: String, tensor: Tensor)] {
    let left = isLeft.enumerated().filter(\.element).map { Int32($0.offset) }
    let places = Tensor(left, shape: [left.count], device: e.value.device)
    return [
      ("lora_A", a.value.detached().indexSelected(axis: 0, indices: places)),
      ("lora_B", b.value.detached().indexSelected(axis: 1, indices: places)),
      ("lora_E", e.value.detached().indexSelected(axis: 0, indices: places)),
    ]
  }
}
