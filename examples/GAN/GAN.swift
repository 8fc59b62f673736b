import Foundation
import LatheML

// A generative adversarial network (Goodfellow et al., 2014) on points of a ring: two models, each with an optimizer of its
// own, in one loop.

/// Points near the circle around (1, -0.5) with radius 2.
func ring(_ count: Int, _ generator: Generator) -> Tensor {
  let angle = Tensor.uniform([count, 1], low: 0, high: 2 * Float.pi, generator: generator)
  let circle = Tensor.concatenate([angle.cos(), angle.sin()], axis: 1) * 2
  return circle + Tensor([Float(1), -0.5]) + Tensor.normal([count, 2], deviation: 0.05, generator: generator)
}

/// How far points are from the circle on average, and how far their mean is from its centre.
func distances(_ points: Tensor) throws -> (fromCircle: Float, ofMeans: Float) {
  let offsets = points - Tensor([Float(1), -0.5])
  let radius = offsets.square().sum(axis: 1).sqrt()
  return (try (radius - 2).abs().mean().item(), try offsets.mean(axis: 0).square().sum().sqrt().item())
}

@main
enum Example {
  static let noiseSize = 4

  static func main() throws {
    let random = Generator(seed: 3)
    let generator = Sequential {
      Linear(noiseSize, 48, generator: random)
      LeakyReLU(0.2)
      Linear(48, 48, generator: random)
      LeakyReLU(0.2)
      Linear(48, 2, generator: random)
    }
    let discriminator = Sequential {
      Linear(2, 48, generator: random)
      LeakyReLU(0.2)
      Linear(48, 48, generator: random)
      LeakyReLU(0.2)
      Linear(48, 1, generator: random)
    }
    let generatorOptimizer = Adam(generator.parameters, learningRate: 1e-3, betas: (0.5, 0.99))
    let discriminatorOptimizer = Adam(discriminator.parameters, learningRate: 2e-3, betas: (0.5, 0.99))

    let batch = 128
    let (real, fake) = (Tensor.ones([batch, 1]), Tensor.zeros([batch, 1]))
    func noise(_ count: Int) -> Tensor { Tensor.normal([count, noiseSize], generator: random) }
    func made() -> Tensor { generator.inEvalMode { noGradient { generator(noise(1024)) } } }

    let before = try distances(made())
    for step in 1...1500 {
      // What the generator makes counts as data here: detached, so that no gradient is computed for it.
      let points = generator(noise(batch))
      let discriminatorLoss =
        binaryCrossEntropy(logits: discriminator(ring(batch, random)), real)
        + binaryCrossEntropy(logits: discriminator(points.detached()), fake)
      discriminatorOptimizer.step(discriminatorLoss.gradients(of: discriminator.parameters))

      // Through the discriminator, but with respect to the generator alone: gradients are returned, not accumulated, so
      // that nothing has to be cleared and the discriminator stays as it is.
      let generatorLoss = binaryCrossEntropy(logits: discriminator(points), real)
      generatorOptimizer.step(generatorLoss.gradients(of: generator.parameters))

      if step % 500 == 0 {
        let found = try distances(made())
        print(
          "step \(step): losses \(try discriminatorLoss.item()) and \(try generatorLoss.item()), "
            + "\(found.fromCircle) from the circle")
      }
    }
    let after = try distances(made())
    print(
      "GAN: \(before.fromCircle) from the circle before, \(after.fromCircle) after; means \(after.ofMeans) apart"
    )
    guard after.fromCircle < 0.4, after.ofMeans < 0.8 else {
      fatalError("the generator did not learn the ring")
    }
  }
}
