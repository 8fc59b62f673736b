#if OpenCL
  import LatheCore
  import LatheOpenCL
  import Testing

  #if canImport(Glibc)
    import Glibc
  #endif

  /// Every element-wise operation, in vectors and their remainder, against double precision.
  @Suite(.serialized) struct ElementwiseTests {
    /// A run long enough for vectors, with a remainder, that holds the special values first.
    static let floats: [Float] = {
      let special: [Float] = [
        0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 1e-8, -1e-8, Float(bitPattern: 70000), 88, -88, 104, 500,
        -500, 3e38, .infinity,
        -.infinity, .nan, 0.93, 0.95, -0.94, 4.1,
      ]
      let spread = (0..<75).map { Float($0 - 37) * 0.193 }
      return special + spread
    }()
    static let others: [Float] = floats.indices.map { [1.5, -0.75, 2, 0, 3, -2, 0.25][$0 % 7] }

    static func reference(_ op: ElementwiseOp, _ a: Double, _ b: Double) -> Double {
      switch op {
      case .negate: -a
      case .absolute: abs(a)
      case .sign: a.isNaN ? a : (a > 0 ? 1 : a < 0 ? -1 : 0)
      case .exp: Glibc.exp(a)
      case .expm1: Glibc.expm1(a)
      case .log: Glibc.log(a)
      case .log1p: Glibc.log1p(a)
      case .sqrt: a.squareRoot()
      case .rsqrt: 1 / a.squareRoot()
      case .square: a * a
      case .reciprocal: 1 / a
      case .sin: Glibc.sin(a)
      case .tan: Glibc.tan(a)
      case .asin: Glibc.asin(a)
      case .acos: Glibc.acos(a)
      case .atan: Glibc.atan(a)
      case .atan2: Glibc.atan2(a, b)
      case .sinh: Glibc.sinh(a)
      case .cosh: Glibc.cosh(a)
      case .asinh: Glibc.asinh(a)
      case .acosh: Glibc.acosh(a)
      case .atanh: Glibc.atanh(a)
      case .cos: Glibc.cos(a)
      case .tanh: Glibc.tanh(a)
      case .sigmoid: 1 / (1 + Glibc.exp(-a))
      case .erf: Glibc.erf(a)
      case .relu: a < 0 ? 0 : a
      case .gelu: 0.5 * a * (1 + Glibc.erf(a / 2.0.squareRoot()))
      case .geluTanh:
        0.5 * a * (1 + Glibc.tanh((2 / Double.pi).squareRoot() * (a + 0.044715 * a * a * a)))
      case .silu: a / (1 + Glibc.exp(-a))
      case .softplus: Swift.max(a, 0) + Glibc.log1p(Glibc.exp(-abs(a))) + (a.isNaN ? a : 0)
      case .floor: Glibc.floor(a)
      case .ceil: Glibc.ceil(a)
      case .round: a.rounded(.toNearestOrEven)
      case .roundToFloat16: Double(Float16(a))
      case .roundToBFloat16: Double(bfloat16(Float(a)))
      case .add: a + b
      case .subtract: a - b
      case .multiply: a * b
      case .divide: a / b
      case .power: Glibc.pow(a, b)
      case .minimum: a.isNaN || b.isNaN ? .nan : Swift.min(a, b)
      case .maximum: a.isNaN || b.isNaN ? .nan : Swift.max(a, b)
      case .remainder:
        { () -> Double in
          let r = fmod(a, b)
          return r != 0 && (r < 0) != (b < 0) ? r + b : r
        }()
      case .floorDivide: b == 0 ? a / b : floorQuotient(a, b)
      case .leakyReLU: a >= 0 ? a : a * b
      case .elu: a > 0 ? a : b * Glibc.expm1(a)
      default: .nan
      }
    }

    /// As Python's `//`: NaN for an infinite dividend.
    private static func floorQuotient(_ a: Double, _ b: Double) -> Double {
      let remainder = fmod(a, b)
      let quotient = ((a - remainder) / b).rounded()
      return remainder != 0 && (remainder < 0) != (b < 0) ? quotient - 1 : quotient
    }

    static func bfloat16(_ x: Float) -> Float {
      guard !x.isNaN else { return x }
      let bits = x.bitPattern
      return Float(bitPattern: (bits &+ 0x7fff &+ ((bits >> 16) & 1)) & 0xffff_0000)
    }

    static let floatOps: [ElementwiseOp] = ElementwiseOp.allCases.filter {
      $0.isDefined(on: .float32) && $0.arity < 3 && $0.resultType(.float32) == .float32 && $0 != .toFloat32
    }

    /// The operations in groups that share a kernel, since building one takes longer than running it.
    static let groups: [[ElementwiseOp]] = stride(from: 0, to: floatOps.count, by: 6).map {
      Array(floatOps[$0..<Swift.min($0 + 6, floatOps.count)])
    }

    @Test(arguments: devices, groups)
    func floatOperations(_ device: TestDevice, _ operations: [ElementwiseOp]) throws {
      let a = ElementwiseTests.floats
      let b = ElementwiseTests.others
      let program = ElementwiseProgram(
        inputs: [.float32, .float32], scalars: [],
        instructions: operations.map { .init(op: $0, dtype: .float32, a: 0, b: 1) },
        outputs: operations.indices.map { .init(register: UInt16(2 + $0), dtype: .float32) })
      let got = try device.backend.runAll(program, [a, b])
      for (k, op) in operations.enumerated() {
        for i in a.indices {
          let want = ElementwiseTests.reference(op, Double(a[i]), Double(b[i]))
          expectClose(got[k][i], want, "\(op)(\(a[i]), \(b[i]))", op: op)
        }
      }
    }

    /// Powers at the edges: signs, zeros, infinities, whole and fractional exponents, results at both limits.
    @Test(arguments: devices) func powers(_ device: TestDevice) throws {
      let bases: [Float] = [
        0, -0.0, 1, -1, 2, -2, 0.5, -3.5, 0x1p-133, 1e-30, 1.0000001, 0.9999999, 3e38, .infinity, -.infinity,
        .nan, 10,
        -7, 1.4142135, 0.70710677,
      ]
      let exponents: [Float] = [
        0, -0.0, 1, -1, 2, 3, -3, 0.5, -0.5, 1e8, -1e8, 127.5, -140, 37.3, .infinity, -.infinity, .nan,
        16777216, 1.0 / 3,
        88.7,
      ]
      var a: [Float] = []
      var b: [Float] = []
      for base in bases {
        for exponent in exponents {
          a.append(base)
          b.append(exponent)
        }
      }
      let program = ElementwiseProgram(
        inputs: [.float32, .float32], scalars: [],
        instructions: [.init(op: .power, dtype: .float32, a: 0, b: 1)],
        outputs: [.init(register: 2, dtype: .float32)])
      let got = try device.backend.run(program, [a, b])
      for i in a.indices {
        let want = Glibc.pow(Double(a[i]), Double(b[i]))
        expectClose(got[i], want, "pow(\(a[i]), \(b[i]))", op: .power)
      }
    }

    private func expectClose(_ got: Float, _ want: Double, _ what: String, op: ElementwiseOp) {
      let rounded = Float(want)
      if rounded.isNaN {
        #expect(got.isNaN, "\(what): \(got), not NaN")
      } else if !rounded.isFinite {
        #expect(got == rounded, "\(what): \(got), not \(rounded)")
      } else {
        // gelu loses digits where 1 + erf does.
        let ulps: Float = op == .power ? 8 : 4
        let floor: Float =
          switch op {
          case .gelu, .geluTanh: 3e-7
          default: 1e-38
          }
        let tolerance = Swift.max(rounded.ulp * ulps, floor)
        #expect(abs(got - rounded) <= tolerance, "\(what): \(got), not \(rounded)")
      }
    }
  }

  extension OpenCLBackend {
    /// Runs a program on contiguous floats; the outputs as floats.
    func runAll(
      _ program: ElementwiseProgram, _ inputs: [[Float]], scalars: [ScalarValue] = []
    ) throws -> [[Float]] {
      let shape: Shape = [inputs[0].count]
      let operands = try inputs.map { try operand($0, shape, .float32) }
      let outputs = try program.outputs.map { try empty(shape, $0.dtype) }
      try run(.elementwise(program, scalars: scalars), inputs: operands, outputs: outputs)
      return try outputs.map { try floats($0.buffer, count: inputs[0].count) }
    }

    /// The same where there is one output.
    func run(
      _ program: ElementwiseProgram, _ inputs: [[Float]], scalars: [ScalarValue] = []
    ) throws -> [Float] {
      try runAll(program, inputs, scalars: scalars)[0]
    }
  }
#endif
