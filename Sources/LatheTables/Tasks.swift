import Foundation
import LatheCore
import Synchronization

/// Tasks that several threads take in turn, each with something of its own to work in.
enum Tasks {
  static var threads: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

  /// Runs `body` for 0..<count.
  ///
  /// - Throws: What the first task in order threw that threw anything; which that is depends on no timing.
  static func run<Workspace>(
    _ count: Int, threads: Int? = nil, workspace: @Sendable () -> Workspace,
    _ body: @Sendable (Int, inout Workspace) throws -> Void
  ) throws {
    let threads = max(1, min(threads ?? Self.threads, count))
    let next = Atomic(0)
    let firstFailed = Atomic(Int.max)
    let failure = Mutex<(any Error)?>(nil)
    @Sendable func work() {
      var own = workspace()
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        // Tasks behind one that failed are not wanted; those in front of it are, since they may fail, too.
        guard index < count, index < firstFailed.load(ordering: .relaxed) else { return }
        do { try body(index, &own) } catch {
          failure.withLock {
            guard index < firstFailed.load(ordering: .relaxed) else { return }
            firstFailed.store(index, ordering: .relaxed)
            $0 = error
          }
        }
      }
    }
    if threads == 1 {
      work()
    } else {
      DispatchQueue.concurrentPerform(iterations: threads) { _ in work() }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// The same without a workspace.
  static func run(_ count: Int, threads: Int? = nil, _ body: @Sendable (Int) throws -> Void) throws {
    try run(count, threads: threads, workspace: {}) { index, _ in try body(index) }
  }
}
