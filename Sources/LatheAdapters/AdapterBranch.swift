import Lathe
import LatheNN

/// What one adapter adds to one layer.
protocol AdapterBranch: AnyObject {
  /// The layer's result with the branch.
  ///
  /// - Parameters:
  ///   - result: With the branches before.
  ///   - input: Of the layer, [..., in].
  ///   - base: The layer.
  ///   - plain: The layer's own result.
  func result(_ result: Tensor, _ input: Tensor, _ base: BaseLinear, plain: Tensor) -> Tensor

  /// Weight and bias of a layer without the branch that does the same; nil where there is none.
  func merged(_ weight: Tensor, _ bias: Tensor?) -> (weight: Tensor, bias: Tensor?)?

  /// Names the parameters, which are called after the adapter.
  func visit(_ visitor: inout ModuleVisitor, _ name: String)

  /// Whether the branch is in training.
  func setTraining(_ isTraining: Bool)

  /// What a file of the adapter holds of it, by the ends of names.
  var stored: [(name: String, parameter: Parameter)] { get }

  /// Whether it is an update of the weight, which a layer without it can do.
  var canMerge: Bool { get }

  /// Whether the base's result is of no use with the branch.
  var replacesBase: Bool { get }
}

extension AdapterBranch {
  var canMerge: Bool { true }

  var replacesBase: Bool { false }

  func setTraining(_ isTraining: Bool) {}

  var parameters: [Parameter] { stored.map(\.parameter) }
}
