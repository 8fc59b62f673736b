import Lathe
import LatheNN

/// A copy of a layer that is trained whole and kept with an adapter.
final class SavedBranch: AdapterBranch {
  private let copy: Linear

  init(_ base: BaseLinear) {
    copy = Linear(
      weight: Parameter(base.matrix.contiguous()), bias: base.bias.map { Parameter($0.value.detached()) })
  }

  func result(_ result: Tensor, _ input: Tensor, _ base: BaseLinear, plain: Tensor) -> Tensor { copy(input) }

  func merged(_ weight: Tensor, _ bias: Tensor?) -> (weight: Tensor, bias: Tensor?)? {
    (copy.weight.value.detached(), copy.bias?.value.detached())
  }

  func visit(_ visitor: inout ModuleVisitor, _ name: String) {
    visitor.module("modules_to_save.\(name)", copy)
  }

  var stored: [(name: String, parameter: Parameter)] {
    [("weight", copy.weight)] + (copy.bias.map { [("bias", $0)] } ?? [])
  }

  var replacesBase: Bool { true }
}
