extension Operation {
  /// Throws where an operation has float64 operands and its kernels compute in float32, or the device has no float64.
  ///
  /// - Parameters:
  ///   - inputs: The operation's inputs.
  ///   - outputs: Its outputs.
  ///   - device: The device that it would run on.
  /// - Throws: `LatheError.invalidArgument`.
  package func checkFloat64(inputs: [Operand], outputs: [Operand], device: Device) throws {
    let isFloat64 = (inputs + outputs).contains { $0.dtype == .float64 }
    if isFloat64, !takesFloat64 {
      throw LatheError(
        .invalidArgument, "\(label): there is no kernel for float64; cast the operands to float32")
    }
    if !device.backend.hasFloat64, isFloat64 || computesFloat64 {
      throw LatheError(
        .invalidArgument,
        "\(label): \(device.name) has no float64 (cl_khr_fp64); cast to float32 or move the tensors to another device"
      )
    }
  }

  /// Whether an element-wise program has a step in float64, though none of its operands may be.
  private var computesFloat64: Bool {
    let program: ElementwiseProgram
    switch self {
    case .elementwise(let steps, _), .elementwiseEach(let steps, _, _): program = steps
    case .reduce(let reduction): program = reduction.program
    default: return false
    }
    return program.instructions.contains { $0.dtype == .float64 || $0.op == .toFloat64 }
  }

  /// Whether the operation's kernels take float64 as well as float32.
  private var takesFloat64: Bool {
    switch self {
    case .elementwise, .elementwiseEach, .reduce, .argReduce, .cumulativeSum, .cumulativeProduct,
      .cumulativeExtremum, .matmul, .factorization, .linearSystem, .gather, .scatterAdd, .scatter, .sort,
      .topK, .searchSorted, .copy, .custom:
      true
    case .convolution, .convolutionBackwardInput, .convolutionBackwardFilter, .maxPool, .maxPoolBackward,
      .averagePool, .averagePoolBackward, .softmax, .softmaxBackward, .crossEntropy, .crossEntropyBackward,
      .layerNorm, .layerNormBackward, .channelMoments, .attention, .attentionBackward, .recurrence,
      .recurrenceBackward, .blockProduct, .blockRows, .rotation, .rmsNorm,
      .random, .dropout, .adam, .sgd, .sumEach:
      false
    }
  }
}
