#if OpenCL
  import COpenCL
  import LatheCore

  extension OpenCLBackend {
    /// `STREAMED_ROW` of softmax.cl.
    private static let longestStreamedSoftmax = 6144

    package func softmax(rows: Int, columns: Int, logarithm: Bool, inputs: [Operand], outputs: [Operand])
      throws
    {
      guard rows * columns > 0 else { return }
      try launchRows(
        "softmax.cl", "softmax", "LOGARITHM", logarithm,
        [.memory(inputs[0].memory), .memory(outputs[0].memory)], rows: rows, columns: columns,
        streams: columns <= Self.longestStreamedSoftmax && streams(rows: rows, columns: columns))
    }

    package func softmaxBackward(
      rows: Int, columns: Int, logarithm: Bool, inputs: [Operand], outputs: [Operand]
    )
      throws
    {
      guard rows * columns > 0 else { return }
      try launchRows(
        "softmax.cl", "softmax_backward", "LOGARITHM", logarithm,
        (inputs + outputs).map { .memory($0.memory) }, rows: rows, columns: columns,
        streams: streams(rows: rows, columns: columns))
    }

    private func tail(_ loss: CrossEntropy) -> [KernelArgument] {
      [.int32(loss.ignoredIndex == nil ? 0 : 1), .int32(loss.ignoredIndex ?? 0), .float(loss.labelSmoothing)]
    }

    package func crossEntropy(_ loss: CrossEntropy, inputs: [Operand], outputs: [Operand]) throws {
      guard loss.rows > 0 else { return }
      var operands = (inputs + outputs).map { KernelArgument.memory($0.memory) }
      operands += reportArguments(.crossEntropy, outputs)
      try launchRows(
        "softmax.cl", "cross_entropy", "LOGARITHM", loss.ofLogarithms, operands, rows: loss.rows,
        columns: loss.classes, tail(loss))
    }

    package func crossEntropyBackward(_ loss: CrossEntropy, inputs: [Operand], outputs: [Operand]) throws {
      guard loss.rows * loss.classes > 0 else { return }
      try launchRows(
        "softmax.cl", "cross_entropy_backward", "LOGARITHM", loss.ofLogarithms,
        (inputs + outputs).map { .memory($0.memory) }, rows: loss.rows, columns: loss.classes, tail(loss))
    }
  }
#endif
