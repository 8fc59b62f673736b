import Dispatch
import LatheCPU
import LatheCore
import Synchronization
import Testing

/// Reuse, counters and the limit of host memory.
@Suite struct BufferPoolTests {
  @Test func freedBuffersAreUsedAgain() throws {
    let backend = CPUBackend(memoryLimit: 1 << 30)
    do {
      let a = try backend.allocate(byteCount: 1000)
      let b = try backend.allocate(byteCount: 5 << 20)
      #expect(a.byteCount == 1000 && b.byteCount == 5 << 20)
      for buffer in [a, b] {
        let pointer = try #require(buffer as? CPUBuffer).pointer
        #expect(UInt(bitPattern: pointer) % 64 == 0)
      }
      let counters = backend.counters.snapshot()
      #expect(counters.allocations == 2)
      #expect(counters.bytesInUse >= 1000 + 5 << 20 && counters.cachedBytes == 0)
    }
    var counters = backend.counters.snapshot()
    #expect(counters.bytesInUse == 0 && counters.cachedBytes == counters.peakBytes)
    for _ in 0..<100 { _ = try backend.allocate(byteCount: 990) }
    counters = backend.counters.snapshot()
    #expect(counters.allocations == 2)
    backend.emptyCache()
    #expect(backend.counters.snapshot().cachedBytes == 0)
  }

  @Test func sizeClasses() {
    #expect(BufferPool.sizeClass(1) == (0, 256))
    #expect(BufferPool.sizeClass(256) == (0, 256))
    #expect(BufferPool.sizeClass(257) == (1, 320))
    #expect(BufferPool.sizeClass(1024) == (8, 1024))
    #expect(BufferPool.sizeClass(1025) == (9, 1280))
    var last = BufferPool.sizeClass(1)
    for size in stride(from: 1, to: 100_000, by: 37) {
      let found = BufferPool.sizeClass(size)
      #expect(found.size >= size && (size < 256 || found.size * 4 <= size * 5 + 4))
      #expect(BufferPool.sizeClass(found.size) == found)
      #expect(found == last || (found.index > last.index && found.size > last.size))
      last = found
    }
  }

  @Test func largeSizesAreRoundedTo2MB() {
    #expect(BufferPool.sizeClass((33 << 20) + 1).size == 34 << 20)
    #expect(BufferPool.sizeClass((700 << 20) - 1).size == 700 << 20)
    #expect(BufferPool.sizeClass((3 << 20) + 1).size == (7 << 20) / 2)
  }

  /// Blocks that are only numbers.
  private final class Numbers: MemorySource {
    private let last = Mutex<UInt>(0)
    private let freed = Mutex<[UInt]>([])

    func make(_ byteCount: Int) -> UInt? {
      last.withLock { last in
        last += 1
        return last
      }
    }
    func free(_ block: UInt) { freed.withLock { $0.append(block) } }
    var released: [UInt] { freed.withLock { $0 } }
  }

  private func pool(of source: Numbers, limit: Int) -> BufferPool {
    BufferPool(source, counters: CounterStore(), deviceName: "test", limit: limit)
  }

  @Test func largeBlocksServeSmallerRequests() throws {
    let pool = pool(of: Numbers(), limit: 1 << 30)
    let (a, b, c) = (try pool.take(30 << 20), try pool.take(24 << 20), try pool.take(40 << 20))
    for block in [a, b, c] { pool.give(block) }
    // The smallest that is large enough, and at most half as large again.
    #expect(try pool.take(22 << 20).handle == b.handle)
    #expect(try pool.take(22 << 20).handle == a.handle)
    let made = try pool.take(22 << 20)
    #expect(made.handle > c.handle && made.size == 22 << 20)
    #expect(try pool.take(39 << 20).size == 40 << 20)
    #expect(pool.bytesTaken == (24 + 30 + 22 + 40) << 20)
  }

  @Test func whatWasUsedLeastRecentlyMakesRoom() throws {
    let source = Numbers()
    let pool = pool(of: source, limit: 100 << 20)
    let (a, b, small) = (try pool.take(20 << 20), try pool.take(40 << 20), try pool.take(1000))
    for block in [small, b, a] { pool.give(block) }
    // 60 MB are free; of the 10 that are too much the oldest blocks go.
    let c = try pool.take(70 << 20)
    #expect(source.released == [small.handle, b.handle])
    #expect(try pool.take(20 << 20).handle == a.handle)
    withExtendedLifetime(c) {}
  }

  @Test func theLimitIsNamed() throws {
    let backend = CPUBackend(memoryLimit: 1 << 20)
    let held = try backend.allocate(byteCount: 600_000)
    let error = #expect(throws: LatheError.self) { _ = try backend.allocate(byteCount: 700_000) }
    #expect(error?.kind == .outOfMemory)
    #expect(error?.message.contains("700000 bytes asked for") == true)
    #expect(error?.message.contains("limit 1048576") == true)
    #expect(held.byteCount == 600_000)
  }

  @Test func cachedBuffersMakeRoom() throws {
    let backend = CPUBackend(memoryLimit: 1 << 20)
    _ = try backend.allocate(byteCount: 600_000)
    _ = try backend.allocate(byteCount: 900_000)
    #expect(backend.counters.snapshot().bytesInUse == 0)
  }

  @Test func whatOtherThreadsGiveBackMakesRoom() {
    let backend = CPUBackend(memoryLimit: 1 << 20)
    let sizes = [[400_000, 300_000, 200_000], [500_000, 350_000, 260_000]]
    let refused = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: sizes.count) { thread in
      for round in 0..<20_000 where (try? backend.allocate(byteCount: sizes[thread][round % 3])) == nil {
        refused.add(1, ordering: .relaxed)
      }
    }
    #expect(refused.load(ordering: .relaxed) == 0)
    #expect(backend.counters.snapshot().bytesInUse == 0)
  }
}
