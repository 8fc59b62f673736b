import Foundation
import Synchronization

/// Collects results of ranges of `count` on several threads, in order.
///
/// - Parameter body: Appends the results of a range.
/// - Throws: What `body` throws first, in the order of the ranges.
func parallel<Result: Sendable>(
  _ count: Int, threads: Int?, _ body: @Sendable (Range<Int>, inout [Result]) throws -> Void
) throws -> [Result] {
  let threads = max(1, min(threads ?? ProcessInfo.processInfo.activeProcessorCount, count))
  if threads == 1 {
    var results: [Result] = []
    results.reserveCapacity(count)
    try body(0..<count, &results)
    return results
  }
  // Parts are small enough that no thread is left alone with a long one.
  let part = max(1, min(256, count / (threads * 8)))
  let parts = (count + part - 1) / part
  let next = Atomic(0)
  let collected = Mutex<[(Int, Swift.Result<[Result], any Error>)]>([])
  DispatchQueue.concurrentPerform(iterations: threads) { _ in
    while true {
      let index = next.add(1, ordering: .relaxed).oldValue
      guard index < parts else { return }
      let range = index * part..<min(count, (index + 1) * part)
      let outcome = Swift.Result<[Result], any Error> {
        var results: [Result] = []
        results.reserveCapacity(range.count)
        try body(range, &results)
        return results
      }
      collected.withLock { $0.append((index, outcome)) }
    }
  }
  var results: [Result] = []
  results.reserveCapacity(count)
  for (_, outcome) in collected.withLock({ $0.sorted { $0.0 < $1.0 } }) { results += try outcome.get() }
  return results
}
