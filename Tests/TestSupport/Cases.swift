import Lathe
import LatheCore

extension OpCase {
  /// Every case of the suite, or those whose name contains `LATHE_TEST_CASES` where that is set.
  package static let all: [OpCase] = {
    let functions = [
      unaryCases, binaryCases, comparisonCases, reductionCases, viewCases, fusionCases,
    ].flatMap { $0 }
    let types = [
      unarySpecialValueCases, integerCases, bitwiseCases, halfCases, castCases, narrowStepCases,
      reductionTypeCases,
    ].flatMap { $0 }
    let generated = (functions + types).map { opCase in
      var opCase = opCase
      opCase.isGenerated = true
      return opCase
    }
    // Those in front have kernels in float64, too; the others are composed in it.
    let ordered = [
      argumentCases, matmulCases, joiningCases, indexingCases, sortingCases, scatterCases,
      cumulativeCases, searchingCases, rowCases,
    ].flatMap { $0 }
    let composed = [
      softmaxCases, normalizationCases, rearrangingCases, normCases, einsumCases, interpolationCases,
      unfoldCases,
      partialPoolingCases, volumeCases, volumePoolingCases, fourierCases, linearAlgebraCases,
      convolutionCases,
      transposedConvolutionCases, poolingCases, attentionCases, listCases, recurrenceCases,
      normalizedRowCases, halfKernelCases,
    ].flatMap { $0 }
    let cases =
      generated + narrowListCases + ordered + composed + blockCases + rotationCases
      + float64(of: generated.dropLast(types.count) + ordered, composed: false)
      + float64(of: composed, composed: true)
    let names = Dictionary(grouping: cases, by: \.name).filter { $1.count > 1 }.keys
    precondition(names.isEmpty, "cases of the same name: \(names.sorted())")
    guard let filter = environment("LATHE_TEST_CASES") else { return cases }
    return cases.filter { $0.name.contains(filter) }
  }()

  /// The cases that are checked in a mode with a profile of OpenCL kernels, or on the CPU path where nil.
  ///
  /// Each program that OpenCL compiles takes a quarter of a second. Where kernels are generated from the element-wise
  /// rows that the CPU path runs too, gradients of gradients add nothing that another mode has not checked, and
  /// gradients nothing that the `gpu` profile does not check. Rows in float64 show there that its kernels are right; their
  /// gradients and views are checked by the `gpu` profile, of small rows with kernels of their own and samples of others.
  package static func all(_ mode: Mode, profile: String?) -> [OpCase] {
    all.filter { opCase in
      if opCase.isFloat64, let profile, !opCase.checksFloat64(mode, profile) { return false }
      if opCase.isGenerated && profile != nil {
        if mode == .secondOrder || (mode == .gradient && profile == "cpu") { return false }
      }
      if opCase.composesSecondOrder && profile != nil && mode == .secondOrder { return false }
      return mode.applies(to: opCase)
    }
  }

  /// The same for a device.
  package static func all(_ mode: Mode, on device: Device) -> [OpCase] {
    all(mode, profile: device == .cpu ? nil : device.info.kernelProfile)
  }
}
