import Lathe

/// What an adapter is: its method and the layers it is put on.
public enum AdapterConfiguration: Sendable, Hashable {
  /// Low-rank updates of weights.
  case lora(LoRAConfiguration)
  /// Low-rank updates in the form of singular values, whose ranks are shared out while they are trained.
  case adaLoRA(AdaLoRAConfiguration)
  /// Small networks behind layers.
  case bottleneck(BottleneckConfiguration)

  /// Where it is put.
  var placement: AdapterPlacement {
    switch self {
    case .lora(let settings): settings.placement
    case .adaLoRA(let settings): settings.placement
    case .bottleneck(let settings): settings.placement
    }
  }

  /// Says what cannot be.
  ///
  /// - Throws: `LatheError.invalidArgument`.
  func check() throws {
    switch self {
    case .lora(let settings): try settings.check()
    case .adaLoRA(let settings): try settings.check()
    case .bottleneck(let settings): try settings.check()
    }
  }
}

/// The layers that an adapter is put on, and what else is trained with it.
public struct AdapterPlacement: Sendable, Hashable {
  /// The layers.
  public var targets: AdapterTargets
  /// Layers left out of them, by the same rules; nil for none.
  public var excluded: AdapterTargets?
  /// Of the layers numbered as in `encoder.layer.3.attention`, only these; all where nil.
  public var layers: [Int]?
  /// Linear layers that are trained whole and kept with the adapter, such as a new head: `classifier`, and all below it.
  public var saved: [String]
  /// The biases that are trained with it.
  public var bias: AdapterBias

  /// A placement.
  ///
  /// - Parameters:
  ///   - targets: The layers.
  ///   - excluded: Layers left out of them.
  ///   - layers: Numbers of layers, in networks that number them.
  ///   - saved: Linear layers that are trained whole and kept with the adapter.
  ///   - bias: The biases that are trained with it.
  public init(
    _ targets: AdapterTargets, excluded: AdapterTargets? = nil, layers: [Int]? = nil, saved: [String] = [],
    bias: AdapterBias = .none
  ) {
    self.targets = targets
    self.excluded = excluded
    self.layers = layers
    self.saved = saved
    self.bias = bias
  }

  /// Whether a layer is one that is trained whole.
  func saves(_ path: String) -> Bool {
    saved.contains { name in
      path == name || path.hasPrefix("\(name).") || path.hasSuffix(".\(name)") || path.contains(".\(name).")
    }
  }

  /// The last number in a path that stands behind two parts and before one, as PEFT finds a layer's number.
  static func layerNumber(_ path: String) -> Int? {
    let parts = path.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 4 else { return nil }
    return (2..<parts.count - 1).reversed().lazy.compactMap { Int(parts[$0]) }.first
  }
}

/// The biases of the base that are trained with an adapter; PEFT's `bias`.
public enum AdapterBias: String, Sendable, Hashable, CaseIterable {
  /// No bias.
  case none
  /// Those of all layers.
  case all
  /// Those of the layers that the adapter is put on.
  case adapted = "lora_only"
}
