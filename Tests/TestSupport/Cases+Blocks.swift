import Lathe
import LatheCore

extension OpCase {
  /// Products with matrices of blocks and of 16 bits, and their rows.
  static let blockCases: [OpCase] = BlockType.allCases.flatMap { type in
    blockProductCases(type) + blockRowCases(type)
  }

  /// A matrix's bytes as an input.
  private static func matrix(_ type: BlockType, _ rows: Int, _ columns: Int) -> InputSpec {
    let blocks = columns / type.elementCount
    let bytes = BlockReference.bytes(type, blocks: rows * blocks, seed: "\(type) \(rows) x \(columns)")
    return InputSpec([rows, blocks * type.byteCount], .uint8, .list(bytes.map(Double.init)))
  }

  /// The matrix that such an input stands for.
  private static func elements(_ input: NDArray, _ type: BlockType) -> NDArray {
    NDArray(
      [input.shape[0], input.shape[1] / type.byteCount * type.elementCount],
      BlockReference.elements(input.values.map { UInt8($0) }, type))
  }

  private static func quantized(_ bytes: Tensor, _ type: BlockType) -> QuantizedTensor {
    QuantizedTensor(
      blocks: bytes, type: type, shape: [bytes.shape[0], bytes.shape[1] / type.byteCount * type.elementCount])
  }

  private static func blockProductCases(_ type: BlockType) -> [OpCase] {
    let size = type.elementCount
    // Odd numbers of rows around what kernels take together; one block and several; for elements alone no whole vector.
    // What differs between kernels for more and fewer rows does not depend on the type.
    let few = size == 1 ? 5 : size
    let several = size == 1 ? 67 : size == 256 ? 512 : 96
    var sizes = [[3, several, 37], [17, few, 35]]
    // Elements alone in whole vectors, too.
    if size == 1 { sizes.append([2, 68, 6]) }
    let isSample = [.q4_1, .q6_K, .bfloat16].contains(type)
    if isSample {
      sizes += [
        [8, few, 5], [2, 3, several, 18], [1, few, 3], [70, several, 33], [0, few, 3], [2, few, 0],
      ]
    }
    func product(_ x: [Int], _ n: Int, _ values: Values, _ tolerance: Tolerance, _ name: String) -> OpCase {
      OpCase(
        "linear \(type.name) \(x) x \(n)\(name)",
        [.float(x, values), matrix(type, n, x[x.count - 1]), .float([n])],
        tolerance: tolerance, run: { $0[0].linear(weight: quantized($0[1], type), bias: $0[2]) },
        reference: { NDArray.matmul($0[0], elements($0[1], type).transposed()) + $0[2] })
    }
    var cases = sizes.map { size in
      // These numbers are the same where a kernel rounds each 32 of them to eight bits by one scale.
      var opCase = product(Array(size.dropLast()), size[size.count - 1], .integers(-1, 1), .accumulated, "")
      opCase.views = size[0] == 3
      // Differences take their time: few elements.
      if size[0] == 1 { opCase.differentiable = [0, 2] }
      return opCase
    }
    // Rounded by a scale of 2 / 127 the elements are off by a uniform error of a deviation of 2 / 127 / sqrt(12), which is
    // 0.4 % of their own, 2 / sqrt(3). So is a sum's error of the sums' deviation, and the largest of a thousand is 4 times
    // its deviation.
    let rounded = Tolerance(size == 1 ? Tolerance.accumulated.error : 0.018, floor: nil)
    cases += (isSample ? [1, 9] : [9]).map {
      product([$0, several], 40, .uniform(-2, 2), rounded, " of any numbers")
    }
    if isSample {
      cases += [1, 3, 10].flatMap { rows in [true, false].map { joined(type, rows: rows, hasBias: $0) } }
    }
    return cases
  }

  /// A product with three matrices, the middle one of another type.
  private static func joined(_ type: BlockType, rows: Int, hasBias: Bool) -> OpCase {
    let types = [type, .q8_0, type]
    let columns = type.elementCount == 256 ? 256 : 64
    let sizes = [5, 18, 7]
    var opCase = OpCase(
      "linear of three \(type.name) \(rows)\(hasBias ? " with biases" : "")",
      [.float([rows, columns], .integers(-1, 1))] + zip(types, sizes).map { matrix($0, $1, columns) }
        + (hasBias ? sizes.map { .float([$0]) } : []),
      tolerance: .accumulated,
      run: { inputs in
        inputs[0].linear(
          weights: types.indices.map { quantized(inputs[1 + $0], types[$0]) },
          biases: hasBias ? Array(inputs[4...]) : nil)
      },
      reference: { inputs in
        let parts = types.indices.map { index in
          let product = NDArray.matmul(inputs[0], elements(inputs[1 + index], types[index]).transposed())
          return hasBias ? product + inputs[4 + index] : product
        }
        return NDArray.concatenate(parts, axis: 1)
      })
    if rows == 3 { opCase.differentiable = [0] + (hasBias ? [4, 5, 6] : []) }
    return opCase
  }

  private static func blockRowCases(_ type: BlockType) -> [OpCase] {
    let columns = type.elementCount == 1 ? 37 : 2 * type.elementCount
    return [
      OpCase(
        "rows \(type.name)", [.index([2, 3], .integers(-5, 4)), matrix(type, 5, columns)], views: true,
        run: { quantized($0[1], type).rows($0[0]) },
        reference: {
          let table = elements($0[1], type)
          return NDArray.embedding($0[0].map { $0 < 0 ? $0 + 5 : $0 }, table)
        }),
      OpCase(
        "dequantized \(type.name)", [matrix(type, 3, columns)], run: { quantized($0[0], type).dequantized() },
        reference: { elements($0[0], type) }),
    ]
  }
}
