import LatheCPU
import LatheCore
import Testing

/// Reductions against loops in float64 and Int64.
@Suite struct ReductionTests {
  private static let shapes: [Shape] = [
    [1], [7], [1025], [200_000], [3, 5], [64, 50], [5, 1300], [1300, 5], [40_000, 3], [3, 40_000],
    [2, 3, 4, 5],
    [16, 10, 24, 24], [4, 1, 33, 65], [40, 3000], [2, 100, 1500], [0, 3], [3, 0],
  ]

  /// The same data seen in row-major order and with the axes' order reversed in memory.
  private func layouts(_ shape: Shape) -> [Layout] {
    let reversed = Shape(shape.reversed())
    let strides = Shape(reversed.contiguousStrides.reversed())
    return [Layout(shape), Layout(shape: shape, strides: strides, offset: 0)]
  }

  private func reduce(
    _ kind: ReductionKind, _ x: Operand, _ axes: [Bool], as output: DType, square: Bool = false,
    divisor: Double = 1
  ) throws -> Operand {
    let program = ElementwiseProgram(
      inputs: [x.dtype], scalars: [],
      instructions: square ? [.init(op: .square, dtype: x.dtype.computeType, a: 0)] : [],
      outputs: [.init(register: square ? 1 : 0, dtype: output)])
    let kept = Shape((0..<x.shape.rank).filter { !axes[$0] }.map { x.shape[$0] })
    let y = try CPU.empty(kept, output)
    let reduction = Reduction(kind: kind, program: program, scalars: [], reduced: axes, divisor: divisor)
    try CPU.backend.run(.reduce(reduction), inputs: [x], outputs: [y])
    return y
  }

  /// Joins elements naively; element (i0, i1, ...) of the kept axes in row-major order.
  private func reference<T>(
    _ layout: Layout, _ axes: [Bool], _ initial: T, _ join: (T, Int) -> T
  ) -> [T] {
    let shape = layout.shape
    let kept = Shape((0..<shape.rank).filter { !axes[$0] }.map { shape[$0] })
    var result = [T](repeating: initial, count: kept.elementCount)
    let strides = shape.contiguousStrides
    let keptStrides = kept.contiguousStrides
    for i in 0..<shape.elementCount {
      var position = layout.offset
      var target = 0
      var axis = 0
      for d in 0..<shape.rank {
        let index = i / strides[d] % shape[d]
        position += index * layout.strides[d]
        if !axes[d] {
          target += index * keptStrides[axis]
          axis += 1
        }
      }
      result[target] = join(result[target], position)
    }
    return result
  }

  @Test(arguments: shapes) func floats(shape: Shape) throws {
    var generator = TestGenerator(9)
    let values = (0..<shape.elementCount).map { _ in Float.random(in: -3...3, using: &generator) }
    let x = try CPU.operand(values)
    for layout in layouts(shape) {
      let view = Operand(buffer: x.buffer, layout: layout, dtype: .float32)
      for mask in 0..<1 << shape.rank where shape.elementCount < 100_000 || mask % 3 != 2 {
        let axes = (0..<shape.rank).map { mask >> $0 & 1 == 1 }
        let sums = try CPU.read(
          reduce(.sum, view, axes, as: .float32, square: true, divisor: 4), as: Float.self)
        let expected = reference(layout, axes, 0.0) { $0 + Double(values[$1]) * Double(values[$1]) }
        // The rule for sums of one sign; runs of them are added in float32.
        #expect(zip(sums, expected).allSatisfy { abs(Double($0) - $1 / 4) <= 1e-6 * $1 / 4 }, "\(axes)")
        if shape.elementCount == 0 { continue }
        let largest = try CPU.read(reduce(.max, view, axes, as: .float32), as: Float.self)
        #expect(largest == reference(layout, axes, -Float.infinity) { max($0, values[$1]) }, "\(axes)")
        let smallest = try CPU.read(reduce(.min, view, axes, as: .float32), as: Float.self)
        #expect(smallest == reference(layout, axes, Float.infinity) { min($0, values[$1]) }, "\(axes)")
        let products = try CPU.read(reduce(.product, view, axes, as: .float32), as: Float.self)
        let product = reference(layout, axes, 1.0) { $0 * Double(values[$1]) }
        #expect(
          zip(products, product).allSatisfy { ulps($0, $1) <= 2 || abs($1) < 1e-300 || abs($1) > 1e300 })
      }
    }
  }

  @Test(arguments: [DType.int32, .int64, .uint8, .bool]) func wholeNumbers(dtype: DType) throws {
    var generator = TestGenerator(10)
    for shape in [[5, 1300], [1300, 5], [3, 40_000], [2, 3, 4, 5], [3, 0]] as [Shape] {
      let values = (0..<shape.elementCount).map { _ in
        dtype == .bool
          ? Int64.random(in: 0...1, using: &generator) : Int64.random(in: 0...200, using: &generator)
      }
      let x: Operand =
        switch dtype {
        case .int32: try CPU.operand(values.map { Int32($0) }, dtype)
        case .int64: try CPU.operand(values, dtype)
        default: try CPU.operand(values.map { UInt8($0) }, dtype)
        }
      for layout in layouts(shape) {
        let view = Operand(buffer: x.buffer, layout: layout, dtype: dtype)
        for mask in 0..<1 << shape.rank {
          let axes = (0..<shape.rank).map { mask >> $0 & 1 == 1 }
          let sums = try CPU.read(reduce(.sum, view, axes, as: .int64), as: Int64.self)
          #expect(sums == reference(layout, axes, 0) { $0 &+ values[$1] })
          let products = try CPU.read(reduce(.product, view, axes, as: .int64), as: Int64.self)
          #expect(products == reference(layout, axes, 1) { $0 &* values[$1] })
          let any = try CPU.read(reduce(.any, view, axes, as: .bool), as: UInt8.self)
          #expect(any == reference(layout, axes, 0) { values[$1] != 0 ? 1 : $0 })
          let all = try CPU.read(reduce(.all, view, axes, as: .bool), as: UInt8.self)
          #expect(all == reference(layout, axes, 1) { values[$1] == 0 ? 0 : $0 })
          if shape.elementCount == 0 { continue }
          let largest = try CPU.read(reduce(.max, view, axes, as: .int64), as: Int64.self)
          #expect(largest == reference(layout, axes, .min) { max($0, values[$1]) })
          let smallest = try CPU.read(reduce(.min, view, axes, as: .int64), as: Int64.self)
          #expect(smallest == reference(layout, axes, .max) { min($0, values[$1]) })
        }
      }
    }
  }

  @Test(arguments: [3, 31, 32, 100, 2000, 70_000]) func maxAndMinPassNaN(count: Int) throws {
    for at in [0, 1, count / 2, count - 1] {
      var values = (0..<2 * count).map { Float($0 % 17) }
      values[at] = .nan
      let x = try CPU.operand(values, shape: [2, count])
      for kind in [ReductionKind.max, .min] {
        let rows = try CPU.read(reduce(kind, x, [false, true], as: .float32), as: Float.self)
        #expect(rows[0].isNaN && !rows[1].isNaN)
        let columns = try CPU.read(reduce(kind, x, [true, false], as: .float32), as: Float.self)
        #expect(columns[at].isNaN && columns.filter(\.isNaN).count == 1)
      }
    }
  }

  @Test func halfTypes() throws {
    let values = (0..<3000).map { Float16(Float($0 % 100) / 8) }
    let x = try CPU.operand(values.map(\.bitPattern), .float16, shape: [3, 1000])
    let sums = try CPU.read(reduce(.sum, x, [false, true], as: .float16), as: UInt16.self)
    let expected = values.prefix(1000).reduce(0.0) { $0 + Double($1) }
    #expect(sums.allSatisfy { Float16(bitPattern: $0) == Float16(expected) })
    let mean = try CPU.read(
      reduce(.sum, x, [true, true], as: .bfloat16, divisor: 3000), as: UInt16.self)
    #expect(abs(Float(bitPattern: UInt32(mean[0]) << 16) - 6.1875) < 0.02)
  }

  @Test func positionOfTheLargest() throws {
    let x = try CPU.operand([1, 5, 5, .nan, 2, -3, -3, 7] as [Float], shape: [2, 4])
    func run(_ operation: LatheCore.Operation, _ count: Int) throws -> [Int32] {
      let y = try CPU.empty([count], .int32)
      try CPU.backend.run(operation, inputs: [x], outputs: [y])
      return try CPU.read(y, as: Int32.self)
    }
    #expect(try run(.argReduce(outer: 2, count: 4, inner: 1, largest: true), 2) == [3, 3])
    #expect(try run(.argReduce(outer: 2, count: 4, inner: 1, largest: false), 2) == [3, 1])
    #expect(try run(.argReduce(outer: 1, count: 2, inner: 4, largest: true), 4) == [1, 0, 0, 0])
    #expect(try run(.argReduce(outer: 1, count: 2, inner: 4, largest: false), 4) == [0, 1, 1, 0])
  }

  @Test func runningSums() throws {
    let values = (0..<60).map { Float($0) }
    let x = try CPU.operand(values, shape: [3, 5, 4])
    let y = try CPU.empty([3, 5, 4])
    try CPU.backend.run(.cumulativeSum(outer: 3, count: 5, inner: 4), inputs: [x], outputs: [y])
    let result = try CPU.read(y, as: Float.self)
    for i in 0..<60 {
      let (outer, rest) = i.quotientAndRemainder(dividingBy: 20)
      let expected = (0...rest / 4).reduce(Float(0)) { $0 + values[outer * 20 + $1 * 4 + rest % 4] }
      #expect(result[i] == expected)
    }
  }
}
