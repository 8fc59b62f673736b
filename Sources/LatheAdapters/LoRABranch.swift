import Lathe
import LatheNN

/// A low-rank update of one layer.
final class LoRABranch: AdapterBranch {
  let a: Parameter, b: Parameter
  /// Lengths of the weight's rows, [out], with DoRA.
  let magnitude: Parameter?
  private let scaling: Float
  private let dropout: Dropout
  private let drops: Bool
  private var isTraining = true

  init(_ settings: LoRAConfiguration, _ path: String, _ base: BaseLinear, _ generator: Generator) {
    let (rank, device) = (settings.rank(at: path), base.device)
    let first: Initializer =
      settings.start == .gaussian ? .normal(mean: 0, deviation: 1 / Float(rank)) : .standard
    a = Parameter(first([rank, base.shape[1]], generator: generator, device: device))
    b = Parameter(.zeros([base.shape[0], rank], device: device))
    // B is zero, so the rows are those of the weight.
    magnitude = settings.isWeightDecomposed ? Parameter(base.matrix.norm(axis: 1)) : nil
    scaling = settings.scaling(at: path)
    dropout = Dropout(settings.dropout, generator: generator)
    drops = settings.dropout > 0
  }

  func result(_ result: Tensor, _ input: Tensor, _ base: BaseLinear, plain: Tensor) -> Tensor {
    let dropped = dropout(input)
    let update = dropped.linear(weight: a.value).linear(weight: b.value) * scaling
    guard let magnitude else { return result + update }
    // Equation 5 of the paper with section 4.3: the length is a constant of the gradient.
    let matrix = base.matrix
    let lengths = updated(matrix).detached().norm(axis: 1)
    let factor = magnitude.value / lengths
    let product: Tensor
    if drops && isTraining {
      product = base.product(dropped)
    } else {
      product = base.bias.map { plain - $0.value } ?? plain
    }
    return result + (factor - 1) * product + factor * update
  }

  private func updated(_ weight: Tensor) -> Tensor { weight + b.value.matmul(a.value) * scaling }

  func merged(_ weight: Tensor, _ bias: Tensor?) -> (weight: Tensor, bias: Tensor?)? {
    let sum = updated(weight)
    guard let magnitude else { return (sum.detached(), bias) }
    return ((sum * (magnitude.value / sum.norm(axis: 1)).unsqueezed(1)).detached(), bias)
  }

  func visit(_ visitor: inout ModuleVisitor, _ name: String) {
    visitor.parameter("lora_A.\(name).weight", a)
    visitor.parameter("lora_B.\(name).weight", b)
    visitor.parameter("lora_magnitude_vector.\(name).weight", magnitude)
    visitor.module("lora_dropout.\(name)", dropout)
  }

  func setTraining(_ isTraining: Bool) {
    self.isTraining = isTraining
    dropout.setTraining(isTraining)
  }

  var stored: [(name: String, parameter: Parameter)] {
    [("lora_A.weight", a), ("lora_B.weight", b)] + (magnitude.map { [("lora_magnitude_vector", $0)] } ?? [])
  }
}
