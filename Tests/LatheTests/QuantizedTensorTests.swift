import Foundation
import Lathe
import LatheCore
import TestSupport
import Testing

extension AllTests {
  /// Matrices of blocks; the values of their products are checked by the rows of the operation suite.
  @Suite("Quantised tensors", .serialized)
  struct QuantizedTensors {
    /// Numbers that look random.
    private func matrix(_ rows: Int, _ columns: Int, seed: String = "matrix") -> NDArray {
      InputSpec.float([rows, columns]).array(seed: seed)
    }

    @Test(
      "Rounding to blocks is within half a step",
      arguments: [BlockType.q8_0, .q4_0, .q4_1, .float16, .bfloat16])
    func quantize(_ type: BlockType) throws {
      let values = matrix(3, 64)
      let quantized = try QuantizedTensor.quantize(values.tensor(.float32, on: .cpu), as: type)
      #expect(quantized.shape == [3, 64] && quantized.type == type)
      #expect(quantized.byteCount == 3 * 64 / type.elementCount * type.byteCount)
      let found = try quantized.dequantized().array()
      for block in 0..<6 {
        let range = block * 32..<(block + 1) * 32
        let part = values.values[range]
        let most = part.map(abs).max() ?? 0
        let spread = (part.max() ?? 0) - (part.min() ?? 0)
        // Half a step, and a float16 scale's rounding of the largest element. Of q4_0 the far end of the other sign is cut.
        let step =
          switch type {
          case .q8_0: most / 127 / 2
          case .q4_0: most / 8
          case .q4_1: spread / 15 / 2
          case .float16: most * 0x1p-11
          default: most * 0x1p-8
          }
        for i in range { #expect(abs(found.values[i] - values.values[i]) <= step + most * 0x1p-10) }
      }
    }

    @Test("What was rounded once is not rounded again, and nothing and everything are kept")
    func quantizeExactly() throws {
      let whole = Tensor((0..<64).map { Float($0 % 16) }, shape: [2, 32], device: .cpu)
      for type in [BlockType.q4_1, .q8_0] {
        let once = try QuantizedTensor.quantize(whole, as: type).dequantized()
        let twice = try QuantizedTensor.quantize(once, as: type).dequantized()
        #expect(try once.scalars(as: Float.self) == twice.scalars(as: Float.self))
      }
      for value in [Float(0), 1e-12, -3] {
        for type in [BlockType.q4_0, .q4_1, .q8_0] {
          let same = try QuantizedTensor.quantize(Tensor.full([1, 32], value, device: .cpu), as: type)
          let found = try same.dequantized().scalars(as: Float.self)
          #expect(found.allSatisfy { abs($0 - value) <= abs(value) * 0x1p-9 + 1e-7 })
        }
      }
    }

    @Test("What cannot be rounded is an error")
    func quantizeErrors() {
      let zeros = Tensor.zeros([2, 48], device: .cpu)
      #expect { try QuantizedTensor.quantize(zeros, as: .q4_0) } throws: {
        ($0 as? LatheError)?.message.contains("rows of 48 elements are no whole number of Q4_0's blocks")
          == true
      }
      #expect { try QuantizedTensor.quantize(zeros, as: .q6_K) } throws: {
        ($0 as? LatheError)?.kind == .unsupported
      }
      for value in [Float.nan, .infinity, 1e6] {
        #expect {
          try QuantizedTensor.quantize(Tensor.full([1, 32], value, device: .cpu), as: .q8_0)
        } throws: {
          ($0 as? LatheError)?.message.contains("not finite or beyond 65504") == true
        }
      }
    }

    @Test("An element that is not finite makes its row not finite, and no other", arguments: TestDevice.all)
    func notFinite(_ device: Device) throws {
      for type in [BlockType.q4_1, .q8_0, .q6_K, .bfloat16] {
        for (value, rows) in [(Float.nan, 1), (.infinity, 3), (-.infinity, 20)] {
          let bytes = BlockReference.bytes(type, blocks: 5 * 512 / type.elementCount, seed: "not finite")
          let weight = QuantizedTensor(
            blocks: Tensor(bytes, dtype: .uint8, device: device), type: type, shape: [5, 512])
          var x = [Float](repeating: 0.5, count: rows * 512)
          x[300] = value
          let y = try Tensor(x, shape: [rows, 512], device: device).linear(weight: weight)
            .scalars(as: Float.self)
          #expect(y[..<5].allSatisfy { !$0.isFinite } && y[5...].allSatisfy(\.isFinite), "\(type) \(value)")
        }
      }
    }

    @Test("The gradient goes to x and the bias, of 16-bit x in its type", arguments: TestDevice.all)
    func gradient(_ device: Device) throws {
      let weight = try QuantizedTensor.quantize(matrix(7, 64).tensor(.float32, on: device), as: .q8_0)
      let x = matrix(3, 64, seed: "x").tensor(.bfloat16, on: device).requiringGradient()
      let bias = Tensor.zeros([7], device: device).requiringGradient()
      let y = x.linear(weight: weight, bias: bias)
      #expect(y.dtype == .bfloat16 && y.shape == [3, 7])
      let gradients = y.sum().gradients(of: [x, bias])
      let expected = try weight.dequantized().sum(axes: [0]).array()
      let found = try gradients[0].array()
      #expect(gradients[0].dtype == .bfloat16)
      for i in 0..<192 { #expect(abs(found.values[i] - expected.values[i % 64]) <= 0x1p-7 * 16) }
      #expect(try gradients[1].scalars(as: Float.self) == [Float](repeating: 3, count: 7))
      #expect(!Tensor.ones([1, 64], device: device).linear(weight: weight).requiresGradient)
    }

    @Test("A matrix of 16 bits shares its memory, moves and comes back", arguments: TestDevice.all)
    func halves(_ device: Device) throws {
      let half = matrix(4, 33).rounded(to: .float16).tensor(.float16, on: .cpu)
      let weight = QuantizedTensor(half)
      #expect(weight.type == .float16 && weight.byteCount == 264 && weight.device == .cpu)
      #expect(try weight.halves?.scalars(as: Float.self) == half.scalars(as: Float.self))
      let moved = weight.moved(to: device)
      #expect(moved.device == device)
      #expect(try moved.dequantized().scalars(as: Float.self) == half.scalars(as: Float.self))
      #expect(try moved.halves?.scalars(as: Float.self) == half.scalars(as: Float.self))
    }

    @Test("An index outside the rows is an error where values are read", arguments: TestDevice.all)
    func badIndex(_ device: Device) throws {
      let weight = QuantizedTensor(matrix(3, 32).tensor(.bfloat16, on: device))
      for index in [Int32(3), -4] {
        let rows = weight.rows(Tensor([0, index] as [Int32], device: device))
        let error = #expect(throws: LatheError.self) { try rows.scalars(as: Float.self) }
        #expect(
          error?.kind == .indexOutOfRange && error?.message.hasPrefix("rows: index \(index) is out") == true)
      }
    }

    @Test("A result of more columns than are unpacked at a time", arguments: TestDevice.all)
    func manyRows(_ device: Device) throws {
      // The matrix has 2^21 elements and more, which the CPU path unpacks in parts.
      let (n, k) = (1100, 2048)
      let weight = QuantizedTensor(Tensor.ones([n, k], dtype: .float16, device: device))
      let bias = Tensor.arange(n, dtype: .float32, device: device)
      let y = try Tensor.ones([10, k], device: device).linear(weight: weight, bias: bias)
        .scalars(as: Float.self)
      #expect((0..<10 * n).allSatisfy { y[$0] == Float(k + $0 % n) })
    }
  }
}
