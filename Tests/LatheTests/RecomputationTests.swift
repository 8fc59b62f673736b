import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Regions that the backward pass runs again.
  @Suite("Recomputation", .serialized)
  struct RecomputedParts {
    private struct Network {
      let weights: [Tensor]
      let x: Tensor
      let generator = Generator(seed: 5)

      init(_ device: Device, layers: Int = 4, rows: Int = 8, width: Int = 16) throws {
        weights = try (0..<layers).map { layer in
          try Tensor.normal(
            [width, width], deviation: 0.3, generator: Generator(seed: UInt64(layer + 1)), device: device
          ).computed().requiringGradient()
        }
        x = try Tensor.normal([rows, width], generator: Generator(seed: 9), device: device).computed()
          .requiringGradient()
      }

      func layer(_ x: Tensor, _ weight: Tensor) -> Tensor {
        let hidden = x.linear(weight: weight).gelu().dropout(probability: 0.3, generator: generator)
        return x + hidden.linear(weight: weight).tanh().layerNorm()
      }

      func loss(_ region: (@escaping () -> Tensor) -> Tensor) -> Tensor {
        generator.state = Generator.State(seed: 5)
        return weights.reduce(x) { x, weight in region { layer(x, weight) } }.square().mean()
      }
    }

    @Test(arguments: TestDevice.all)
    func gradientsAreTheSameToTheBit(_ device: Device) throws {
      let network = try Network(device)
      let inputs = [network.x] + network.weights
      for precision in Precision.allCases {
        let plain = withPrecision(precision) { network.loss { $0() } }
        let after = network.generator.state
        let expected = try plain.gradients(of: inputs).map { try $0.bytes() }
        let checked = withPrecision(precision) { network.loss { recomputed($0) } }
        #expect(network.generator.state == after)
        // Draws in between must not matter.
        _ = Tensor.uniform([100], generator: network.generator, device: device)
        let moved = network.generator.state
        #expect(try checked.bytes() == plain.bytes())
        let found = try checked.gradients(of: inputs).map { try $0.bytes() }
        #expect(found == expected, "\(precision)")
        #expect(network.generator.state == moved, "the second run draws from its own copy")
      }
    }

    @Test(arguments: TestDevice.all)
    func regionsNest(_ device: Device) throws {
      let network = try Network(device)
      let inputs = [network.x] + network.weights
      let expected = try network.loss { $0() }.gradients(of: inputs).map { try $0.bytes() }
      network.generator.state = Generator.State(seed: 5)
      let halves = [Array(network.weights[..<2]), Array(network.weights[2...])]
      let nested = halves.reduce(network.x) { x, half in
        recomputed { half.reduce(x) { x, weight in recomputed { network.layer(x, weight) } } }
      }.square().mean()
      #expect(try nested.gradients(of: inputs, retainingGraph: true).map { try $0.bytes() } == expected)
      #expect(try nested.gradients(of: inputs).map { try $0.bytes() } == expected, "a second time")
    }

    @Test(arguments: TestDevice.all)
    func severalResults(_ device: Device) throws {
      let network = try Network(device)
      let (x, w) = (network.x, network.weights[0])
      func loss(_ region: (@escaping () -> [Tensor]) -> [Tensor]) -> Tensor {
        let parts = region {
          let y = x.linear(weight: w)
          return [y.tanh(), y.exp(), x, Tensor.ones([2], device: device), y.sin()]
        }
        #expect(parts.count == 5 && !parts[3].requiresGradient)
        // One result is not used, one is the input passed on.
        return (parts[0] * parts[1]).sum() + parts[2].square().sum() + parts[0].square().sum()
      }
      let expected = loss { $0() }.gradients(of: [x, w])
      let found = loss { recomputed($0) }.gradients(of: [x, w])
      for (a, b) in zip(found, expected) { #expect(try (a - b).abs().max().item() < 1e-5) }
    }

    @Test func gradientsCanBeDifferentiatedAgain() throws {
      let network = try Network(.cpu, layers: 1)
      func second(_ region: (@escaping () -> Tensor) -> Tensor) -> Tensor {
        let g = network.loss(region).gradient(of: network.x, creatingGraph: true)
        return g.square().sum().gradient(of: network.weights[0])
      }
      let (expected, found) = (second { $0() }, second { recomputed($0) })
      #expect(try (expected - found).abs().max().item() < 1e-6)
      #expect(try expected.abs().max().item() > 1e-4)
    }

    @Test func nothingIsKeptWhereNothingIsTracked() throws {
      let x = Tensor([1, 2] as [Float], device: .cpu)
      #expect(!recomputed { x * 2 }.requiresGradient)
      let tracked = x.requiringGradient()
      #expect(!noGradient { recomputed { tracked * 2 } }.requiresGradient)
      // A result of which a part of the tape was passed on alone.
      let same = recomputed { tracked }
      #expect(try same.gradient(of: tracked).scalars() == [1, 1] as [Float])
    }

    @Test(arguments: TestDevice.all)
    func lessMemoryIsHeld(_ device: Device) throws {
      let network = try Network(device, layers: 8, rows: 512, width: 256)
      func peak(_ region: (@escaping () -> Tensor) -> Tensor) throws -> Int {
        try device.synchronize()
        device.resetCounters()
        let before = device.counters.bytesInUse
        for gradient in network.loss(region).gradients(of: network.weights) { try gradient.computed() }
        return device.counters.peakBytes - before
      }
      let (plain, checked) = (try peak { $0() }, try peak { recomputed($0) })
      #expect(Double(checked) < 0.6 * Double(plain), "\(checked) of \(plain)")
    }
  }
}
