import Lathe
import Synchronization

/// What was wrong with examples that were read: those left out, up to a number, and what decoders warned of.
///
/// One damaged image in a million then ends no run, and the run can say in the end what it did without.
public final class ReadingProblems: Sendable {
  /// How many examples may be left out; one more ends the loop over the batches with its error.
  public let limit: Int
  private struct State {
    var skipped = Set<String>()
    var warnings = Set<String>()
  }
  private let state = Mutex(State())

  /// - Parameter limit: How many examples may be left out.
  public init(skipping limit: Int = 0) {
    require(limit >= 0, "ReadingProblems: \(limit) examples")
    self.limit = limit
  }

  /// What was wrong with each example that was left out, sorted.
  public var skipped: [String] { state.withLock { $0.skipped }.sorted() }

  /// What decoders warned of, one line for each example, sorted; at most a thousand.
  public var warnings: [String] { state.withLock { $0.warnings }.sorted() }

  func warn(_ line: String) {
    state.withLock { if $0.warnings.count < 1000 { $0.warnings.insert(line) } }
  }

  /// Leaves out an example, counted once however many epochs meet it.
  ///
  /// - Throws: Its error, where no more may be left out.
  func skip(_ error: LatheError) throws {
    let isAllowed = state.withLock { state in
      if state.skipped.contains(error.message) { return true }
      guard state.skipped.count < limit else { return false }
      state.skipped.insert(error.message)
      return true
    }
    if isAllowed { return }
    throw limit == 0
      ? error
      : LatheError(
        error.kind, "\(error.message); \(limit) other examples were skipped before, as many as allowed")
  }
}
