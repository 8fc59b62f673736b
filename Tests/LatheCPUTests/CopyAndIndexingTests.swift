import LatheCPU
import LatheCore
import Testing

/// Copies, gather, scatter-add and sort against loops.
@Suite struct CopyAndIndexingTests {
  @Test(arguments: [DType.uint8, .float16, .float32, .int64]) func copiesBetweenLayouts(dtype: DType) throws {
    let size = dtype.byteCount
    for shape in [[1], [70_000], [5, 7], [300, 513], [2, 65, 3, 33], [4, 40_000], [0, 3]] as [Shape] {
      let count = shape.elementCount
      let bytes = (0..<count * size).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
      let source = try CPU.operand(bytes, .uint8)
      let reversed = Shape(shape.reversed()).contiguousStrides
      let transposed = Layout(shape: shape, strides: Shape(reversed.reversed()), offset: 0)
      let row = shape[shape.rank - 1]
      let backwards = Layout(
        shape: shape, strides: Shape(shape.contiguousStrides.dropLast() + [-1]), offset: max(row - 1, 0))
      let repeated = Layout(shape: shape, strides: Shape(repeating: 0, rank: shape.rank), offset: 0)
      for from in [Layout(shape), transposed, backwards, repeated] {
        for to in [Layout(shape), transposed] {
          let target = try CPU.empty(shape, dtype)
          try CPU.backend.run(
            .copy, inputs: [Operand(buffer: source.buffer, layout: from, dtype: dtype)],
            outputs: [Operand(buffer: target.buffer, layout: to, dtype: dtype)])
          let result = try CPU.read(
            Operand(buffer: target.buffer, layout: Layout([count * size]), dtype: .uint8), as: UInt8.self)
          let strides = shape.contiguousStrides
          let isRight = (0..<count).allSatisfy { i in
            var (a, b) = (from.offset, to.offset)
            for d in 0..<shape.rank {
              a += i / strides[d] % shape[d] * from.strides[d]
              b += i / strides[d] % shape[d] * to.strides[d]
            }
            return (0..<size).allSatisfy { result[b * size + $0] == bytes[a * size + $0] }
          }
          #expect(isRight, "\(shape) \(from.strides) to \(to.strides)")
        }
      }
    }
  }

  @Test func gathersRowsAndElements() throws {
    let (outer, count, inner, picked) = (3, 11, 5, 4)
    let values = (0..<outer * count * inner).map { Float($0) }
    let x = try CPU.operand(values)
    let indices = (0..<outer * picked * inner).map { Int32($0 * 7 % 22 - 11) }
    let index = try CPU.operand(indices, .int32)
    for strides in [[picked * inner, inner, 1], [0, 1, 0], [picked, 1, 0], [1, 2, 3]] as [Shape] {
      let layout = Layout(shape: [outer, picked, inner], strides: strides, offset: 0)
      let y = try CPU.empty([outer, picked, inner])
      try CPU.backend.run(
        .gather(outer: outer, count: count, inner: inner, picked: picked),
        inputs: [x, Operand(buffer: index.buffer, layout: layout, dtype: .int32)], outputs: [y])
      let result = try CPU.read(y, as: Float.self)
      for i in 0..<outer * picked * inner {
        let (o, p, j) = (i / (picked * inner), i / inner % picked, i % inner)
        var k = Int(indices[o * strides[0] + p * strides[1] + j * strides[2]])
        if k < 0 { k += count }
        #expect(result[i] == values[(o * count + k) * inner + j])
      }
    }
  }

  @Test(arguments: [1, 5, 700]) func scatterAdds(inner: Int) throws {
    var generator = TestGenerator(4)
    let (outer, count, picked) = (2, 50, 400)
    let base = (0..<outer * count * inner).map { _ in Float.random(in: -1...1, using: &generator) }
    let source = (0..<outer * picked * inner).map { _ in Float.random(in: -1...1, using: &generator) }
    let indices = (0..<outer * picked * inner).map { _ in Int32.random(in: -50..<50, using: &generator) }
    let index = try CPU.operand(indices, .int32)
    for strides in [[picked * inner, inner, 1], [picked, 1, 0]] as [Shape] {
      let layout = Layout(shape: [outer, picked, inner], strides: strides, offset: 0)
      let y = try CPU.empty([outer, count, inner])
      try CPU.backend.run(
        .scatterAdd(outer: outer, count: count, inner: inner, picked: picked),
        inputs: [
          CPU.operand(base), Operand(buffer: index.buffer, layout: layout, dtype: .int32),
          CPU.operand(source),
        ],
        outputs: [y])
      var expected = base
      for o in 0..<outer {
        for p in 0..<picked {
          for i in 0..<inner {
            let k = (Int(indices[o * strides[0] + p * strides[1] + i * strides[2]]) + count) % count
            expected[(o * count + k) * inner + i] += source[(o * picked + p) * inner + i]
          }
        }
      }
      #expect(try CPU.read(y, as: Float.self) == expected)
    }
  }

  @Test func badIndicesAreNamed() throws {
    let x = try CPU.operand([1, 2, 3] as [Float])
    for bad: Int32 in [3, -4] {
      let index = try CPU.operand([0, bad], .int32)
      let error = #expect(throws: LatheError.self) {
        try CPU.backend.run(
          .gather(outer: 1, count: 3, inner: 1, picked: 2), inputs: [x, index], outputs: [CPU.empty([2])])
      }
      #expect(error?.kind == .indexOutOfRange)
      #expect(error?.message == "gather: index \(bad) is out of range for an axis of size 3")
      let other = #expect(throws: LatheError.self) {
        try CPU.backend.run(
          .scatterAdd(outer: 1, count: 3, inner: 1, picked: 2),
          inputs: [x, index, CPU.operand([1, 1] as [Float])],
          outputs: [CPU.empty([3])])
      }
      #expect(other?.message == "scatterAdd: index \(bad) is out of range for an axis of size 3")
    }
  }

  @Test(arguments: [1, 2, 64, 65, 5000]) func sortsStably(count: Int) throws {
    var generator = TestGenerator(12)
    var values = (0..<2 * count).map { _ in Float(Int.random(in: -20...20, using: &generator)) / 4 }
    values[count / 2] = .nan
    values[count] = -.infinity
    let x = try CPU.operand(values, shape: [2, count])
    for descending in [false, true] {
      let sorted = try CPU.empty([2, count])
      let order = try CPU.empty([2, count], .int32)
      try CPU.backend.run(
        .sort(rows: 2, count: count, descending: descending), inputs: [x], outputs: [sorted, order])
      let result = try CPU.read(sorted, as: Float.self)
      let indices = try CPU.read(order, as: Int32.self)
      func less(_ a: Float, _ b: Float) -> Bool { a < b || (b.isNaN && !a.isNaN) }
      for row in 0..<2 {
        let start = row * count
        // Swift's sort is stable.
        let expected = (0..<count).sorted {
          descending
            ? less(values[start + $1], values[start + $0]) : less(values[start + $0], values[start + $1])
        }
        #expect(indices[start..<start + count].map { Int($0) } == expected)
        #expect(
          (0..<count).allSatisfy {
            let value = values[start + expected[$0]]
            return value.isNaN ? result[start + $0].isNaN : result[start + $0] == value
          })
      }
    }
    let whole = (0..<count).map { _ in Int64.random(in: .min ... .max, using: &generator) }
    let sorted = try CPU.empty([count], .int64)
    try CPU.backend.run(
      .sort(rows: 1, count: count, descending: false), inputs: [CPU.operand(whole, .int64)],
      outputs: [sorted, CPU.empty([count], .int32)])
    #expect(try CPU.read(sorted, as: Int64.self) == whole.sorted())
  }
}
