/// What the environment variables that Lathe reads may be.
package enum EnvironmentRules {
  /// What is wrong with a variable, nil where all are right; every device refuses to work then.
  ///
  /// `LATHE_DEVICE` and `LATHE_BLAS` are looked at where devices and libraries are looked for.
  package static let problem: LatheError? = problem { environment($0) }

  /// The same for any values.
  package static func problem(_ value: (String) -> String?) -> LatheError? {
    for rule in rules {
      guard let text = value(rule.name), !rule.admits(text) else { continue }
      return error(rule.name, text, "it can be \(rule.choices)")
    }
    return nil
  }

  /// The error for a variable whose value cannot be used.
  package static func error(_ name: String, _ value: String, _ advice: String) -> LatheError {
    LatheError(.invalidArgument, "\(name) is \(value.debugDescription); \(advice)")
  }

  /// The most threads of the CPU path.
  package static let mostThreads = 1024

  private struct Rule: Sendable {
    var name: String
    var choices: String
    var admits: @Sendable (String) -> Bool
  }

  private static let rules: [Rule] = [
    Rule(name: "LATHE_THREADS", choices: "a whole number from 1 to \(mostThreads)") {
      Int($0).map { (1...mostThreads).contains($0) } ?? false
    },
    Rule(name: "LATHE_MEMORY_LIMIT", choices: "a number of bytes, or 512M or 2G") { byteCount($0) != nil },
    Rule(name: "LATHE_MEMORY_POOL", choices: "on or off") { ["on", "off"].contains($0) },
    Rule(name: "LATHE_FLOAT64", choices: "on or off") { ["on", "off"].contains($0) },
    Rule(name: "LATHE_BUILTIN_MATH", choices: "on or off") { ["on", "off"].contains($0) },
    Rule(name: "LATHE_DRIVER_TRIAL", choices: "on or off") { ["on", "off"].contains($0) },
    Rule(name: "LATHE_KERNEL_PROFILE", choices: "cpu or gpu") { ["cpu", "gpu"].contains($0) },
    Rule(name: "LATHE_SIMD", choices: "avx512, avx2, sse2 or neon, as far as the processor has it") {
      ["avx512", "avx2", "sse2", "neon"].contains($0)
    },
    Rule(
      name: "LATHE_MATRIX_UNITS",
      choices: "auto, on, wgmma, off, or emulated-nvidia, -turing, -wgmma, -wmma, -mfma, -xmx16 or -xmx8"
    ) {
      ["auto", "on", "wgmma", "off"].contains($0)
        || $0.hasPrefix("emulated-")
          && ["nvidia", "turing", "wgmma", "wmma", "mfma", "xmx16", "xmx8"].contains(
            $0.dropFirst("emulated-".count))
    },
    Rule(name: "LATHE_UNOPTIMIZED_PROFILE", choices: "cpu or gpu") { ["cpu", "gpu"].contains($0) },
  ]
}
