import LatheML

// A low-rank adapter (Hu et al., 2021) written outside the library: each projection of an attention layer gets a small
// change of its weight that is trained while the weight itself stays, and is added to it in the end.

/// base(x) + scale * up(down(x)).
final class LoRALinear: Module {
  private var base: Linear
  private let down: Parameter
  private let up: Parameter
  private let scale: Float

  init(_ base: Linear, rank: Int = 4, scale: Float = 2, generator: Generator) {
    let (outputs, inputs, device) = (base.weight.shape[0], base.weight.shape[1], base.weight.value.device)
    self.base = base
    self.scale = scale
    down = Parameter(Initializer.standard([rank, inputs], generator: generator, device: device))
    // Zeros, so that training starts from what the base computes.
    up = Parameter(.zeros([outputs, rank], device: device))
  }

  func forward(_ input: Tensor) -> Tensor {
    base(input) + input.linear(weight: down.value).linear(weight: up.value) * scale
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("base", base) { self.base = $0 }
    visitor.parameter("down", down)
    visitor.parameter("up", up)
  }

  /// One linear layer that computes the same.
  func merged() -> Linear {
    let change = up.value.detached().matmul(down.value.detached()) * scale
    return Linear(weight: Parameter(base.weight.value.detached() + change), bias: base.bias)
  }
}

/// An attention layer and a head, as if they had been trained before.
func network(on device: Device) -> Sequential {
  let generator = Generator(seed: 1)
  return Sequential {
    MultiHeadAttention(16, heads: 4, generator: generator, device: device)
    Linear(16, 16, generator: generator, device: device)
  }
}

@main
enum Example {
  static func main() throws {
    let device = Device.cpu
    let generator = Generator(seed: 2)
    let model = network(on: device)
    model.freeze()
    let before = try model.state.map { try $0.tensor.bytes() }
    let paths = try model.replace("*.*") { (linear: Linear) in LoRALinear(linear, generator: generator) }
    print(
      "adapters at \(paths.joined(separator: ", ")): \(model.trainableParameterCount) of "
        + "\(model.parameterCount) parameters are trained")

    // Each element is to become the first of its sequence.
    let x = Tensor.normal([64, 6, 16], generator: generator, device: device)
    let target = x.sliced(axis: 1, from: 0, to: 1).expanded(to: x.shape)
    func loss() -> Tensor { meanSquaredError(model(x), target) }
    let optimizer = Adam(model.trainableParameters, learningRate: 0.02)
    let first = try loss().item()
    for _ in 0..<150 { optimizer.step(loss().gradients(of: model.trainableParameters)) }
    let last = try loss().item()

    let output = model(x).detached()
    let base = try model.namedParameters.filter { $0.parameter.isFrozen }.map {
      try $0.parameter.value.bytes()
    }
    let isUnchanged = base == before
    try model.replace { (adapter: LoRALinear) in adapter.merged() }
    let difference = try (model(x) - output).abs().max().item()
    print("loss \(first) -> \(last), base unchanged: \(isUnchanged), merged output differs by \(difference)")
    guard last < 0.8 * first, isUnchanged, difference < 1e-4,
      model.state.map(\.name) == network(on: device).state.map(\.name)
    else { fatalError("the adapters did not do what they are for") }
  }
}
