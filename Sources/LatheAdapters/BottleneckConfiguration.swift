import Lathe

/// A small network behind a layer: h + U f(D h + d) + u with D [width / reduction, width]
/// (Houlsby et al., 2019: behind both parts of each layer; Pfeiffer et al., 2021: behind the second).
public struct BottleneckConfiguration: Sendable, Hashable {
  /// Where it is put.
  public var placement: AdapterPlacement
  /// The layer's width by that of the bottleneck.
  public var reduction: Int
  /// The function in between.
  public var activation: Activation
  /// U begins with this deviation, so that the network is nearly what it was.
  public var deviation: Float

  /// The function between the two layers.
  public enum Activation: String, Sendable, Hashable, CaseIterable {
    case relu, gelu, silu, tanh
  }

  /// Settings.
  ///
  /// - Parameters:
  ///   - placement: Where it is put.
  ///   - reduction: The layer's width by that of the bottleneck.
  ///   - activation: The function in between.
  ///   - deviation: Of the first weights; small, so that the network is nearly what it was.
  public init(
    _ placement: AdapterPlacement, reduction: Int = 16, activation: Activation = .relu,
    deviation: Float = 1e-3
  ) {
    self.placement = placement
    self.reduction = reduction
    self.activation = activation
    self.deviation = deviation
  }

  /// Behind both parts of each layer of BERT's and DistilBERT's kind (Houlsby et al., 2019).
  ///
  /// - Parameter saved: Layers that are trained whole, such as `classifier`.
  public static func houlsby(saved: [String] = []) -> BottleneckConfiguration {
    BottleneckConfiguration(
      AdapterPlacement(.names(["output.dense", "out_lin", "lin2"]), saved: saved), activation: .gelu)
  }

  /// Behind the feed-forward part of each layer of BERT's and DistilBERT's kind (Pfeiffer et al., 2021).
  ///
  /// - Parameter saved: Layers that are trained whole, such as `classifier`.
  public static func pfeiffer(saved: [String] = []) -> BottleneckConfiguration {
    BottleneckConfiguration(
      AdapterPlacement(
        .names(["output.dense", "lin2"]), excluded: .names(["attention.output.dense"]), saved: saved))
  }

  func check() throws {
    guard reduction >= 1, deviation.isFinite, deviation >= 0 else {
      throw LatheError(
        .invalidArgument,
        "bottleneck: a reduction of \(reduction) and a deviation of \(deviation); give at least 1 and 0")
    }
  }
}
