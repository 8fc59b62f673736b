import Foundation
import LatheCPU
import Synchronization
import Testing

@Suite struct ThreadPoolTests {
  @Test(arguments: [0, 1, 7, 64, 65, 1000, 99_999]) func everyElementRunsOnce(count: Int) {
    for grain in [1, 3, 64, 1 << 20] {
      let counts = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: count + 1)
      defer { counts.deallocate() }
      counts.initialize(repeating: 0)
      nonisolated(unsafe) let seen = counts
      ThreadPool.shared.parallelFor(count, grain: grain) { range in
        for i in range { seen[i] += 1 }
      }
      #expect(counts.prefix(count).allSatisfy { $0 == 1 })
      #expect(counts[count] == 0)
    }
  }

  @Test func nestedCallsRunInside() {
    let total = Atomic(0)
    ThreadPool.shared.parallelFor(64, grain: 1) { outer in
      for _ in outer {
        ThreadPool.shared.parallelFor(100, grain: 10) { inner in total.add(inner.count, ordering: .relaxed) }
      }
    }
    #expect(total.load(ordering: .relaxed) == 6400)
  }

  @Test func manyShortJobsFromManyThreads() {
    let total = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      for i in 0..<5_000 {
        if i % 1000 == thread { usleep(400) }  // long enough for the workers to fall asleep
        ThreadPool.shared.parallelFor(4 + i % 5, grain: 1) { total.add($0.count, ordering: .relaxed) }
      }
    }
    #expect(total.load(ordering: .relaxed) == 4 * 5_000 * 6)
  }
}
