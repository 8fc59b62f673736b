#if OpenCL
  import LatheCore
  import LatheOpenCL
  import Testing

  /// Small tensors whose elements lie beyond what 32 bits count, in buffers of which only what is touched exists.
  @Suite(.serialized, .enabled(if: hasOpenCL)) struct FarTests {
    private static let far = 1 << 31

    /// Values at far apart places of a buffer.
    private static func operand(
      _ values: [Float], _ shape: Shape, strides: Shape, offset: Int = 0, on backend: OpenCLBackend
    ) throws -> Operand {
      let operand = try backend.room(shape, strides: strides, offset: offset)
      try backend.run(.copy, inputs: [try backend.holding(values, shape)], outputs: [operand])
      return operand
    }

    private static func numbers(_ count: Int, _ step: Int = 7) -> [Float] {
      (0..<count).map { Float(($0 * step) % 23) - 11 }
    }

    /// Runs a body with the kernels of each profile.
    private static func onEachProfile(_ body: (OpenCLBackend) throws -> Void) throws {
      Shim.use("groups=65535 items=2147483647 sparse")
      for profile in KernelProfile.allCases {
        let backend = try #require(try OpenCLPlatforms.entries[0].open(profile) as? OpenCLBackend)
        try body(backend)
      }
    }

    @Test func copies() async {
      await #expect(processExitsWith: .success) { try FarTests.onEachProfile(FarTests.copies) }
    }

    private static func copies(on backend: OpenCLBackend) throws {
      let values = FarTests.numbers(60)
      for strides: Shape in [
        [5 * FarTests.far, FarTests.far + 1, 1], [5, 1, FarTests.far + 3],
        [1, 3, FarTests.far],
      ] {
        let x = try FarTests.operand(
          values, [3, 4, 5], strides: strides, offset: FarTests.far, on: backend)
        // The last element by its place.
        var last: Float = 0
        let place = FarTests.far + 2 * strides[0] + 3 * strides[1] + 4 * strides[2]
        try withUnsafeMutableBytes(of: &last) {
          try backend.read(x.buffer, offset: 4 * place, into: $0)
        }
        #expect(last == values[59])
        let y = try backend.room([3, 4, 5])
        try backend.run(.copy, inputs: [x], outputs: [y])
        #expect(try backend.values(y) == values)
      }
      // By tiles: the rows of one are the columns of the other.
      let square = FarTests.numbers(400)
      let x = try FarTests.operand(
        square, [20, 20], strides: [FarTests.far / 8 + 1, 1], offset: FarTests.far, on: backend)
      let y = try backend.room([20, 20])
      try backend.run(.copy, inputs: [x.transposedMatrix], outputs: [y])
      let expected = (0..<400).map { square[$0 % 20 * 20 + $0 / 20] }
      #expect(try backend.values(y) == expected)
    }

    @Test func elementwise() async {
      await #expect(processExitsWith: .success) { try FarTests.onEachProfile(FarTests.elementwise) }
    }

    private static func elementwise(on backend: OpenCLBackend) throws {
      let (a, b) = (FarTests.numbers(60), FarTests.numbers(60, 5))
      let sum = ElementwiseProgram(
        inputs: [.float32, .float32], scalars: [],
        instructions: [.init(op: .add, dtype: .float32, a: 0, b: 1)],
        outputs: [.init(register: 2, dtype: .float32)])
      let x = try FarTests.operand(
        a, [3, 4, 5], strides: [FarTests.far, 5, 1], offset: FarTests.far + 1, on: backend)
      let y = try FarTests.operand(
        b, [3, 4, 5], strides: [1, 3, FarTests.far + 9], on: backend)
      let z = try backend.room([3, 4, 5])
      try backend.run(.elementwise(sum, scalars: []), inputs: [x, y], outputs: [z])
      #expect(try backend.values(z) == zip(a, b).map(+))
      // In one launch with another tensor, or by themselves.
      let plain = try backend.holding(b, [3, 4, 5])
      let results = [try backend.room([3, 4, 5]), try backend.room([3, 4, 5])]
      do {
        try backend.run(
          .elementwiseEach(sum, scalars: [], count: 2), inputs: [x, plain, plain, plain],
          outputs: results)
        #expect(try backend.values(results[0]) == zip(a, b).map(+))
      } catch let error as LatheError { #expect(error.kind == .unsupported, "\(error)") }
    }

    @Test func reductions() async {
      await #expect(processExitsWith: .success) { try FarTests.onEachProfile(FarTests.reductions) }
    }

    private static func reductions(on backend: OpenCLBackend) throws {
      let values = FarTests.numbers(3 * 70)
      for strides: Shape in [[FarTests.far + 1, 1], [1, FarTests.far / 8 + 3]] {
        let x = try FarTests.operand(
          values, [3, 70], strides: strides, offset: FarTests.far, on: backend)
        for reduced in [[false, true], [true, false]] {
          let count = reduced[0] ? 70 : 3
          let y = try backend.room([count])
          let whole = ElementwiseProgram(
            inputs: [.float32], scalars: [], instructions: [],
            outputs: [.init(register: 0, dtype: .float32)])
          try backend.run(
            .reduce(Reduction(kind: .sum, program: whole, scalars: [], reduced: reduced)),
            inputs: [x],
            outputs: [y])
          let expected = (0..<count).map { kept in
            values.indices.filter { (reduced[0] ? $0 % 70 : $0 / 70) == kept }
              .reduce(Float(0)) { $0 + values[$1] }
          }
          #expect(try backend.values(y) == expected)
        }
      }
    }

    @Test func products() async {
      await #expect(processExitsWith: .success) { try FarTests.onEachProfile(FarTests.products) }
    }

    private static func products(on backend: OpenCLBackend) throws {
      let (m, n, k) = (5, 6, 7)
      let (a, b) = (FarTests.numbers(2 * m * k), FarTests.numbers(2 * k * n, 5))
      // Batches, rows and columns far apart, on either side.
      for (left, right): (Shape, Shape) in [
        ([FarTests.far + 3, k, 1], [FarTests.far + 1, n, 1]),
        ([m * k, 1, FarTests.far + 1], [k * n, n, 1]),
        ([m * k, k, 1], [k, FarTests.far + 4, 1]),
        ([FarTests.far, FarTests.far + 7, 1], [k * n, 1, FarTests.far]),
      ] {
        let x = try FarTests.operand(
          a, [2, m, k], strides: left, offset: FarTests.far, on: backend)
        let y = try FarTests.operand(b, [2, k, n], strides: right, on: backend)
        let z = try backend.room([2, m, n])
        try backend.run(
          .matmul(MatrixMultiplication(m: m, n: n, k: k)), inputs: [x, y], outputs: [z])
        let expected = (0..<2 * m * n).map { place in
          let (batch, i, j) = (place / (m * n), place / n % m, place % n)
          return (0..<k).reduce(Float(0)) {
            $0 + a[(batch * m + i) * k + $1] * b[(batch * k + $1) * n + j]
          }
        }
        #expect(try backend.values(z) == expected, "\(left) \(right)")
      }
    }

    @Test func attention() async {
      await #expect(processExitsWith: .success) { try FarTests.onEachProfile(FarTests.attention) }
    }

    private static func attention(on backend: OpenCLBackend) throws {
      let sizes = Attention(
        batch: 2, heads: 2, keyHeads: 2, queries: 3, keys: 2, width: 4, valueWidth: 4, scale: 1,
        isCausal: false, hasMask: false)
      func inputs(_ strides: (Int) -> Shape) throws -> [Operand] {
        try [(3, 7), (2, 5), (2, 3)].map { rows, step in
          try FarTests.operand(
            FarTests.numbers(16 * rows, step).map { $0 / 16 }, [2, 2, rows, 4],
            strides: strides(rows),
            on: backend)
        }
      }
      func result(_ inputs: [Operand]) throws -> [Float] {
        let o = try backend.room([2, 3, 2, 4])
        try backend.run(
          .attention(sizes), inputs: inputs, outputs: [o, try backend.room([2, 2, 3, 2])])
        return try backend.values(o)
      }
      let near = try result(inputs { [8 * $0, 4 * $0, 4, 1] })
      #expect(
        try result(
          inputs { _ in [4 * FarTests.far, 2 * FarTests.far + 1, FarTests.far / 2 + 3, 1] })
          == near)
    }

    /// Channels of planes that are beyond 32 bits together, of which a stride leaves a few windows.
    @Test func convolutionsAndPooling() async {
      await #expect(processExitsWith: .success) {
        try FarTests.onEachProfile(FarTests.convolutionsAndPooling)
      }
    }

    private static func convolutionsAndPooling(on backend: OpenCLBackend) throws {
      let (channels, side) = (9, 1 << 14)
      let steps = side / 2
      // What a stride of half a side meets in each plane.
      let values = FarTests.numbers(channels * 4)
      let strides: Shape = [side * side, steps * side, steps]
      let corners = try FarTests.operand(
        values, [channels, 2, 2], strides: strides, on: backend)
      var image = corners
      image.layout = Layout([1, channels, side, side])
      let sizes = Convolution2D(
        batch: 1, channels: channels, height: side, width: side, outputChannels: 2, groups: 1,
        kernelHeight: 1, kernelWidth: 1, strideY: steps, strideX: steps, paddingY: 0,
        paddingX: 0,
        dilationY: 1, dilationX: 1, outputHeight: 2, outputWidth: 2)
      let filter = FarTests.numbers(2 * channels, 3)
      let weights = try backend.holding(filter, [2, channels, 1, 1])
      let y = try backend.room([1, 2, 2, 2])
      try FarTests.orUnsupported(backend.profile == .cpu) {
        try backend.run(.convolution(sizes), inputs: [image, weights], outputs: [y])
        let expected = (0..<8).map { place in
          (0..<channels).reduce(Float(0)) {
            $0 + filter[place / 4 * channels + $1] * values[$1 * 4 + place % 4]
          }
        }
        #expect(try backend.values(y) == expected)
      }
      let dy = FarTests.numbers(8, 11)
      let gradient = try backend.holding(dy, [1, 2, 2, 2])
      let dw = try backend.room([2, channels, 1, 1])
      try FarTests.orUnsupported(true) {
        try backend.run(
          .convolutionBackwardFilter(sizes), inputs: [gradient, image], outputs: [dw])
        let expected = (0..<2 * channels).map { place in
          (0..<4).reduce(Float(0)) {
            $0 + dy[place / channels * 4 + $1] * values[place % channels * 4 + $1]
          }
        }
        #expect(try backend.values(dw) == expected)
      }
      let pool = Pool2D(
        planes: channels, height: side, width: side, kernelHeight: 1, kernelWidth: 1,
        strideY: steps,
        strideX: steps, paddingY: 0, paddingX: 0, outputHeight: 2, outputWidth: 2)
      let pooled = try backend.room([1, channels, 2, 2])
      try backend.run(.averagePool(pool), inputs: [image], outputs: [pooled])
      #expect(try backend.values(pooled) == values)
      try backend.run(
        .maxPool(pool), inputs: [image],
        outputs: [pooled, try backend.room([1, channels, 2, 2], .int32)])
      #expect(try backend.values(pooled) == values)
    }

    /// What is left to the CPU is no wrong result.
    private static func orUnsupported(_ isExpected: Bool, _ body: () throws -> Void) throws {
      do { try body() } catch let error as LatheError where error.kind == .unsupported {
        #expect(isExpected, "\(error)")
      }
    }

    @Test func rowsOfALargeTable() async {
      await #expect(processExitsWith: .success) { try FarTests.onEachProfile(FarTests.rowsOfALargeTable) }
    }

    private static func rowsOfALargeTable(on backend: OpenCLBackend) throws {
      // Planes of rows of 3, the last of which begins beyond 32 bits; the first row of each is picked.
      let (planes, rows) = (5, FarTests.far / 6)
      let values = FarTests.numbers(3 * planes)
      var table = try FarTests.operand(
        values, [planes, 3], strides: [3 * rows, 1], on: backend)
      table.layout = Layout([planes, rows, 3])
      let index = try backend.holding(
        [Int32](repeating: 0, count: 3 * planes), [planes, 1, 3], .int32)
      let y = try backend.room([planes, 1, 3])
      try backend.run(
        .gather(outer: planes, count: rows, inner: 3, picked: 1), inputs: [table, index],
        outputs: [y])
      #expect(try backend.values(y) == values)
    }
  }

  extension Operand {
    /// A matrix with its axes exchanged.
    fileprivate var transposedMatrix: Operand {
      var result = self
      result.layout = result.layout.permuted([1, 0])
      return result
    }
  }
#endif
