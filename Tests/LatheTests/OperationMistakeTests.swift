import Glibc
import Testing

extension AllTests {
  /// A programmer's mistake in an operation ends the program with a line that says what does not fit.
  @Suite("Mistakes in operations", .serialized)
  struct MistakesInOperations {
    static let all =
      OperationMistake.equations + OperationMistake.places + OperationMistake.searches
      + OperationMistake.windows + OperationMistake.algebra

    @Test(arguments: all.indices)
    func endWithTheirMessage(_ index: Int) async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        [index = index as Int] in
        Self.openNoFiles()
        Self.all[index].make()
      }
      expectMessage(result, Self.all[index].message)
    }

    /// Without files there is no debugging information to search for the place of the call, which takes seconds; that
    /// the place is found is a test of `Mistakes`.
    private static func openNoFiles() {
      var none = rlimit(rlim_cur: 0, rlim_max: 0)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none)
    }
  }
}
