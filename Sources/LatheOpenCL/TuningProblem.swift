#if OpenCL
  import LatheCore

  /// Work of one class of shapes, on which the parameters of a kernel are compared.
  struct TuningProblem {
    /// An operation with the shapes of its operands.
    struct Part {
      var operation: LatheCore.Operation
      var inputs: [Shape]
      var outputs: [Shape]
    }

    var shape: TuningShape
    /// What is measured, in a few words.
    var name: String
    var parts: [Part]

    /// The work for a class of a kernel's shapes; larger on GPUs, which small work does not fill.
    init(_ kernel: TunableKernel, _ shape: TuningShape, onGPU: Bool) {
      self.shape = shape
      switch kernel.suite {
      case .gemm:
        let (m, n, k) = Self.product(shape, onGPU: onGPU)
        name = "\(m)x\(k)x\(n)"
        parts = [Self.product(m, n, k)]
      case .conv:
        let sizes = Self.convolution(shape, onGPU: onGPU)
        name =
          "\(sizes.batch)x\(sizes.channels)x\(sizes.height)x\(sizes.width) -> \(sizes.outputChannels), "
          + "\(sizes.kernelHeight)x\(sizes.kernelWidth)"
          + (sizes.strideY > 1 ? " of step \(sizes.strideY)" : "")
        let x: Shape = [sizes.batch, sizes.channels, sizes.height, sizes.width]
        let filter: Shape = [sizes.outputChannels, sizes.channels, sizes.kernelHeight, sizes.kernelWidth]
        let y: Shape = [sizes.batch, sizes.outputChannels, sizes.outputHeight, sizes.outputWidth]
        parts = []
        if kernel != .filterGradientCPU {
          parts.append(Part(operation: .convolution(sizes), inputs: [x, filter], outputs: [y]))
          parts.append(Part(operation: .convolutionBackwardInput(sizes), inputs: [y, filter], outputs: [x]))
        }
        if kernel != .convolutionCPU {
          parts.append(Part(operation: .convolutionBackwardFilter(sizes), inputs: [y, x], outputs: [filter]))
        }
      case .gemv:
        // b along n, and along k as a transposed one lies.
        let sizes = shape == .row ? (m: 4, n: 4096, k: 2048) : (m: 4096, n: 1, k: 4096)
        name = "\(sizes.m)x\(sizes.k)x\(sizes.n)"
        parts = [Self.product(sizes.m, sizes.n, sizes.k)]
      case .split:
        let (side, k) = shape == .small ? (128, 16384) : (512, 8192)
        name = "\(side)x\(k)x\(side)"
        parts = [Self.product(side, side, k)]
      case .reduction:
        let matrix: Shape = onGPU ? [4096, 4096] : [1024, 512]
        name = "sum of \(matrix), \(shape.rawValue)"
        let reduced = [shape != .rows, shape != .columns]
        let result: Shape = shape == .whole ? [1] : [matrix[shape == .rows ? 0 : 1]]
        let read = ElementwiseProgram(
          inputs: [.float32], scalars: [], instructions: [], outputs: [.init(register: 0, dtype: .float32)])
        parts = [
          Part(
            operation: .reduce(Reduction(kind: .sum, program: read, scalars: [], reduced: reduced)),
            inputs: [matrix], outputs: [result])
        ]
      case .rows:
        let (rows, columns) = shape == .narrow ? (onGPU ? 16384 : 512, 768) : (onGPU ? 2048 : 64, 8192)
        name = "softmax of \(rows) rows of \(columns)"
        let matrix: Shape = [rows, columns]
        parts = [
          Part(
            operation: .softmax(rows: rows, columns: columns, logarithm: false), inputs: [matrix],
            outputs: [matrix]),
          Part(
            operation: .softmaxBackward(rows: rows, columns: columns, logarithm: false),
            inputs: [matrix, matrix], outputs: [matrix]),
        ]
      case .elementwise:
        let count = onGPU ? 1 << 24 : 1 << 18
        name = "a * b + a of \(count)"
        let program = ElementwiseProgram(
          inputs: [.float32, .float32], scalars: [],
          instructions: [
            .init(op: .multiply, dtype: .float32, a: 0, b: 1), .init(op: .add, dtype: .float32, a: 2, b: 0),
          ],
          outputs: [.init(register: 3, dtype: .float32)])
        parts = [
          Part(
            operation: .elementwise(program, scalars: []), inputs: [[count], [count]], outputs: [[count]])
        ]
      case .attention:
        let width = shape == .narrow ? 64 : 128
        let sizes = Attention(
          batch: onGPU ? 8 : 2, heads: 4, keyHeads: 4, queries: 256, keys: 256, width: width,
          valueWidth: width, scale: 0.125, isCausal: false, hasMask: false)
        name = sizes.label
        let rows: Shape = [sizes.batch, sizes.heads, sizes.queries, width]
        let norms: Shape = [sizes.batch, sizes.heads, sizes.queries, 2]
        parts = [
          Part(operation: .attention(sizes), inputs: [rows, rows, rows], outputs: [rows, norms]),
          Part(
            operation: .attentionBackward(sizes), inputs: [rows, rows, rows, rows, rows, norms],
            outputs: [rows, rows, rows]),
        ]
      }
    }

    private static func product(_ m: Int, _ n: Int, _ k: Int) -> Part {
      Part(
        operation: .matmul(MatrixMultiplication(m: m, n: n, k: k)), inputs: [[m, k], [k, n]],
        outputs: [[m, n]])
    }

    private static func product(_ shape: TuningShape, onGPU: Bool) -> (m: Int, n: Int, k: Int) {
      switch shape {
      case .row: (8, 2048, 2048)
      case .column: (2048, 8, 2048)
      case .small: (192, 192, 192)
      case .medium: (512, 512, 512)
      default: onGPU ? (4096, 4096, 4096) : (1536, 1536, 768)
      }
    }

    private static func convolution(_ shape: TuningShape, onGPU: Bool) -> Convolution2D {
      // Of step 1 the `cpu` profile has Winograd's way, which takes no parameters.
      let step = shape == .deep && !onGPU ? 2 : 1
      let (channels, side, outputs, kernel) =
        shape == .pointwise ? (64, 28, 64, 1) : shape == .few ? (3, 32, 32, 3) : (64, 32, 64, 3)
      return Convolution2D(
        batch: onGPU ? 64 : 16, channels: channels, height: side, width: side, outputChannels: outputs,
        groups: 1, kernelHeight: kernel, kernelWidth: kernel, strideY: step, strideX: step,
        paddingY: kernel / 2, paddingX: kernel / 2, dilationY: 1, dilationX: 1, outputHeight: side / step,
        outputWidth: side / step)
    }
  }

  /// A problem's operands on a device, with the results that are right.
  struct TuningTrial {
    private struct Part {
      var operation: LatheCore.Operation
      var inputs: [Operand]
      var outputs: [Operand]
      var expected: [[Float]]
    }

    private let backend: OpenCLBackend
    private let parts: [Part]

    /// - Throws: `LatheError` where a device fails or has no room.
    init(_ problem: TuningProblem, on backend: OpenCLBackend, reference: any Backend) throws {
      self.backend = backend
      var generator = SplitMix64(state: 1)
      parts = try problem.parts.map { part in
        let values = part.inputs.map { shape in
          (0..<shape.elementCount).map { _ in Float.random(in: -1...1, using: &generator) }
        }
        let host = try zip(values, part.inputs).map { try Self.operand($0, $1, on: reference) }
        let expected = try part.outputs.map {
          try Self.operand([Float](repeating: .nan, count: $0.elementCount), $0, on: reference)
        }
        try reference.run(part.operation, inputs: host, outputs: expected)
        return Part(
          operation: part.operation,
          inputs: try zip(values, part.inputs).map { try Self.operand($0, $1, on: backend) },
          outputs: try part.outputs.map { try Self.operand([0], $0, on: backend) },
          expected: try expected.map { try Self.floats($0, on: reference) })
      }
    }

    /// A problem's operations on zeros, of which nothing is compared.
    static func zeros(_ problem: TuningProblem, on backend: OpenCLBackend) throws -> [TuningWork] {
      func zeros(_ shapes: [Shape]) throws -> [Operand] {
        try shapes.map { try operand([Float](repeating: 0, count: $0.elementCount), $0, on: backend) }
      }
      return try problem.parts.map {
        TuningWork(operation: $0.operation, inputs: try zeros($0.inputs), outputs: try zeros($0.outputs))
      }
    }

    private static func operand(_ values: [Float], _ shape: Shape, on backend: any Backend) throws -> Operand
    {
      let buffer = try backend.allocate(byteCount: shape.elementCount * 4)
      try values.withUnsafeBytes { try backend.write($0, to: buffer) }
      return Operand(buffer: buffer, layout: Layout(shape), dtype: .float32)
    }

    private static func floats(_ operand: Operand, on backend: any Backend) throws -> [Float] {
      try [Float](unsafeUninitializedCapacity: operand.elementCount) { storage, count in
        try backend.read(operand.buffer, offset: 0, into: UnsafeMutableRawBufferPointer(storage))
        count = operand.elementCount
      }
    }

    private func runAll() throws {
      for part in parts { try backend.run(part.operation, inputs: part.inputs, outputs: part.outputs) }
    }

    /// The largest difference over the largest result, infinite where anything is no number or was not written.
    func error() throws -> Double {
      var worst = 0.0
      for part in parts {
        for output in part.outputs {
          let nothing = [Float](repeating: .nan, count: output.elementCount)
          try nothing.withUnsafeBytes { try backend.write($0, to: output.buffer) }
        }
        try backend.run(part.operation, inputs: part.inputs, outputs: part.outputs)
        for (output, expected) in zip(part.outputs, part.expected) {
          worst = max(worst, Self.difference(try Self.floats(output, on: backend), expected))
        }
      }
      return worst
    }

    /// The largest difference of two arrays over the largest element of the second; infinite where one has no number.
    static func difference(_ values: [Float], _ expected: [Float]) -> Double {
      var (largest, difference): (Float, Float) = (0, 0)
      for (value, right) in zip(values, expected) {
        guard value.isFinite else { return .infinity }
        largest = max(largest, abs(right))
        difference = max(difference, abs(value - right))
      }
      return Double(difference) / Double(max(largest, .leastNormalMagnitude))
    }

    /// The median seconds of a run, of five samples of at least 4 ms; the first alone where it is above the limit.
    func seconds(notAbove limit: Double) throws -> Double {
      func sample(_ runs: Int) throws -> Double {
        try backend.synchronize()
        let start = ContinuousClock.now
        for _ in 0..<runs { try runAll() }
        try backend.synchronize()
        return (ContinuousClock.now - start) / .seconds(1) / Double(runs)
      }
      let first = try sample(1)
      guard first <= limit else { return first }
      let runs = max(1, min(1000, Int((0.004 / max(first, 1e-9)).rounded(.up))))
      return try (0..<5).map { _ in try sample(runs) }.sorted()[2]
    }
  }
#endif
