#if OpenCL
  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #endif
  import LatheCore

  /// Elementary functions of a device that take the place of those of math.clh.
  package struct BuiltinFunctions: Sendable, Equatable {
    /// A function that math.clh has a form of, and the C library a reference in float64.
    package struct Function: Sendable {
      package let name: String
      /// The error that docs/tensor-semantics.md promises, in units in the last place.
      package let promised: Double
      let exact: @Sendable (Double) -> Double
    }

    package static let all = [
      Function(name: "exp", promised: 2) { exp($0) }, Function(name: "expm1", promised: 3) { expm1($0) },
      Function(name: "log", promised: 2) { log($0) }, Function(name: "log1p", promised: 3) { log1p($0) },
      Function(name: "tanh", promised: 3) { tanh($0) }, Function(name: "erf", promised: 3) { erf($0) },
      Function(name: "sin", promised: 2) { sin($0) }, Function(name: "cos", promised: 2) { cos($0) },
    ]

    package static let none = BuiltinFunctions(names: [])

    /// Those that are used.
    package var names: [String]

    /// Their names for a user; nil where there are none.
    package var summary: String? { names.isEmpty ? nil : names.joined(separator: ", ") }

    /// Definitions for math.clh, as compiler arguments.
    var arguments: String { names.map { " -DLATHE_BUILTIN_\($0.uppercased())=1" }.joined() }

    /// Whether a program has the functions in it.
    static func matter(in text: String) -> Bool { text.contains("LATHE_BUILTIN_EXP") }
  }

  extension BuiltinFunctions.Function {
    /// Numbers to try it with: of every size and sign, close together where functions bend, and special ones.
    package static let inputs: [Float] = {
      let everywhere = (0..<UInt32(16_384)).map { Float(bitPattern: $0 &* 262_147) }
      let near = (0..<8192).map { Float($0 - 4096) / 205 }
      let tiny = (0..<4096).map { Float($0 - 2048) * 0x1p-20 }
      // Subnormal numbers are 0 on some devices.
      let usual = (everywhere + near + tiny).filter { $0.isNormal || $0.isNaN || $0.isInfinite }
      let special: [Float] = [0, -0.0, .infinity, -.infinity, .nan, 1, -1, .greatestFiniteMagnitude]
      let count = (usual.count + special.count) / 16 * 16
      return Array((special + usual).prefix(count))
    }()

    /// The largest error of results in units in the last place; infinite where one is plainly wrong.
    package func error(of results: [Float], at inputs: [Float]) -> Double {
      zip(inputs, results).reduce(0) { max($0, error(of: $1.1, at: $1.0)) }
    }

    private func error(of result: Float, at input: Float) -> Double {
      let exact = exact(Double(input))
      if exact.isNaN || result.isNaN { return exact.isNaN && result.isNaN ? 0 : .infinity }
      let rounded = Float(exact)
      if rounded.isInfinite || result.isInfinite {
        // One that is near the largest number may be rounded beyond it.
        let largest = Double(Float.greatestFiniteMagnitude)
        func isNear(_ x: Double) -> Bool { abs(abs(x) - largest) <= largest * promised * 0x1p-23 }
        let mayBeEither =
          isNear(exact) && result.sign == rounded.sign && (result.isInfinite || isNear(Double(result)))
        return rounded == result || mayBeEither ? 0 : .infinity
      }
      if input == 0 && rounded == 0 { return rounded.sign == result.sign && result == 0 ? 0 : .infinity }
      // Results that are subnormal are 0 on some devices.
      if abs(exact) < Double(Float.leastNormalMagnitude) {
        return abs(Double(result)) <= Double(Float.leastNormalMagnitude) ? 0 : .infinity
      }
      return abs(Double(result) - exact) / Double(rounded.ulp)
    }
  }
#endif
