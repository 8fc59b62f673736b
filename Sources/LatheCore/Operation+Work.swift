extension Operation {
  /// The least that an operation has to do.
  package struct Work: Sendable, Hashable {
    /// Floating-point operations, a multiply-add as two; 0 where memory alone counts.
    package var operations: Double
    /// Bytes of inputs and outputs, each touched once.
    package var bytes: Double
  }

  /// The least work for given operands.
  package func work(inputs: [Operand], outputs: [Operand]) -> Work {
    let bytes = (inputs + outputs).reduce(0) { $0 + $1.elementCount * $1.dtype.byteCount }
    let operations: Int
    switch self {
    case .elementwise(let program, _):
      operations = program.instructions.count * (outputs.first?.elementCount ?? 0)
    case .reduce(let reduction):
      operations = (reduction.program.instructions.count + 1) * (inputs.first?.elementCount ?? 0)
    case .matmul(let product):
      operations = 2 * product.k * (outputs.first?.elementCount ?? 0)
    case .blockProduct(let product):
      operations = 2 * product.k * (outputs.first?.elementCount ?? 0)
    case .blockRows(let type, _, let columns, let picked):
      // Of the matrix the rows that are picked alone.
      let read = columns / type.elementCount * type.byteCount
      return Work(operations: 0, bytes: Double(picked * (read + 4 + 4 * columns)))
    case .convolution(let sizes), .convolutionBackwardInput(let sizes), .convolutionBackwardFilter(let sizes):
      let window = sizes.channels / max(sizes.groups, 1) * sizes.kernelHeight * sizes.kernelWidth
      operations =
        2 * window * sizes.batch * sizes.outputChannels * sizes.outputHeight * sizes.outputWidth
    // Two products forward and five backward, where the scores are made again.
    case .attention(let sizes):
      operations = sizes.pairs * 2 * (sizes.width + sizes.valueWidth)
    case .attentionBackward(let sizes):
      operations = sizes.pairs * 2 * (3 * sizes.width + 2 * sizes.valueWidth)
    case .rotation:
      operations = 3 * (outputs.first?.elementCount ?? 0)
    default:
      operations = 0
    }
    return Work(operations: Double(operations), bytes: Double(bytes))
  }

  /// A short name, with the sizes of products and convolutions.
  package var label: String {
    func sizes(_ s: Convolution2D) -> String {
      "\(s.batch)x\(s.channels)x\(s.height)x\(s.width)-\(s.outputChannels)x\(s.kernelHeight)x\(s.kernelWidth)"
    }
    switch self {
    case .elementwise(let program, _): return "elementwise of \(program.instructions.count)"
    case .reduce(let reduction): return "reduce \(reduction.kind)"
    case .matmul(let product): return "matmul \(product.m)x\(product.k)x\(product.n)"
    case .blockProduct(let product):
      let types = product.parts.map { "\($0.type.name) \($0.n)" }.joined(separator: ", ")
      return "blockProduct \(product.m)x\(product.k) (\(types))"
    case .blockRows(let type, _, let columns, let picked):
      return "blockRows \(type.name) \(picked)x\(columns)"
    case .convolution(let s): return "convolution \(sizes(s))"
    case .convolutionBackwardInput(let s): return "convolutionBackwardInput \(sizes(s))"
    case .convolutionBackwardFilter(let s): return "convolutionBackwardFilter \(sizes(s))"
    case .attention(let s): return "attention \(s.label)"
    case .attentionBackward(let s): return "attentionBackward \(s.label)"
    case .custom(let kernel): return "custom \(kernel.name)"
    default:
      // The case's own name is what stands before its values.
      return String("\(self)".prefix { $0 != "(" })
    }
  }
}
