import Foundation
import Lathe

extension OpCase {
  /// Every case of the suite, or those whose name contains `LATHE_TEST_CASES` where that is set.
  package static let all: [OpCase] = {
    let cases = [
      unaryCases, unarySpecialValueCases, binaryCases, comparisonCases, integerCases, halfCases, castCases,
      reductionCases, reductionTypeCases, argumentCases, matmulCases, viewCases, joiningCases, indexingCases,
      sortingCases, softmaxCases, normalizationCases, convolutionCases, transposedConvolutionCases,
      poolingCases,
      fusionCases,
    ].flatMap { $0 }
    let names = Dictionary(grouping: cases, by: \.name).filter { $1.count > 1 }.keys
    precondition(names.isEmpty, "cases of the same name: \(names.sorted())")
    guard let filter = ProcessInfo.processInfo.environment["LATHE_TEST_CASES"] else { return cases }
    return cases.filter { $0.name.contains(filter) }
  }()

  /// The cases that have something to check in a mode.
  package static func all(_ mode: Mode) -> [OpCase] { all.filter(mode.applies) }
}
