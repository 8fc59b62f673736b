import Foundation
import LatheCPU
import LatheCore
import Testing

/// Whole programs: strides, broadcasting, half types, several outputs.
@Suite struct ElementwiseProgramTests {
  /// (a * s + b, tanh of that) for a float16 or float32 `a` and a broadcast `b`.
  @Test(arguments: [DType.float32, .float16, .bfloat16]) func chainOverViews(dtype: DType) throws {
    var generator = TestGenerator(3)
    for (rows, columns) in [(1, 1), (3, 5), (7, 600), (33, 1025), (130, 700), (2048, 3)] {
      let a = (0..<rows * columns).map { _ in Float.random(in: -2...2, using: &generator) }
      let row = (0..<columns).map { _ in Float.random(in: -2...2, using: &generator) }
      let stored: Operand =
        switch dtype {
        case .float16: try CPU.operand(a.map { Float16($0).bitPattern }, .float16)
        case .bfloat16: try CPU.operand(a.map { UInt16($0.bitPattern >> 16) }, .bfloat16)
        default: try CPU.operand(a)
        }
      func value(_ x: Float) -> Float {
        switch dtype {
        case .float16: Float(Float16(x))
        case .bfloat16: Float(bitPattern: x.bitPattern & 0xffff_0000)
        default: x
        }
      }
      let bias = try CPU.operand(row)
      let shape: Shape = [rows, columns]
      // Row-major, transposed, every second element reversed, one element for all.
      let views: [(Layout, (Int, Int) -> Int)] = [
        (Layout(shape), { $0 * columns + $1 }),
        (Layout(shape: shape, strides: [1, rows], offset: 0), { $0 + $1 * rows }),
        (Layout(shape: shape, strides: [0, -1], offset: columns - 1), { columns - 1 - $1 }),
        (Layout(shape: shape, strides: [0, 0], offset: 0), { _, _ in 0 }),
      ]
      for (layout, index) in views {
        let x = Operand(buffer: stored.buffer, layout: layout, dtype: dtype)
        let y = Operand(
          buffer: bias.buffer, layout: Layout(shape: shape, strides: [0, 1], offset: 0), dtype: .float32)
        let program = ElementwiseProgram(
          inputs: [dtype, .float32], scalars: [.float32],
          instructions: [
            .init(op: .multiply, dtype: .float32, a: 0, b: 2), .init(op: .add, dtype: .float32, a: 3, b: 1),
            .init(op: .tanh, dtype: .float32, a: 4),
          ],
          outputs: [
            .init(register: 4, dtype: .float32), .init(register: 5, dtype: dtype),
            .init(register: 4, dtype: .float32), .init(register: 0, dtype: .float32),
          ])
        let outputs = [
          try CPU.empty(shape), try CPU.empty(shape, dtype), try CPU.empty(shape), try CPU.empty(shape),
        ]
        try CPU.backend.run(
          .elementwise(program, scalars: [.float(1.5)]), inputs: [x, y], outputs: outputs)
        let sum = try CPU.read(outputs[0], as: Float.self)
        #expect(try CPU.read(outputs[2], as: Float.self) == sum)
        let copied = try CPU.read(outputs[3], as: Float.self)
        for r in 0..<rows {
          for c in 0..<columns {
            let element = value(a[index(r, c)])
            let expected = element * 1.5 + row[c]
            if sum[r * columns + c] != expected || copied[r * columns + c] != element {
              Issue.record("\(dtype) \(shape) \(layout.strides): element \(r), \(c)")
              return
            }
          }
        }
        switch dtype {
        case .float32:
          let tanhs = try CPU.read(outputs[1], as: Float.self)
          #expect(zip(tanhs, sum).allSatisfy { ulps($0, tanh(Double($1))) < 2 })
        case .float16:
          let tanhs = try CPU.read(outputs[1], as: UInt16.self).map { Float(Float16(bitPattern: $0)) }
          #expect(zip(tanhs, sum).allSatisfy { abs(Double($0) - tanh(Double($1))) < 5e-4 })
        default:
          let tanhs = try CPU.read(outputs[1], as: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
          #expect(zip(tanhs, sum).allSatisfy { abs(Double($0) - tanh(Double($1))) < 4e-3 })
        }
      }
    }
  }

  @Test func everyFloat16IsWidenedExactly() throws {
    let all = (0...UInt16.max).map { $0 }
    let half = try CPU.operand(all, .float16)
    let output = try CPU.empty([all.count])
    let program = ElementwiseProgram(
      inputs: [.float16], scalars: [], instructions: [], outputs: [.init(register: 0, dtype: .float32)])
    try CPU.backend.run(.elementwise(program, scalars: []), inputs: [half], outputs: [output])
    let wide = try CPU.read(output, as: Float.self)
    #expect(
      zip(all, wide).allSatisfy {
        let expected = Float(Float16(bitPattern: $0))
        return expected.isNaN ? $1.isNaN : expected.bitPattern == $1.bitPattern
      })
  }

  @Test func roundingToHalfTypes() throws {
    var x = ElementwiseFloatTests.values(11)
    x += [
      65_504, 65_519.996, 65_520, 65_536, -65_520, 0x1p-24, 0x1p-25, 0x1.8p-25, 0x1.8p-24, 0x1p-14,
      0x1.ffcp-15,
    ]
    x += (0..<20_000).map { Float($0) * 0.37e-5 }
    let input = try CPU.operand(x)
    let program = ElementwiseProgram(
      inputs: [.float32], scalars: [],
      instructions: [
        .init(op: .roundToFloat16, dtype: .float32, a: 0), .init(op: .roundToBFloat16, dtype: .float32, a: 0),
      ],
      outputs: [
        .init(register: 0, dtype: .float16), .init(register: 0, dtype: .bfloat16),
        .init(register: 1, dtype: .float32), .init(register: 2, dtype: .float32),
      ])
    let shape: Shape = [x.count]
    let outputs = [
      try CPU.empty(shape, .float16), try CPU.empty(shape, .bfloat16), try CPU.empty(shape),
      try CPU.empty(shape),
    ]
    try CPU.backend.run(.elementwise(program, scalars: []), inputs: [input], outputs: outputs)
    let half = try CPU.read(outputs[0], as: UInt16.self)
    let brain = try CPU.read(outputs[1], as: UInt16.self)
    let halfRounded = try CPU.read(outputs[2], as: Float.self)
    let brainRounded = try CPU.read(outputs[3], as: Float.self)
    for i in x.indices {
      let expected = Float16(x[i])
      #expect(expected.isNaN ? Float16(bitPattern: half[i]).isNaN : expected.bitPattern == half[i], "\(x[i])")
      #expect(expected.isNaN ? halfRounded[i].isNaN : Float(expected) == halfRounded[i])
      // Of the two neighbours the nearer one, and of two equally near the even one.
      let low = Double(Float(bitPattern: x[i].bitPattern & 0xffff_0000))
      let result = Float(bitPattern: UInt32(brain[i]) << 16)
      if x[i].isNaN {
        #expect(result.isNaN && brainRounded[i].isNaN)
      } else if x[i].magnitude < 3e38 {
        let high = Double(Float(bitPattern: (x[i].bitPattern & 0xffff_0000) + 0x1_0000))
        let (toLow, toHigh) = (abs(Double(x[i]) - low), abs(Double(x[i]) - high))
        let isLowEven = x[i].bitPattern >> 16 & 1 == 0
        #expect(Double(result) == (toLow < toHigh || (toLow == toHigh && isLowEven) ? low : high), "\(x[i])")
        #expect(brainRounded[i] == result)
      }
    }
  }

  @Test func aLongChainNeedsFewSlotsAndOnePass() throws {
    let x = try CPU.operand([Float](repeating: 1, count: 5000))
    var instructions: [ElementwiseProgram.Instruction] = []
    for i in 0..<100 { instructions.append(.init(op: .add, dtype: .float32, a: UInt16(i), b: 0)) }
    let program = ElementwiseProgram(
      inputs: [.float32], scalars: [], instructions: instructions,
      outputs: [.init(register: 100, dtype: .float32)])
    let y = try CPU.empty([5000])
    let before = CPU.backend.counters.snapshot().launches
    try CPU.backend.run(.elementwise(program, scalars: []), inputs: [x], outputs: [y])
    #expect(CPU.backend.counters.snapshot().launches >= before + 1)
    #expect(try CPU.read(y, as: Float.self).allSatisfy { $0 == 101 })
  }
}
