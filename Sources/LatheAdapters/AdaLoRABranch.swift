import Lathe
import LatheNN

/// A low-rank update of one layer in the form of singular values.
final class AdaLoRABranch: AdapterBranch {
  let a: Parameter, b: Parameter
  /// Singular values, [rank, 1].
  let e: Parameter
  /// Ones at the singular values that are left in the end.
  let mask: ModuleBuffer
  /// Means of importance and of its uncertainty, of A, B and E; buffers, so that a run that goes on has them.
  let scores: [(importance: ModuleBuffer, uncertainty: ModuleBuffer)]
  private(set) var isTraining = true
  private let scaling: Float
  private let dropout: Dropout

  /// - Parameter rank: Ranks that a file still has; the first rank where nil.
  init(_ settings: AdaLoRAConfiguration, rank: Int?, _ base: BaseLinear, _ generator: Generator) {
    let (rank, device) = (rank ?? settings.initialRank, base.device)
    let first = Initializer.normal(mean: 0, deviation: 0.02)
    a = Parameter(first([rank, base.shape[1]], generator: generator, device: device))
    b = Parameter(first([base.shape[0], rank], generator: generator, device: device))
    e = Parameter(.zeros([rank, 1], device: device))
    mask = ModuleBuffer(.ones([rank, 1], device: device))
    scores = [a, b, e].map { parameter in
      let zeros = { ModuleBuffer(.zeros(parameter.shape, device: device)) }
      return (zeros(), zeros())
    }
    scaling = settings.scaling
    dropout = Dropout(settings.dropout, generator: generator)
  }

  func result(_ result: Tensor, _ input: Tensor, _ base: BaseLinear, plain: Tensor) -> Tensor {
    guard e.shape[0] > 0 else { return result }
    return result + dropout(input).linear(weight: a.value * e.value).linear(weight: b.value) * scaling
  }

  func merged(_ weight: Tensor, _ bias: Tensor?) -> (weight: Tensor, bias: Tensor?)? {
    guard e.shape[0] > 0 else { return (weight, bias) }
    return ((weight + b.value.matmul(a.value * e.value) * scaling).detached(), bias)
  }

  /// How far the rows of A and the columns of B are from being orthogonal and of length one, by Frobenius' norm.
  var orthogonality: [Tensor] {
    guard e.shape[0] > 0 else { return [] }
    let one = Tensor.eye(e.shape[0], device: e.value.device)
    let (rows, columns) = (a.value, b.value)
    return [rows.matmul(rows.transposed()) - one, columns.transposed().matmul(columns) - one].map {
      ($0 * $0).sum().sqrt()
    }
  }

  func visit(_ visitor: inout ModuleVisitor, _ name: String) {
    visitor.parameter("lora_A.\(name)", a)
    visitor.parameter("lora_B.\(name)", b)
    visitor.parameter("lora_E.\(name)", e)
    visitor.buffer("rank_mask.\(name)", mask)
    for (end, score) in zip(["A", "B", "E"], scores) {
      visitor.buffer("importance_\(end).\(name)", score.importance)
      visitor.buffer("uncertainty_\(end).\(name)", score.uncertainty)
    }
    visitor.module("lora_dropout.\(name)", dropout)
  }

  func setTraining(_ isTraining: Bool) {
    self.isTraining = isTraining
    dropout.setTraining(isTraining)
  }

  var stored: [(name: String, parameter: Parameter)] { [("lora_A", a), ("lora_B", b), ("lora_E", e)] }
}
