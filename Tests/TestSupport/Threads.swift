import Dispatch
import Synchronization

/// Runs a function on so many threads at once and returns what they gave, in order.
package func onThreads<T: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) -> T) -> [T] {
  let results = Mutex<[Int: T]>([:])
  let group = DispatchGroup()
  for i in 0..<count {
    let queue = DispatchQueue(label: "thread \(i)")
    queue.async(group: group) {
      let result = body(i)
      results.withLock { $0[i] = result }
    }
  }
  group.wait()
  return results.withLock { found in (0..<count).compactMap { found[$0] } }
}
