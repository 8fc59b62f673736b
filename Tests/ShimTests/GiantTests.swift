#if OpenCL
  import LatheCore
  import LatheOpenCL
  import Testing

  /// Operations on more elements than 32 bits count, launched and not run: each keeps to the limits of devices or is left
  /// to the CPU.
  @Suite(.serialized, .enabled(if: hasOpenCL)) struct GiantTests {
    /// An operation with operands of any content.
    private struct Start: Sendable {
      var name: String
      var operation: LatheCore.Operation
      var inputs: [(Shape, DType)]
      var outputs: [(Shape, DType)]

      init(
        _ name: String, _ operation: LatheCore.Operation, _ inputs: [Shape], _ outputs: [Shape],
        types: [Int: DType] = [:]
      ) {
        self.name = name
        self.operation = operation
        // Types by the place of an operand, inputs first.
        let all = (inputs + outputs).enumerated().map { ($1, types[$0] ?? .float32) }
        self.inputs = Array(all[..<inputs.count])
        self.outputs = Array(all[inputs.count...])
      }
    }

    private static func program(_ inputs: Int) -> ElementwiseProgram {
      ElementwiseProgram(
        inputs: Array(repeating: .float32, count: inputs), scalars: [],
        instructions: [.init(op: .add, dtype: .float32, a: 0, b: UInt16(inputs - 1))],
        outputs: [.init(register: UInt16(inputs), dtype: .float32)])
    }

    private static let whole = ElementwiseProgram(
      inputs: [.float32], scalars: [], instructions: [],
      outputs: [.init(register: 0, dtype: .float32)])

    private static func sum(_ reduced: [Bool]) -> LatheCore.Operation {
      .reduce(Reduction(kind: .sum, program: whole, scalars: [], reduced: reduced))
    }

    private static let giant = (1 << 31) + 64

    private static let elementwise: [Start] = {
      let adam = AdamStep(
        learningRate: 1, beta1: 0.9, beta2: 0.9, epsilon: 1, weightDecay: 0, decoupledDecay: 0,
        stepSize: 1,
        correction2: 1)
      let sgd = SGDStep(
        learningRate: 1, momentum: 0.9, dampening: 0, weightDecay: 0, nesterov: false,
        isFirst: false)
      let parameter: Shape = [262_144, 8192]
      return [
        Start("add", .elementwise(program(2), scalars: []), [[giant], [giant]], [[giant]]),
        Start(
          "each", .elementwiseEach(program(2), scalars: [], count: 2),
          [[giant], [giant], [4], [4]], [[giant], [4]]),
        Start(
          "sums of each",
          .sumEach([AxisSum(outer: 65_536, count: 1, inner: 65_536)], squares: false),
          [[65_536, 65_536]], [[giant]]),
        Start("copy", .copy, [[giant]], [[giant]]),
        Start(
          "adam", .adam(adam, count: 1), Array(repeating: parameter, count: 4),
          Array(repeating: parameter, count: 3)),
        Start(
          "sgd", .sgd(sgd, count: 1), Array(repeating: parameter, count: 3),
          Array(repeating: parameter, count: 2)),
        Start("sum of all", sum([true]), [[giant]], [[1]]),
        Start("sums of rows", sum([false, true]), [[giant / 64, 128]], [[giant / 64]]),
        Start("sums of short rows", sum([false, true]), [[giant, 2]], [[giant]]),
        Start("sums of columns", sum([true, false]), [[2, giant]], [[giant]]),
        Start(
          "random", .random(.uniform(low: 0, high: 1), key: RandomKey(seed: 1, offset: 0)), [],
          [[giant]]),
        Start(
          "dropout", .dropout(probability: 0.5, key: RandomKey(seed: 1, offset: 0)), [[giant]],
          [[giant]]),
      ]
    }()

    private static let products: [Start] = {
      func attention(_ batch: Int, heads: Int = 1, length: Int = 64) -> Attention {
        Attention(
          batch: batch, heads: heads, keyHeads: heads, queries: length, keys: length, width: 64,
          valueWidth: 64,
          scale: 1, isCausal: false, hasMask: false)
      }
      func operands(_ s: Attention) -> ([Shape], [Shape]) {
        let rows: Shape = [s.batch, s.heads, s.queries, 64]
        return (
          [rows, rows, rows],
          [[s.batch, s.queries, s.heads, 64], [s.batch, s.heads, s.queries, 2]]
        )
      }
      func backward(_ s: Attention) -> ([Shape], [Shape]) {
        let rows: Shape = [s.batch, s.heads, s.queries, 64]
        return (
          [rows, rows, rows, rows, rows, [s.batch, s.heads, s.queries, 2]],
          Array(repeating: [s.batch, s.queries, s.heads, 64], count: 3)
        )
      }
      let (many, heads) = (attention(1_048_576), attention(2, heads: 70_000))
      return [
        Start(
          "rows", .matmul(MatrixMultiplication(m: 1 << 22, n: 1024, k: 512)),
          [[1 << 22, 512], [512, 1024]],
          [[1 << 22, 1024]]),
        Start(
          "too many rows", .matmul(MatrixMultiplication(m: giant, n: 2, k: 2)),
          [[giant, 2], [2, 2]], [[giant, 2]]),
        Start(
          "batch", .matmul(MatrixMultiplication(m: 64, n: 64, k: 64)),
          [[1 << 20, 64, 64], [1 << 20, 64, 64]],
          [[1 << 20, 64, 64]]),
        Start(
          "long", .matmul(MatrixMultiplication(m: 2, n: 2, k: 1 << 28)),
          [[2, 1 << 28], [1 << 28, 2]], [[2, 2]]),
        Start("attention", .attention(many), operands(many).0, operands(many).1),
        Start("attention backward", .attentionBackward(many), backward(many).0, backward(many).1),
        Start("many heads", .attention(heads), operands(heads).0, operands(heads).1),
        Start(
          "many heads backward", .attentionBackward(heads), backward(heads).0, backward(heads).1),
        Start(
          "recurrence",
          .recurrence(
            RecurrentSequence(
              cell: .gru, batch: 1 << 20, steps: 2, size: 512, isReversed: false, hasBias: false,
              hasMask: false)),
          [[1 << 20, 2, 1536], [1 << 20, 512], [1536, 512]],
          [[1, 1 << 20, 2, 512], [1 << 20, 2, 2048]]),
      ]
    }()

    private static let images: [Start] = {
      func start(
        _ name: String, batch: Int, channels: Int, side: Int, outputs: Int, groups: Int = 1,
        kernel: Int = 3
      ) -> [Start] {
        let sizes = Convolution2D(
          batch: batch, channels: channels, height: side, width: side, outputChannels: outputs,
          groups: groups,
          kernelHeight: kernel, kernelWidth: kernel, strideY: 1, strideX: 1, paddingY: kernel / 2,
          paddingX: kernel / 2, dilationY: 1, dilationX: 1, outputHeight: side, outputWidth: side)
        let (x, y): (Shape, Shape) = ([batch, channels, side, side], [batch, outputs, side, side])
        let filter: Shape = [outputs, channels / groups, kernel, kernel]
        return [
          Start("\(name) forward", .convolution(sizes), [x, filter], [y]),
          Start("\(name) to the input", .convolutionBackwardInput(sizes), [y, filter], [x]),
          Start("\(name) to the filter", .convolutionBackwardFilter(sizes), [y, x], [filter]),
        ]
      }
      func pool(_ planes: Int, _ side: Int, _ what: String = "") -> [Start] {
        let sizes = Pool2D(
          planes: planes, height: side, width: side, kernelHeight: 2, kernelWidth: 2, strideY: 2,
          strideX: 2,
          paddingY: 0, paddingX: 0, outputHeight: side / 2, outputWidth: side / 2)
        let (x, y): (Shape, Shape) = ([planes, side, side], [planes, side / 2, side / 2])
        return [
          Start("max pooling\(what)", .maxPool(sizes), [x], [y, y], types: [2: .int32]),
          Start("max pooling backward\(what)", .maxPoolBackward(sizes), [y, y], [x], types: [1: .int32]),
          Start("average pooling\(what)", .averagePool(sizes), [x], [y]),
          Start("average pooling backward\(what)", .averagePoolBackward(sizes), [y], [x]),
        ]
      }
      return start("a large batch", batch: 1 << 16, channels: 64, side: 56, outputs: 64)
        + start("a batch beyond 32 bits", batch: 1 << 20, channels: 3, side: 64, outputs: 8)
        + start("a large image", batch: 1, channels: 5, side: 1 << 14, outputs: 4)
        + start("an image beyond 32 bits", batch: 1, channels: 1, side: 1 << 16, outputs: 1)
        + start(
          "many groups", batch: 64, channels: 70_000, side: 8, outputs: 70_000, groups: 70_000)
        + start(
          "a filter beyond 32 bits", batch: 1, channels: 1 << 16, side: 2, outputs: 1 << 16,
          kernel: 1)
        + pool(1 << 20, 64) + pool(4, 1 << 15, " of large planes") + pool(1, 1 << 16, " of large planes")
    }()

    private static let rows: [Start] = {
      let (n, c) = (1 << 22, 1024)
      let x: Shape = [n, c]
      let loss = CrossEntropy(rows: n, classes: c, ignoredIndex: nil, labelSmoothing: 0)
      return [
        Start("softmax", .softmax(rows: n, columns: c, logarithm: false), [x], [x]),
        Start(
          "many rows", .softmax(rows: giant, columns: 2, logarithm: false), [[giant, 2]],
          [[giant, 2]]),
        Start(
          "a long row", .softmax(rows: 2, columns: giant, logarithm: true), [[2, giant]],
          [[2, giant]]),
        Start(
          "softmax backward", .softmaxBackward(rows: n, columns: c, logarithm: false), [x, x], [x]),
        Start("cross-entropy", .crossEntropy(loss), [x, [n]], [[n], [n, 2]], types: [1: .int32]),
        Start(
          "cross-entropy backward", .crossEntropyBackward(loss), [x, [n], [n, 2], [n]], [x],
          types: [1: .int32]),
        Start(
          "layer norm", .layerNorm(rows: n, columns: c, epsilon: 1, affine: true), [x, [c], [c]],
          [x, [n], [n]]),
        Start(
          "layer norm backward", .layerNormBackward(rows: n, columns: c, affine: true),
          [x, x, [n], [n], [c]],
          [x, [c], [c]]),
        Start(
          "moments", .channelMoments(outer: 1 << 16, channels: 64, inner: 1024),
          [[1 << 16, 64, 1024]], [[64], [64]]),
        Start(
          "moments of columns", .channelMoments(outer: n, channels: c, inner: 1), [x], [[c], [c]]),
        Start(
          "moments of all", .channelMoments(outer: 1, channels: 1, inner: giant), [[1, 1, giant]],
          [[1], [1]]),
      ]
    }()

    private static let places: [Start] = {
      let (n, c) = (1 << 22, 1024)
      func along(
        _ name: String, _ operation: (Int, Int, Int) -> LatheCore.Operation, indexed: Bool = false
      ) -> [Start] {
        [(n, c, 1), (2, 65_536, 32_768), (1, giant, 1)].map { outer, count, inner in
          let x: Shape = [outer, count, inner]
          return Start(
            name, operation(outer, count, inner), [x], indexed ? [x, x] : [x],
            types: indexed ? [2: .int32] : [:])
        }
      }
      let scans =
        along("running sums", { .cumulativeSum(outer: $0, count: $1, inner: $2) })
        + along("running products", { .cumulativeProduct(outer: $0, count: $1, inner: $2) })
        + along(
          "running maxima", { .cumulativeExtremum(outer: $0, count: $1, inner: $2, largest: true) },
          indexed: true)
      let picks: [(Int, Int, Int, Int)] = [
        (1, giant, 1, 64), (1, 64, 1, giant), (2, 1 << 16, 1 << 15, 8),
      ]
      let indexed = picks.flatMap { outer, count, inner, picked -> [Start] in
        let (x, y): (Shape, Shape) = ([outer, count, inner], [outer, picked, inner])
        return [
          Start(
            "gather", .gather(outer: outer, count: count, inner: inner, picked: picked), [x, y],
            [y],
            types: [1: .int32]),
          Start(
            "scatter-add", .scatterAdd(outer: outer, count: count, inner: inner, picked: picked),
            [x, y, y], [x],
            types: [1: .int32]),
          Start(
            "scatter", .scatter(.set, outer: outer, count: count, inner: inner, picked: picked),
            [x, y, y], [x],
            types: [1: .int32]),
          Start(
            "scatter by maximum",
            .scatter(.maximum, outer: outer, count: count, inner: inner, picked: picked),
            [x, y, y], [x], types: [1: .int32]),
        ]
      }
      let sorted = [(n, c), (giant, 2), (2, giant)].flatMap { rows, count -> [Start] in
        let x: Shape = [rows, count]
        return [
          Start(
            "sort", .sort(rows: rows, count: count, descending: false), [x], [x, x],
            types: [2: .int32]),
          Start(
            "top 2", .topK(rows: rows, count: count, k: 2, largest: true), [x],
            [[rows, 2], [rows, 2]],
            types: [2: .int32]),
          Start(
            "argmax", .argReduce(outer: rows, count: count, inner: 1, largest: true), [x], [[rows]],
            types: [1: .int32]),
          Start(
            "search",
            .searchSorted(sequences: 1, rows: rows, count: 64, picked: count, right: false),
            [[64], x], [x],
            types: [2: .int32]),
        ]
      }
      let top = Start(
        "top 100", .topK(rows: n, count: 8192, k: 100, largest: true), [[n, 8192]],
        [[n, 100], [n, 100]],
        types: [2: .int32])
      return scans + indexed + sorted + [top]
    }()

    /// Starts each; those of some names are left to the CPU.
    private static func start(_ starts: [Start], refused: Set<String>) throws {
      Shim.use("groups=65535 items=2147483647 workgroup=256 local=32K parameters=1024 sparse dry")
      let backend = try Shim.open()
      for start in starts {
        var wasRefused = false
        do {
          let inputs = try start.inputs.map { try backend.room($0, $1) }
          let outputs = try start.outputs.map { try backend.room($0, $1) }
          try backend.run(start.operation, inputs: inputs, outputs: outputs)
        } catch let error as LatheError where error.kind == .unsupported { wasRefused = true }
        #expect(wasRefused == refused.contains(start.name), "\(start.name)")
        backend.emptyCache()
      }
      #expect(Shim.count("launches") > 0)
    }

    @Test func elementsAndOptimizers() async {
      await #expect(processExitsWith: .success) {
        try GiantTests.start(GiantTests.elementwise, refused: ["sums of each"])
      }
    }

    @Test func productsAndAttention() async {
      await #expect(processExitsWith: .success) {
        try GiantTests.start(
          GiantTests.products, refused: ["too many rows", "many heads", "many heads backward"])
      }
    }

    @Test func convolutionsAndPooling() async {
      await #expect(processExitsWith: .success) {
        let refused = ["a batch", "an image", "a filter"].flatMap { what in
          ["forward", "to the input", "to the filter"].map { "\(what) beyond 32 bits \($0)" }
        }
        let pooling = ["max", "average"].flatMap { kind in
          ["", " backward"].map { "\(kind) pooling\($0) of large planes" }
        }
        try GiantTests.start(
          GiantTests.images, refused: Set(refused + pooling + ["a large image to the filter"]))
      }
    }

    @Test func rowsAndMoments() async {
      await #expect(processExitsWith: .success) {
        try GiantTests.start(GiantTests.rows, refused: ["many rows", "a long row", "moments of all"])
      }
    }

    @Test func indicesAndSorting() async {
      await #expect(processExitsWith: .success) { try GiantTests.start(GiantTests.places, refused: []) }
    }
  }
#endif
