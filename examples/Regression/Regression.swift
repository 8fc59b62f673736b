import Lathe

// Fits y = a x + b by gradient descent, on tensors alone.

@main
enum Regression {
  static func main() throws {
    let generator = Generator(seed: 1)
    let x = Tensor.uniform([256], low: -1, high: 1, generator: generator)
    let y = x * 3 - 0.5 + Tensor.normal([256], deviation: 0.05, generator: generator)

    var slope = Tensor(Float(0)).requiringGradient()
    var offset = Tensor(Float(0)).requiringGradient()
    for step in 1...200 {
      let loss = (x * slope + offset - y).square().mean()
      let gradients = loss.gradients(of: [slope, offset])
      if step % 50 == 0 { print("step \(step)  loss \(try loss.item())") }
      slope = (slope.detached() - gradients[0] * 0.1).requiringGradient()
      offset = (offset.detached() - gradients[1] * 0.1).requiringGradient()
    }
    print("y = \(try slope.item()) x + \(try offset.item()) on \(x.device)")
  }
}
