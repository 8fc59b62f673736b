import Lathe
import TestSupport
import Testing

extension AllTests {
  @Suite("Sampling", .serialized)
  struct Sampling {
    @Test(arguments: TestDevice.all)
    func wholeNumbersAreUniform(_ device: Device) throws {
      let n = 6000
      let x = Tensor.randint(-2, 4, [n], generator: Generator(seed: 3), device: device)
      #expect(x.dtype == .int64)
      let counts = try (x + 2).bincount().scalars(as: Int.self)
      // Six numbers, within five standard deviations.
      #expect(counts.count == 6 && counts.allSatisfy { abs($0 - n / 6) < 150 })
      let wide = Tensor.randint(0, 1 << 40, [100], generator: Generator(seed: 3), device: device)
      #expect(try wide.scalars(as: Int.self).contains { $0 > 1 << 39 })
      let same = Tensor.randint(-2, 4, [n], generator: Generator(seed: 3), device: .cpu)
      #expect(try same.scalars(as: Int.self) == x.scalars(as: Int.self))
      let bytes = Tensor.randint(0, 256, [50], generator: Generator(seed: 1), dtype: .uint8, device: device)
      #expect(try bytes.dtype == .uint8 && bytes.scalars(as: Int.self).allSatisfy { $0 >= 0 && $0 < 256 })
    }

    @Test(arguments: TestDevice.all)
    func multinomialWithReplacement(_ device: Device) throws {
      let p = Tensor([[0, 1, 3, 0], [2, 0, 0, 2]] as [[Float]], device: device)
      let n = 4000
      let drawn = p.multinomial(n, replacement: true, generator: Generator(seed: 5))
      #expect(drawn.shape == [2, n] && drawn.dtype == .int32)
      let first = try drawn[0].bincount(minimumLength: 4).scalars(as: Int.self)
      let second = try drawn[1].bincount(minimumLength: 4).scalars(as: Int.self)
      #expect(first[0] == 0 && first[3] == 0 && abs(first[1] - n / 4) < 150)
      #expect(second[1] == 0 && second[2] == 0 && abs(second[0] - n / 2) < 170)
    }

    @Test(arguments: TestDevice.all)
    func multinomialWithoutReplacement(_ device: Device) throws {
      let n = 3000
      let p = Tensor([0, 1, 2, 1] as [Float], device: device).expanded(to: [n, 4])
      let drawn = try p.multinomial(2, generator: Generator(seed: 6)).scalars(as: Int.self)
      let pairs = (0..<n).map { [drawn[2 * $0], drawn[2 * $0 + 1]] }
      #expect(pairs.allSatisfy { $0[0] != $0[1] && $0[0] != 0 && $0[1] != 0 })
      // The first is drawn with the probabilities themselves.
      #expect(abs(pairs.filter { $0[0] == 2 }.count - n / 2) < 150)
      // 2 is left out where 1 and 3 come first: twice 1/4 times 1/3.
      #expect(abs(pairs.filter { !$0.contains(2) }.count - n / 6) < 110)
    }

    @Test(arguments: TestDevice.all)
    func badProbabilitiesAreErrors(_ device: Device) throws {
      for values in [[1, -1, 2], [1, .nan, 2], [1, .infinity, 2], [0, 0, 1]] as [[Float]] {
        let drawn = Tensor(values, device: device).multinomial(2, generator: Generator(seed: 1))
        #expect(drawn.shape == [2])
        let error = #expect(throws: LatheError.self) { try drawn.scalars(as: Int.self) }
        #expect(error?.kind == .indexOutOfRange && error?.message.hasPrefix("multinomial: ") == true)
      }
      let empty = Tensor([0, 0] as [Float], device: device).multinomial(
        1, replacement: true, generator: Generator(seed: 1))
      #expect(throws: LatheError.self) { try empty.scalars(as: Int.self) }
      let counts = Tensor([3, -1] as [Int32], device: device).bincount()
      #expect(throws: LatheError.self) { try counts.scalars(as: Int.self) }
    }

    @Test(arguments: TestDevice.all)
    func badMatricesAreErrors(_ device: Device) throws {
      let singular = Tensor([[1, 2], [2, 4]] as [[Float]], device: device)
      for result in [singular.inverse(), (singular * -1).cholesky(), (singular / 0).qr().q] {
        let error = #expect(throws: LatheError.self) { try result.scalars(as: Float.self) }
        #expect(error?.kind == .invalidArgument)
      }
      #expect(try singular.determinant().item() == 0)
    }
  }
}
