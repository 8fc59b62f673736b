import Lathe
import LatheNN

/// A linear layer with what adapters add to it.
///
/// The layer itself is the module `base_layer`, as in PEFT.
public final class AdaptedLinear: Module {
  let base: BaseLinear
  private(set) var branches: [(name: String, branch: any AdapterBranch)] = []
  /// The adapters whose branches are added, in this order.
  private var active: [String] = []
  /// A layer that does the same as base and branches together.
  private var merged: (any Module)?

  init(_ base: BaseLinear) { self.base = base }

  /// Computes the layer.
  public func forward(_ input: Tensor) -> Tensor {
    if let merged { return merged.forward(input) }
    let used = usedBranches
    // Nothing below a layer of the adapter's own has to be computed.
    if let last = used.last, last.replacesBase { return last.result(input, input, base, plain: input) }
    let plain = base.module(input)
    return used.reduce(plain) { $1.result($0, input, base, plain: plain) }
  }

  private var usedBranches: [any AdapterBranch] {
    active.compactMap { name in branches.first { $0.name == name }?.branch }
  }

  func add(_ name: String, _ branch: any AdapterBranch) { branches.append((name, branch)) }

  func branch(_ name: String) -> (any AdapterBranch)? { branches.first { $0.name == name }?.branch }

  func remove(_ name: String) { branches.removeAll { $0.name == name } }

  func activate(_ names: [String]) { active = names }

  /// Whether a layer without branches does the same.
  var canMerge: Bool { usedBranches.allSatisfy(\.canMerge) }

  /// The layer that does the same as base and active branches; nil where there is none.
  func mergedLayer() -> (any Module)? {
    var (weight, bias) = (base.matrix, base.bias?.value.detached())
    let used = usedBranches
    guard !used.isEmpty else { return base.module }
    for branch in used {
      guard let next = branch.merged(weight, bias) else { return nil }
      (weight, bias) = next
    }
    return base.with(matrix: weight, bias: bias)
  }

  /// Computes by one layer what base and branches do; the base is kept, so that `unmerge` gives its bits back.
  func merge() { merged = mergedLayer() }

  func unmerge() { merged = nil }

  var isMerged: Bool { merged != nil }

  /// Names the base and the branches.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("base_layer", base.module)
    for (name, branch) in branches { branch.visit(&visitor, name) }
    visitor.omit(merged)
  }

  /// Passes it on to the branches.
  public func setTraining(_ isTraining: Bool) {
    for (_, branch) in branches { branch.setTraining(isTraining) }
  }
}
