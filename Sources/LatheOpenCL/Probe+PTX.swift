#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    private static let notNVIDIA = "PTX is for NVIDIA's driver alone"

    /// Inline PTX of several kinds, then programs handed over as PTX.
    func probePTX(_ report: (ProbeFinding) -> Void) {
      guard isNVIDIA else { return report(ProbeFinding("inline PTX", .notApplicable, Self.notNVIDIA)) }
      let numbers = (0..<128).map { UInt32($0 * $0 + 7) }
      let sums = (0..<32).map { lane in numbers[lane * 4..<lane * 4 + 4].reduce(0, +) }
      func words(_ function: String, _ definition: String, _ inputs: [[UInt32]] = [], count: Int = 32) throws
        -> [UInt32]
      {
        let kernel = try probeKernel("probe_nvidia.cl", function, "-DPROBE_\(definition)")
        return try probeWords(kernel, inputs, count: count, items: 32)
      }
      report(
        finding("laneid and shfl.sync") {
          try words("lanes", "LANES") == (0..<32).map { UInt32($0 * 1000 + ($0 ^ 1) * 3) }
        })
      report(finding("128-bit loads") { try words("wide_loads", "WIDE_LOADS", [numbers]) == sums })
      report(finding("cp.async") { try words("async_copy", "ASYNC_COPY", [numbers]) == sums })
      report(
        finding("ldmatrix") {
          // 256 numbers of 16 bits, two in a word. Lane l gets of each tile row l / 4, columns 2 (l % 4) and the next.
          let halves = (0..<128).map { (place: UInt32) -> UInt32 in 2 * place | (2 * place + 1) << 16 }
          let expected = (0..<128).map { index in
            let (lane, tile) = (index / 4, index % 4)
            return halves[tile * 32 + lane / 4 * 4 + lane % 4]
          }
          return try words("matrix_loads", "MATRIX_LOADS", [halves], count: 128) == expected
        })
      probePrograms(report)
    }

    /// Whether a program's binary is PTX that the driver takes back, also for the processor's own instructions.
    private func probePrograms(_ report: (ProbeFinding) -> Void) {
      var text = ""
      report(
        finding("a program's binary is PTX") {
          let program = try probeKernel("probe_nvidia.cl", "lanes", "-DPROBE_LANES").program
          text =
            programs.binary(of: program).map { String(decoding: $0.filter { $0 != 0 }, as: UTF8.self) } ?? ""
          return text.contains(".target")
        })
      guard !text.isEmpty else { return }
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      for word in [".version", ".target"] {
        if let line = lines.first(where: { $0.hasPrefix(word) }) {
          report(ProbeFinding("the PTX says", .figure, String(line)))
        }
      }
      func runs(_ text: String) throws -> Bool {
        guard let program = programs.fromBinary(Array(text.utf8), "") else { return false }
        let words = try probeWords(programs.kernel("lanes", of: program, source: "PTX"), count: 32, items: 32)
        return words == (0..<32).map { UInt32($0 * 1000 + ($0 ^ 1) * 3) }
      }
      report(finding("PTX is taken back as a program") { try runs(text) })
      report(
        finding("PTX for the processor's own instructions (.target sm_NNa)") {
          try runs(
            lines.map { line in
              guard line.hasPrefix(".target sm_") else { return String(line) }
              let number = line.dropFirst(".target sm_".count).prefix(while: \.isNumber)
              return ".target sm_\(number)a" + line.dropFirst(".target sm_".count + number.count)
            }.joined(separator: "\n"))
        })
    }

    /// mma.sync in each type, on tiles of small integers, whose products are exact in all of them.
    func probeTensorCores(_ report: (ProbeFinding) -> Void) {
      for type in MatrixFragment.Element.allCases {
        guard isNVIDIA else {
          report(ProbeFinding("mma.sync \(type.rawValue)", .notApplicable, Self.notNVIDIA))
          continue
        }
        report(
          finding("mma.sync \(type.rawValue)") {
            let fragment = MatrixFragment(type)
            let kernel = try probeKernel("probe_nvidia.cl", "product", "-DMMA_\(type.rawValue.uppercased())")
            let words = try probeWords(
              kernel, [fragment.aRegisters, fragment.bRegisters], count: 128, items: 32)
            return words.map(Float.init(bitPattern:)) == fragment.sums
          })
      }
    }
  }
#endif
