import CPUKernels
import LatheCore

/// The SIMD instructions that the kernels of the CPU path use.
package enum SIMDLevel {
  /// The level that is used: the processor's widest, or the narrower one that `LATHE_SIMD` names.
  package static var current: String { String(cString: lathe_simd_level()) }

  /// What this processor has, narrowest first.
  package static let choices: [String] = {
    var names: [String] = []
    while let name = lathe_simd_choice(names.count) { names.append(String(cString: name)) }
    return names
  }()

  /// What is wrong where `LATHE_SIMD` names instructions that the processor lacks.
  static var problem: LatheError? {
    guard let name = environment("LATHE_SIMD"), !choices.contains(name) else { return nil }
    return EnvironmentRules.error(
      "LATHE_SIMD", name, "it can be \(choices.joined(separator: " or ")) on this processor")
  }
}
