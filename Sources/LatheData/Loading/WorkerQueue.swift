import Foundation
import Lathe
import LatheCore

/// Items made by several threads and taken in order, a bounded number of them ahead.
///
/// Making an item has two parts: `claim`, called for 0, 1, 2... in turn, by one thread at a time, says what is to be
/// done; `make` does it. What an item is follows from its number and its claim, never from the thread.
final class WorkerQueue<Work: Sendable, Item: Sendable>: @unchecked Sendable {
  // Unchecked: the mutable state is only touched while `condition` is locked, and `claim` only called while `claims` is.
  private let condition = NSCondition()
  private let claims = NSLock()
  private let depth: Int
  private let claim: (Int) throws -> Work?
  private let make: @Sendable (Int, Work) throws -> Item
  /// Items made and not taken, each in the slot of its number modulo `depth`.
  private var slots: [Result<Item, any Error>?]
  private var claimed = 0
  private var taken = 0
  /// How many items there are in all, once that is known.
  private var end: Int?
  private var failure: (any Error)?
  private var isStopped = false
  /// Whether claiming waits until the queue is half empty, so that threads are not woken for every single item.
  private var isResting = false
  /// False where there are no threads, none asked for or none to be had: whoever asks for an item makes it.
  private var isThreaded = false

  /// Starts the threads.
  ///
  /// - Parameters:
  ///   - workers: Threads; 0 makes each item when it is asked for, on the thread that asks.
  ///   - depth: How many items are at most claimed and not taken.
  ///   - claim: nil where there are no more items.
  init(
    workers: Int, depth: Int, claim: @escaping (Int) throws -> Work?,
    make: @escaping @Sendable (Int, Work) throws -> Item
  ) {
    self.depth = max(depth, workers)
    self.claim = claim
    self.make = make
    slots = Array(repeating: nil, count: self.depth)
    for number in 0..<workers {
      // Fewer threads than asked for make the same items, later.
      guard startThread(named: "lathe-loader-\(number)", { self.run() }) else { break }
      isThreaded = true
    }
  }

  /// The next item, waited for; nil behind the last or after `stop()`.
  ///
  /// - Throws: What `claim` or `make` threw for this item; every later call throws it again.
  func next() throws -> Item? {
    if !isThreaded { return try makeNext() }
    condition.lock()
    defer { condition.unlock() }
    if let failure { throw failure }
    while !isStopped, taken != end, slots[taken % depth] == nil { condition.wait() }
    guard !isStopped, taken != end, let result = slots[taken % depth] else { return nil }
    slots[taken % depth] = nil
    taken += 1
    if isResting && claimed - taken <= depth / 2 {
      isResting = false
      condition.broadcast()
    }
    do {
      return try result.get()
    } catch {
      failure = error
      isStopped = true
      condition.broadcast()
      throw error
    }
  }

  /// Lets the threads end; items not taken yet are dropped.
  func stop() {
    condition.lock()
    isStopped = true
    slots = Array(repeating: nil, count: depth)
    condition.broadcast()
    condition.unlock()
  }

  private func makeNext() throws -> Item? {
    if let failure { throw failure }
    guard taken != end, !isStopped else { return nil }
    do {
      guard let work = try claim(taken) else {
        end = taken
        return nil
      }
      taken += 1
      return try make(taken - 1, work)
    } catch {
      failure = error
      throw error
    }
  }

  private func run() {
    while true {
      claims.lock()
      guard let index = waitForRoom() else {
        claims.unlock()
        return
      }
      let work = Result { try claim(index) }
      if case .success(.none) = work { finish(at: index) }
      if case .failure = work { finish(at: index + 1) }
      claims.unlock()
      switch work {
      case .success(.none): return
      case .success(.some(let work)): store(Result { try make(index, work) }, at: index)
      case .failure(let error): store(.failure(error), at: index)
      }
    }
  }

  /// The number of the next item to claim; nil where there is none.
  private func waitForRoom() -> Int? {
    condition.lock()
    defer { condition.unlock() }
    if claimed - taken >= depth { isResting = true }
    while isResting && !isStopped { condition.wait() }
    guard !isStopped, end == nil else { return nil }
    claimed += 1
    return claimed - 1
  }

  private func finish(at count: Int) {
    condition.lock()
    end = count
    condition.broadcast()
    condition.unlock()
  }

  private func store(_ result: Result<Item, any Error>, at index: Int) {
    condition.lock()
    if !isStopped { slots[index % depth] = result }
    if index == taken { condition.broadcast() }
    condition.unlock()
  }
}
