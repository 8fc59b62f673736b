import Foundation

/// Items made in order on a thread of its own, a bounded number of them ahead.
final class PrefetchQueue<Item: Sendable>: @unchecked Sendable {
  // Unchecked: the mutable state is only touched while `condition` is locked.
  private let condition = NSCondition()
  private let depth: Int
  private let count: Int
  private var ready: [Item] = []
  private var taken = 0
  private var isStopped = false

  /// Starts making `count` items.
  init(depth: Int, count: Int, make: @escaping @Sendable (Int) -> Item) {
    self.depth = depth
    self.count = count
    guard count > 0 else { return }
    let thread = Thread { self.fill(make) }
    thread.name = "lathe-loader"
    thread.start()
  }

  /// The next item, waited for; nil behind the last or after `stop()`.
  func next() -> Item? {
    condition.lock()
    defer { condition.unlock() }
    guard taken < count else { return nil }
    while ready.isEmpty && !isStopped { condition.wait() }
    guard !ready.isEmpty else { return nil }
    taken += 1
    let item = ready.removeFirst()
    // The maker sleeps until the queue is half empty, so that it is not woken for every single item.
    if ready.count <= depth / 2 { condition.signal() }
    return item
  }

  /// Lets the thread end; items not taken yet are dropped.
  func stop() {
    condition.lock()
    isStopped = true
    ready.removeAll()
    condition.broadcast()
    condition.unlock()
  }

  private func fill(_ make: @Sendable (Int) -> Item) {
    for index in 0..<count {
      condition.lock()
      if ready.count >= depth {
        while ready.count > depth / 2 && !isStopped { condition.wait() }
      }
      let stopped = isStopped
      condition.unlock()
      if stopped { return }
      let item = make(index)
      condition.lock()
      ready.append(item)
      condition.signal()
      condition.unlock()
    }
  }
}
