#if OpenCL
  import LatheCore
  import LatheOpenCL
  import Testing

  /// Programs over other types than float32, broadcast inputs and views.
  @Suite(.serialized) struct ElementTypeTests {
    typealias Instruction = ElementwiseProgram.Instruction

    /// Every operation on whole numbers, in groups that share a kernel; bool results are stored as bool.
    @Test(arguments: devices, [DType.int32, .int64, .uint8])
    func wholeNumbers(_ device: TestDevice, _ dtype: DType) throws {
      let a: [Int64] = (0..<41).map { dtype == .uint8 ? Int64($0 * 6) : Int64($0 - 20) }
      let b: [Int64] = (0..<41).map { dtype == .uint8 ? Int64($0 % 7) : Int64($0 % 7 - 3) }
      let c: [Int64] = (0..<41).map { Int64($0 % 5) }
      let operations = ElementwiseOp.allCases.filter { $0.isDefined(on: dtype) && $0 != .select }
      for start in stride(from: 0, to: operations.count, by: 10) {
        let group = operations[start..<Swift.min(start + 10, operations.count)]
        let program = ElementwiseProgram(
          inputs: [dtype, dtype, dtype], scalars: [],
          instructions: group.map { Instruction(op: $0, dtype: dtype, a: 0, b: 1, c: 2) },
          outputs: group.enumerated().map {
            .init(register: UInt16(3 + $0.offset), dtype: $0.element.resultType(dtype))
          })
        let outputs = try device.backend.runWhole(program, [a, b, c], dtype)
        for (k, op) in group.enumerated() {
          for i in a.indices {
            let want = reference(op, a[i], b[i], c[i], dtype)
            #expect(
              outputs[k][i] == want,
              "\(op)(\(a[i]), \(b[i]), \(c[i])) of \(dtype): \(outputs[k][i]), not \(want)")
          }
        }
      }
    }

    private func reference(_ op: ElementwiseOp, _ a: Int64, _ b: Int64, _ c: Int64, _ dtype: DType) -> Int64 {
      func truth(_ x: Bool) -> Int64 { x ? 1 : 0 }
      let value: Int64 =
        switch op {
        case .negate: -a
        case .absolute: abs(a)
        case .sign: a.signum()
        case .square: a &* a
        case .relu: Swift.max(a, 0)
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .power: power(a, b)
        case .remainder: b == 0 ? 0 : ((a % b) + b) % b
        case .floorDivide: b == 0 ? 0 : (a - ((a % b) + b) % b) / b
        case .bitwiseAnd: a & b
        case .bitwiseOr: a | b
        case .bitwiseXor: a ^ b
        // Numbers are small: beside the count of bits only its sign matters.
        case .shiftLeft: b < 0 ? 0 : a << b
        case .shiftRight: b < 0 ? (a < 0 ? -1 : 0) : a >> b
        case .minimum: Swift.min(a, b)
        case .maximum: Swift.max(a, b)
        case .clamp: Swift.min(Swift.max(a, b), c)
        case .equal: truth(a == b)
        case .notEqual: truth(a != b)
        case .less: truth(a < b)
        case .lessEqual: truth(a <= b)
        case .greater: truth(a > b)
        case .greaterEqual: truth(a >= b)
        case .toBool: truth(a != 0)
        case .toUInt8: Int64(UInt8(truncatingIfNeeded: a))
        case .wrapToUInt16: Int64(UInt16(truncatingIfNeeded: a))
        case .wrapToUInt32: Int64(UInt32(truncatingIfNeeded: a))
        default: a
        }
      return op.resultType(dtype) == .uint8 ? Int64(UInt8(truncatingIfNeeded: value)) : value
    }

    private func power(_ a: Int64, _ b: Int64) -> Int64 {
      if b < 0 { return a == 1 ? 1 : a == -1 ? (b % 2 == 0 ? 1 : -1) : 0 }
      return (0..<b).reduce(1) { product, _ in product &* a }
    }

    @Test(arguments: devices) func logic(_ device: TestDevice) throws {
      let backend = device.backend
      let a: [UInt8] = (0..<40).map { $0 % 2 }
      let b: [UInt8] = (0..<40).map { $0 / 2 % 2 }
      let operations: [(ElementwiseOp, (Bool, Bool) -> Bool)] = [
        (.logicalAnd, { $0 && $1 }), (.logicalOr, { $0 || $1 }), (.logicalXor, { $0 != $1 }),
        (.logicalNot, { a, _ in !a }),
        (.equal, { $0 == $1 }), (.notEqual, { $0 != $1 }), (.less, { !$0 && $1 }),
        (.lessEqual, { !$0 || $1 }),
        (.greater, { $0 && !$1 }), (.greaterEqual, { $0 || !$1 }), (.minimum, { $0 && $1 }),
        (.maximum, { $0 || $1 }),
      ]
      let program = ElementwiseProgram(
        inputs: [.bool, .bool], scalars: [],
        instructions: operations.map { Instruction(op: $0.0, dtype: .bool, a: 0, b: 1) },
        outputs: operations.indices.map { .init(register: UInt16(2 + $0), dtype: .bool) })
      let outputs = try program.outputs.map { _ in try backend.empty([40], .bool) }
      try backend.run(
        .elementwise(program, scalars: []),
        inputs: [backend.operand(a, [40], .bool), backend.operand(b, [40], .bool)], outputs: outputs)
      for (k, operation) in operations.enumerated() {
        let got: [UInt8] = try backend.values(outputs[k].buffer, count: 40)
        for i in 0..<40 {
          let want: UInt8 = operation.1(a[i] == 1, b[i] == 1) ? 1 : 0
          #expect(got[i] == want, "\(operation.0)(\(a[i]), \(b[i]))")
        }
      }
    }

    @Test(arguments: devices) func selectionClampAndConversion(_ device: TestDevice) throws {
      let x: [Float] = (0..<37).map { Float($0 - 18) * 100.7 } + [.nan, .infinity, -.infinity, 3e9, -3e9]
      let y: [Float] = x.indices.map { Float($0 % 3) }
      let program = ElementwiseProgram(
        inputs: [.float32, .float32], scalars: [.float32, .int32],
        instructions: [
          Instruction(op: .greater, dtype: .float32, a: 0, b: 2),
          Instruction(op: .select, dtype: .float32, a: 4, b: 0, c: 1),
          Instruction(op: .clamp, dtype: .float32, a: 0, b: 1, c: 2),
          Instruction(op: .toInt32, dtype: .float32, a: 0),
          Instruction(op: .add, dtype: .int32, a: 7, b: 3),
          Instruction(op: .toInt64, dtype: .bool, a: 4),
          Instruction(op: .toUInt8, dtype: .float32, a: 0),
          Instruction(op: .isNaN, dtype: .float32, a: 0),
          Instruction(op: .toFloat32, dtype: .bool, a: 11),
        ],
        outputs: [
          .init(register: 5, dtype: .float32), .init(register: 6, dtype: .float32),
          .init(register: 7, dtype: .int32), .init(register: 9, dtype: .int64),
          .init(register: 10, dtype: .uint8),
          .init(register: 12, dtype: .float32), .init(register: 8, dtype: .int32),
        ])
      let backend = device.backend
      let shape: Shape = [x.count]
      let outputs = try program.outputs.map { try backend.empty(shape, $0.dtype) }
      try backend.run(
        .elementwise(program, scalars: [.float(50), .int(-5)]),
        inputs: [backend.operand(x, shape, .float32), backend.operand(y, shape, .float32)], outputs: outputs)
      let selected = try backend.floats(outputs[0].buffer, count: x.count)
      let clamped = try backend.floats(outputs[1].buffer, count: x.count)
      let whole: [Int32] = try backend.values(outputs[2].buffer, count: x.count)
      let flags: [Int64] = try backend.values(outputs[3].buffer, count: x.count)
      let bytes: [UInt8] = try backend.values(outputs[4].buffer, count: x.count)
      let nans = try backend.floats(outputs[5].buffer, count: x.count)
      let sums: [Int32] = try backend.values(outputs[6].buffer, count: x.count)
      for i in x.indices {
        #expect(selected[i] == (x[i] > 50 ? x[i] : y[i]))
        #expect(x[i].isNaN ? clamped[i].isNaN : clamped[i] == Swift.min(Swift.max(x[i], y[i]), 50))
        let limited = x[i].isNaN ? 0 : Swift.min(Swift.max(Double(x[i]), -2_147_483_648), 2_147_483_647)
        #expect(whole[i] == Int32(limited))
        #expect(sums[i] == whole[i] &- 5)
        #expect(flags[i] == (x[i] > 50 ? 1 : 0))
        #expect(bytes[i] == UInt8(Swift.min(Swift.max(limited, 0), 255)))
        #expect(nans[i] == (x[i].isNaN ? 1 : 0))
      }
    }

    /// Every float16 there is, widened and rounded back; and floats between them rounded.
    @Test(arguments: devices) func halfTypes(_ device: TestDevice) throws {
      let backend = device.backend
      let bits = (0...UInt16.max).map { $0 }
      let shape: Shape = [bits.count]
      let halves = try backend.operand(bits, shape, .float16)
      for (dtype, name) in [(DType.float16, "float16"), (.bfloat16, "bfloat16")] {
        let program = ElementwiseProgram(
          inputs: [dtype], scalars: [], instructions: [],
          outputs: [.init(register: 0, dtype: .float32), .init(register: 0, dtype: dtype)])
        let outputs = try program.outputs.map { try backend.empty(shape, $0.dtype) }
        try backend.run(
          .elementwise(program, scalars: []),
          inputs: [Operand(buffer: halves.buffer, layout: halves.layout, dtype: dtype)], outputs: outputs)
        let wide = try backend.floats(outputs[0].buffer, count: bits.count)
        let back: [UInt16] = try backend.values(outputs[1].buffer, count: bits.count)
        var wrong = 0
        for i in bits.indices {
          let want =
            dtype == .float16 ? Float(Float16(bitPattern: bits[i])) : Float(bitPattern: UInt32(bits[i]) << 16)
          if want.isNaN ? !wide[i].isNaN : (wide[i] != want || back[i] != bits[i]) { wrong += 1 }
        }
        #expect(wrong == 0, "\(name)")
      }
      let values = (0..<40_000).map { Float(bitPattern: UInt32($0) &* 107_377) }
      let rounding = ElementwiseProgram(
        inputs: [.float32], scalars: [],
        instructions: [
          Instruction(op: .roundToFloat16, dtype: .float32, a: 0),
          Instruction(op: .roundToBFloat16, dtype: .float32, a: 0),
        ],
        outputs: [
          .init(register: 1, dtype: .float32), .init(register: 2, dtype: .float32),
          .init(register: 0, dtype: .float16), .init(register: 0, dtype: .bfloat16),
        ])
      let count: Shape = [values.count]
      let outputs = try rounding.outputs.map { try backend.empty(count, $0.dtype) }
      try backend.run(
        .elementwise(rounding, scalars: []), inputs: [backend.operand(values, count, .float32)],
        outputs: outputs)
      let half = try backend.floats(outputs[0].buffer, count: values.count)
      let brain = try backend.floats(outputs[1].buffer, count: values.count)
      let halfBits: [UInt16] = try backend.values(outputs[2].buffer, count: values.count)
      let brainBits: [UInt16] = try backend.values(outputs[3].buffer, count: values.count)
      var wrong = 0
      for (i, x) in values.enumerated() where !x.isNaN {
        if half[i] != Float(Float16(x)) || halfBits[i] != Float16(x).bitPattern { wrong += 1 }
        let rounded = ElementwiseTests.bfloat16(x)
        if brain[i] != rounded || UInt32(brainBits[i]) << 16 != rounded.bitPattern { wrong += 1 }
      }
      #expect(wrong == 0)
    }

    /// Inputs broadcast and permuted in every way that the kernels tell apart.
    @Test(arguments: devices) func views(_ device: TestDevice) throws {
      let backend = device.backend
      let pool = (0..<6000).map { Float($0) * 0.01 }
      let buffer = try backend.operand(pool, [6000], .float32).buffer
      let program = ElementwiseProgram(
        inputs: [.float32, .float32], scalars: [],
        instructions: [Instruction(op: .subtract, dtype: .float32, a: 0, b: 1)],
        outputs: [.init(register: 2, dtype: .float32)])
      let shape: Shape = [3, 5, 37]
      let layouts: [Layout] = [
        Layout(shape), Layout(shape: shape, strides: [0, 0, 1], offset: 5),
        Layout(shape: shape, strides: [0, 1, 0], offset: 0),
        Layout(shape: shape, strides: [0, 0, 0], offset: 77),
        Layout(shape: shape, strides: [5, 1, 15], offset: 2),
        Layout(shape: shape, strides: [185, 37, -1], offset: 36),
        Layout(shape: shape, strides: [185, 37, 1], offset: 1),
        Layout(shape: shape, strides: [1, 111, 3], offset: 0),
      ]
      for a in layouts {
        for b in layouts {
          let output = try backend.empty(shape, .float32)
          try backend.run(
            .elementwise(program, scalars: []),
            inputs: [
              Operand(buffer: buffer, layout: a, dtype: .float32),
              Operand(buffer: buffer, layout: b, dtype: .float32),
            ], outputs: [output])
          let got = try backend.floats(output.buffer, count: 555)
          for e in 0..<555 {
            let index = [e / 185, e / 37 % 5, e % 37]
            func value(_ layout: Layout) -> Float {
              pool[layout.offset + index.indices.reduce(0) { $0 + index[$1] * layout.strides[$1] }]
            }
            if got[e] != value(a) - value(b) {
              Issue.record("\(a.strides) - \(b.strides) at \(e): \(got[e])")
              break
            }
          }
        }
      }
    }
  }

  extension OpenCLBackend {
    /// Runs a program on whole numbers given as Int64; the outputs as Int64.
    func runWhole(_ program: ElementwiseProgram, _ inputs: [[Int64]], _ dtype: DType) throws -> [[Int64]] {
      let shape: Shape = [inputs[0].count]
      let operands = try inputs.map { values in
        switch dtype {
        case .int32: try operand(values.map { Int32($0) }, shape, dtype)
        case .uint8: try operand(values.map { UInt8($0) }, shape, dtype)
        default: try operand(values, shape, dtype)
        }
      }
      let outputs = try program.outputs.map { try empty(shape, $0.dtype) }
      try run(.elementwise(program, scalars: []), inputs: operands, outputs: outputs)
      return try outputs.map { output in
        let count = inputs[0].count
        switch output.dtype {
        case .int32: return try values(output.buffer, count: count, as: Int32.self).map { Int64($0) }
        case .int64: return try values(output.buffer, count: count, as: Int64.self)
        case .float32: return try values(output.buffer, count: count, as: Float.self).map { Int64($0) }
        case .float64: return try values(output.buffer, count: count, as: Double.self).map { Int64($0) }
        default: return try values(output.buffer, count: count, as: UInt8.self).map { Int64($0) }
        }
      }
    }
  }
#endif
