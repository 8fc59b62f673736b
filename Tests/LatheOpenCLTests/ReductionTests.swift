#if OpenCL
  import LatheCore
  import LatheOpenCL
  import Testing

  /// Reductions over all choices of axes, of views, with a program in front, against double precision.
  @Suite(.serialized) struct ReductionTests {
    struct Case: Sendable, CustomTestStringConvertible {
      var shape: Shape
      var reduced: [Bool]
      var permutation: Shape?
      var testDescription: String {
        "\(shape) \(reduced.map { $0 ? "r" : "k" }.joined())\(permutation == nil ? "" : " permuted")"
      }
    }

    static let cases: [Case] = [
      Case(shape: [], reduced: []),
      Case(shape: [1], reduced: [true]),
      Case(shape: [37], reduced: [true]),
      Case(shape: [100_003], reduced: [true]),
      Case(shape: [5, 33], reduced: [false, true]),
      Case(shape: [33, 5], reduced: [true, false]),
      Case(shape: [300, 93], reduced: [true, false]),
      Case(shape: [3000, 130], reduced: [true, false]),
      Case(shape: [4, 7, 65], reduced: [true, false, true]),
      Case(shape: [4, 7, 65], reduced: [false, true, false]),
      Case(shape: [40, 5, 600], reduced: [true, false, true]),
      Case(shape: [3, 4, 5, 6], reduced: [true, false, true, false]),
      Case(shape: [3, 0, 5], reduced: [false, true, false]),
      Case(shape: [3, 0], reduced: [false, true]),
      Case(shape: [3, 1, 5], reduced: [false, true, false]),
      Case(shape: [40, 70], reduced: [false, true], permutation: [1, 0]),
      Case(shape: [12, 5, 31], reduced: [true, false, true], permutation: [2, 0, 1]),
      Case(shape: [2, 3, 700], reduced: [false, false, true], permutation: [1, 0, 2]),
    ]

    /// Sums a * a + k of a view: the reduction absorbs the program.
    @Test(arguments: devices, cases) func sumsOfProgram(_ device: TestDevice, _ test: Case) throws {
      let backend = device.backend
      let program = ElementwiseProgram(
        inputs: [.float32], scalars: [.float32],
        instructions: [
          .init(op: .square, dtype: .float32, a: 0), .init(op: .add, dtype: .float32, a: 2, b: 1),
        ], outputs: [.init(register: 3, dtype: .float32)])
      let values = test.values
      let input = try backend.operand(values, test.shape, .float32)
      let view = Operand(buffer: input.buffer, layout: test.layout, dtype: .float32)
      let output = try backend.empty(test.outputShape, .float32)
      try backend.run(
        .reduce(
          Reduction(kind: .sum, program: program, scalars: [.float(0.25)], reduced: test.reduced, divisor: 2)),
        inputs: [view], outputs: [output])
      let want = test.reference(values, start: 0) { $0 + Double($1) * Double($1) + 0.25 }
      let got = try backend.floats(output.buffer, count: want.count)
      for i in want.indices {
        #expect(
          abs(Double(got[i]) - 0.5 * want[i]) <= 1e-5 * (1 + abs(want[i])), "\(i): \(got[i]) \(0.5 * want[i])"
        )
      }
    }

    @Test(arguments: devices, [ReductionKind.product, .max, .min])
    func otherKinds(_ device: TestDevice, _ kind: ReductionKind) throws {
      let backend = device.backend
      for test in ReductionTests.cases where test.shape.elementCount < 30_000 {
        let values = kind == .product ? test.values.map { 1 + $0 * 0.01 } : test.values
        let input = try backend.operand(values, test.shape, .float32)
        let output = try backend.empty(test.outputShape, .float32)
        try backend.run(
          .reduce(
            Reduction(kind: kind, program: .identity(.float32), scalars: [], reduced: test.reduced)),
          inputs: [Operand(buffer: input.buffer, layout: test.layout, dtype: .float32)], outputs: [output])
        let start = kind == .product ? 1 : kind == .max ? -Double.infinity : .infinity
        let want = test.reference(values, start: start) { total, x in
          switch kind {
          case .product: total * Double(x)
          case .max: Swift.max(total, Double(x))
          default: Swift.min(total, Double(x))
          }
        }
        let got = try backend.floats(output.buffer, count: want.count)
        for i in want.indices {
          let tolerance = kind == .product ? 1e-4 * abs(want[i]) : 0
          let isRight = Double(got[i]) == want[i] || abs(Double(got[i]) - want[i]) <= tolerance
          #expect(isRight, "\(test) \(i): \(got[i]) \(want[i])")
        }
      }
    }

    @Test(arguments: devices) func extremesPassNaNOn(_ device: TestDevice) throws {
      let backend = device.backend
      for place in [0, 17, 99] {
        var values = (0..<100).map { Float($0) }
        values[place] = .nan
        for kind in [ReductionKind.max, .min] {
          for shape: Shape in [[1, 100], [100, 1]] {
            let input = try backend.operand(values, shape, .float32)
            let output = try backend.empty([1], .float32)
            try backend.run(
              .reduce(
                Reduction(
                  kind: kind, program: .identity(.float32), scalars: [],
                  reduced: [shape[0] > 1, shape[1] > 1])),
              inputs: [input], outputs: [output])
            #expect(try backend.floats(output.buffer, count: 1)[0].isNaN)
          }
        }
      }
    }

    @Test(arguments: devices) func wholeNumbersAndLogic(_ device: TestDevice) throws {
      let backend = device.backend
      let values = (0..<20_000).map { Int64($0 * 7919 % 1000 - 300) }
      for shape: Shape in [[20_000, 1], [200, 100], [1, 20_000]] {
        let input = try backend.operand(values, shape, .int64)
        for (kind, start) in [(ReductionKind.sum, Int64(0)), (.max, .min), (.min, .max)] {
          let output = try backend.empty([shape[1]], .int64)
          try backend.run(
            .reduce(Reduction(kind: kind, program: .identity(.int64), scalars: [], reduced: [true, false])),
            inputs: [input], outputs: [output])
          let got: [Int64] = try backend.values(output.buffer, count: shape[1])
          for column in 0..<shape[1] {
            var want = start
            for row in 0..<shape[0] {
              let x = values[row * shape[1] + column]
              want = kind == .sum ? want + x : kind == .max ? Swift.max(want, x) : Swift.min(want, x)
            }
            #expect(got[column] == want)
          }
        }
      }
      let flags: [UInt8] = (0..<90).map { $0 < 30 ? 0 : $0 < 60 ? 1 : UInt8($0 % 2) }
      let input = try backend.operand(flags, [3, 30], .bool)
      for (kind, want) in [(ReductionKind.any, [UInt8(0), 1, 1]), (.all, [0, 1, 0])] {
        let output = try backend.empty([3], .bool)
        try backend.run(
          .reduce(Reduction(kind: kind, program: .identity(.bool), scalars: [], reduced: [false, true])),
          inputs: [input], outputs: [output])
        #expect(try backend.values(output.buffer, count: 3, as: UInt8.self) == want)
      }
    }

    @Test(arguments: devices) func repeatsBitForBit(_ device: TestDevice) throws {
      let backend = device.backend
      let values = (0..<300_000).map { Float($0 &* 2_654_435_761 % 1000) * 1.37e-3 }
      let input = try backend.operand(values, [300_000], .float32)
      var first: Float?
      for _ in 0..<3 {
        let output = try backend.empty([], .float32)
        try backend.run(
          .reduce(Reduction(kind: .sum, program: .identity(.float32), scalars: [], reduced: [true])),
          inputs: [input], outputs: [output])
        let got = try backend.floats(output.buffer, count: 1)[0]
        #expect(first == nil || got.bitPattern == first?.bitPattern)
        first = got
      }
    }
  }

  extension ElementwiseProgram {
    /// Passes its input on.
    static func identity(_ dtype: DType) -> ElementwiseProgram {
      ElementwiseProgram(
        inputs: [dtype], scalars: [], instructions: [], outputs: [.init(register: 0, dtype: dtype)])
    }
  }

  extension ReductionTests.Case {
    var values: [Float] {
      (0..<shape.elementCount).map { Float(($0 &* 7919 &+ 13) % 199 - 99) * 0.0137 }
    }

    /// The view that is reduced: its shape is `shape` with the axes permuted.
    var layout: Layout {
      let plain = Layout(shape)
      return permutation.map { plain.permuted($0) } ?? plain
    }

    var outputShape: Shape {
      Shape(zip(layout.shape, reduced).filter { !$0.1 }.map(\.0))
    }

    func reference(_ values: [Float], start: Double, _ join: (Double, Float) -> Double) -> [Double] {
      var totals = [Double](repeating: start, count: outputShape.elementCount)
      let sizes = Array(layout.shape)
      for e in 0..<shape.elementCount {
        var rest = e
        var index = layout.offset
        var positions = [Int](repeating: 0, count: sizes.count)
        for axis in sizes.indices.reversed() {
          positions[axis] = rest % sizes[axis]
          rest /= sizes[axis]
          index += positions[axis] * layout.strides[axis]
        }
        var output = 0
        for axis in sizes.indices where !reduced[axis] { output = output * sizes[axis] + positions[axis] }
        totals[output] = join(totals[output], values[index])
      }
      return totals
    }
  }
#endif
