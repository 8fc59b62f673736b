import Lathe
import LatheNN

/// The adapters of one network: small sets of parameters that are trained in place of the network's own, as PEFT has them.
///
/// ```swift
/// let model = try SequenceClassifier.pretrained("minilm", labels: ["bad", "good"], newLayers: ["classifier"])
/// let adapters = ModelAdapters(of: model)
/// try adapters.add(.lora(LoRAConfiguration(AdapterPlacement(.names(["query", "value"]), saved: ["classifier"]))))
/// print(adapters.summary)          // trained parameters, all parameters, per cent
/// // … train model.trainableParameters …
/// try adapters.save(to: "run/adapter")
/// ```
/// The first adapter freezes the network. An optimizer has to be made after it, with `model.trainableParameters`.
public final class ModelAdapters {
  /// The network.
  public let model: any ParameterContainer
  /// The adapters' settings by their names, in the order in which they came.
  public private(set) var configurations: [(name: String, configuration: AdapterConfiguration)] = []
  /// The adapters that are used; their updates are added in this order.
  public private(set) var active: [String] = []
  /// The name of an adapter that is given none.
  public static let defaultName = "default"

  /// A network without adapters.
  ///
  /// - Parameter model: A network whose linear layers others can take the places of.
  public init(of model: any ParameterContainer) { self.model = model }

  /// Puts a new adapter on the network, which is used from now on in place of those before.
  ///
  /// - Parameters:
  ///   - configuration: Its settings.
  ///   - name: What it is called.
  ///   - generator: Draws its first weights.
  /// - Throws: `LatheError` where settings cannot be, no layer is a target, or a target is no linear layer; the network is
  ///   unchanged then.
  public func add(
    _ configuration: AdapterConfiguration, name: String = defaultName, generator: Generator = .layers
  ) throws {
    try attach(
      configuration, name,
      prepared(
        configuration, name: name, placement: configuration.placement, ranks: [:], generator: generator))
  }

  /// The branches of a new adapter by the paths of their layers; the network is not changed.
  ///
  /// - Parameter ranks: Ranks by paths, where a file has taken some away.
  func prepared(
    _ configuration: AdapterConfiguration, name: String, placement: AdapterPlacement, ranks: [String: Int],
    generator: Generator
  ) throws -> [(path: String, branch: any AdapterBranch)] {
    try configuration.check()
    guard !name.isEmpty, !name.contains("."), configurations.allSatisfy({ $0.name != name }) else {
      throw LatheError(
        .invalidArgument,
        "an adapter called '\(name)': give it a name without points that none of \(configurations.map(\.name)) has"
      )
    }
    try checkUnmerged()
    let (targets, saved) = try chosenLayers(placement)
    return targets.map { path, base -> (String, any AdapterBranch) in
      switch configuration {
      case .lora(let settings): (path, LoRABranch(settings, path, base, generator))
      case .adaLoRA(let settings): (path, AdaLoRABranch(settings, rank: ranks[path], base, generator))
      case .bottleneck(let settings): (path, BottleneckBranch(settings, base, generator))
      }
    } + saved.map { ($0.0, SavedBranch($0.1)) }
  }

  /// Puts prepared branches into the network.
  func attach(
    _ configuration: AdapterConfiguration, _ name: String,
    _ branches: [(path: String, branch: any AdapterBranch)]
  ) throws {
    if configurations.isEmpty { model.freeze() }
    // A network that is not in training must not drop what the adapter takes.
    let mode = model.namedModules.lazy.compactMap(\.module.trainingMode).first
    if let mode { for (_, branch) in branches { branch.setTraining(mode) } }
    for (path, branch) in branches { try wrapped(path).add(name, branch) }
    let targets = branches.filter { !$0.branch.replacesBase }.map(\.path)
    for (_, bias) in biases(configuration.placement, targets) { bias.isFrozen = false }
    configurations.append((name, configuration))
    try activate([name])
  }

  /// The linear layers that an adapter is put on, and those it keeps whole.
  private func chosenLayers(
    _ placement: AdapterPlacement
  ) throws -> (targets: [(String, BaseLinear)], saved: [(String, BaseLinear)]) {
    let isTarget = try placement.targets.matcher()
    let isExcluded = try placement.excluded?.matcher() ?? { _ in false }
    let all = layers
    let saved = all.filter { placement.saves($0.path) }
    let head = Self.headPaths(model)
    let targets = all.filter { path, _ in
      guard isTarget(path), !isExcluded(path), !placement.saves(path) else { return false }
      if placement.targets == .allLinear, head.contains(path) { return false }
      return placement.layers.map { numbers in
        AdapterPlacement.layerNumber(path).map(numbers.contains) ?? false
      } ?? true
    }
    guard !targets.isEmpty else {
      let others = model.namedModules.map(\.path).filter { isTarget($0) && !isExcluded($0) }
      throw LatheError(
        .invalidArgument,
        "target modules '\(placement.targets.text)': "
          + (others.isEmpty
            ? "no layer of \(type(of: model)) is called so; its linear layers are \(list(all.map(\.path)))"
            : "\(list(others)) of \(type(of: model)) are no linear layers"))
    }
    for name in placement.saved
    where !saved.contains(where: { AdapterPlacement(.allLinear, saved: [name]).saves($0.path) }) {
      throw LatheError(
        .invalidArgument,
        "modules to save '\(name)': no linear layer of \(type(of: model)) is called so; they are \(list(all.map(\.path)))"
      )
    }
    for (path, base) in saved {
      if case .transposed = base {
        throw LatheError(
          .unsupported,
          "modules to save '\(path)': a layer whose weight lies as [in, out]; train it with an adapter")
      }
    }
    return (targets, saved)
  }

  /// All linear layers by their paths, without what adapters have put there.
  private var layers: [(path: String, base: BaseLinear)] {
    var inside: Set<ObjectIdentifier> = []
    return model.namedModules.compactMap { path, module in
      if let adapted = module as? AdaptedLinear {
        inside.formUnion(adapted.namedModules.map { ObjectIdentifier($0.module) })
        return (path, adapted.base)
      }
      guard !inside.contains(ObjectIdentifier(module)) else { return nil }
      return BaseLinear(module).map { (path, $0) }
    }
  }

  /// The linear layers outside the network that its head stands on.
  private static func headPaths(_ model: any ParameterContainer) -> Set<String> {
    let names = [
      "classifier", "score", "lm_head", "qa_outputs", "pre_classifier", "cls", "vocab_transform",
      "vocab_projector",
    ]
    return Set(
      model.namedModules.map(\.path).filter { path in
        names.contains { path == $0 || path.hasPrefix("\($0).") }
      })
  }

  private func list(_ paths: [String]) -> String {
    paths.prefix(12).joined(separator: ", ") + (paths.count > 12 ? " and \(paths.count - 12) more" : "")
  }

  /// The layer at a path with place for branches.
  private func wrapped(_ path: String) throws -> AdaptedLinear {
    if let present = model.module(at: path) as? AdaptedLinear { return present }
    var made: AdaptedLinear?
    try model.replace(PathPattern(path)) { (module: any Module) in
      guard let base = BaseLinear(module) else { return module }
      let adapted = AdaptedLinear(base)
      made = adapted
      return adapted
    }
    guard let made else { throw LatheError(.invalidArgument, "'\(path)' is no linear layer") }
    return made
  }

  /// The layers with branches, by their paths.
  var adapted: [(path: String, layer: AdaptedLinear)] {
    model.namedModules.compactMap { path, module in (module as? AdaptedLinear).map { (path, $0) } }
  }

  /// Chooses the adapters that are used, and trained if anything is: their updates are added, one behind the other.
  ///
  /// - Parameter names: Adapters of the network; none leaves the base alone.
  /// - Throws: `LatheError` where there is none of a name, one is given twice, or adapters are merged.
  public func activate(_ names: [String]) throws {
    try checkUnmerged()
    for name in names { _ = try configuration(of: name) }
    guard Set(names).count == names.count else {
      throw LatheError(.invalidArgument, "adapters \(names): give each once")
    }
    active = names
    for (_, layer) in adapted {
      layer.activate(names)
      for (name, branch) in layer.branches {
        for parameter in branch.parameters { parameter.isFrozen = !names.contains(name) }
      }
    }
  }

  /// The settings of an adapter.
  ///
  /// - Throws: `LatheError` where there is none of that name.
  public func configuration(of name: String) throws -> AdapterConfiguration {
    guard let found = configurations.first(where: { $0.name == name }) else {
      throw LatheError(
        .invalidArgument,
        "there is no adapter '\(name)'; there \(configurations.isEmpty ? "is none" : "are \(configurations.map(\.name).joined(separator: ", "))")"
      )
    }
    return found.configuration
  }

  /// Puts the active adapters' updates into the weights, so that they cost nothing; `unmerge()` takes them out again, to the bit.
  ///
  /// - Throws: `LatheError` where an adapter is no update of weights, or they are merged already.
  public func merge() throws {
    try checkUnmerged()
    try checkMergeable()
    for (_, layer) in adapted { layer.merge() }
  }

  private func checkMergeable() throws {
    guard let (path, _) = adapted.first(where: { !$0.layer.canMerge }) else { return }
    throw LatheError(
      .unsupported,
      "the adapter at '\(path)' is a network behind the layer and no update of its weight; it cannot be merged"
    )
  }

  /// Takes merged updates out of the weights.
  public func unmerge() { for (_, layer) in adapted { layer.unmerge() } }

  private func checkUnmerged() throws {
    guard let (path, _) = adapted.first(where: \.layer.isMerged) else { return }
    throw LatheError(
      .invalidArgument, "the adapters are merged, at '\(path)' and elsewhere; call unmerge() first")
  }

  /// Removes an adapter.
  ///
  /// - Throws: `LatheError` where there is none of that name, or adapters are merged.
  public func remove(_ name: String) throws {
    try checkUnmerged()
    _ = try configuration(of: name)
    configurations.removeAll { $0.name == name }
    for (_, layer) in adapted { layer.remove(name) }
    try activate(active.filter { $0 != name })
  }

  /// Removes all adapters, and leaves the network of before, or one with the updates of the active ones in its weights.
  ///
  /// - Parameter merging: Whether updates are kept in the weights; blocks become float32 where they are.
  /// - Throws: `LatheError` where an adapter cannot be merged.
  public func unload(merging: Bool) throws {
    unmerge()
    if merging { try checkMergeable() }
    for (path, layer) in adapted {
      let plain = merging ? layer.mergedLayer() ?? layer.base.module : layer.base.module
      try model.replace(PathPattern(path)) { (_: AdaptedLinear) in plain }
    }
    configurations = []
    active = []
  }

  /// Elements of the parameters that are trained, and of all.
  public var parameterCounts: (trained: Int, all: Int) {
    let quantized = model.namedModules.reduce(0) { sum, entry in
      sum + ((entry.module as? QuantizedLinear)?.weight.shape.elementCount ?? 0)
        + ((entry.module as? QuantizedEmbedding)?.weight.shape.elementCount ?? 0)
    }
    return (model.trainableParameterCount, model.parameterCount + quantized)
  }

  /// The counts in a line, as PEFT prints them.
  public var summary: String {
    let (trained, all) = parameterCounts
    let share = (Double(trained) / Double(max(all, 1)) * 1e6).rounded() / 1e4
    return "trainable params: \(trained.grouped) || all params: \(all.grouped) || trainable%: \(share)"
  }
}

extension Int {
  /// With a comma between thousands.
  fileprivate var grouped: String {
    let digits = String(magnitude)
    let parts = stride(from: digits.count, to: 0, by: -3).map { end in
      String(digits.dropLast(digits.count - end).suffix(3))
    }
    return (self < 0 ? "-" : "") + parts.reversed().joined(separator: ",")
  }
}
