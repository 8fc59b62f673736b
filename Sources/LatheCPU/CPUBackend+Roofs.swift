import CPUKernels
import LatheCore

extension CPUBackend: RoofProbe {
  package var copyWays: Int { 2 }

  /// Past the caches, or through them.
  package func probeCopy(from: Buffer, to: Buffer, way: Int) throws {
    let blocks = min(from.byteCount, to.byteCount) / 64
    nonisolated(unsafe) let source = unsafeDowncast(from, to: CPUBuffer.self).pointer
    nonisolated(unsafe) let target = unsafeDowncast(to, to: CPUBuffer.self).pointer
    ThreadPool.shared.parallelFor(blocks, grain: 4096) { range in
      let offset = range.lowerBound * 64
      if way == 1 {
        (target + offset).copyMemory(from: source + offset, byteCount: range.count * 64)
        return
      }
      lathe_roof_copy(
        (target + offset).assumingMemoryBound(to: CChar.self),
        (source + offset).assumingMemoryBound(to: CChar.self), range.count)
    }
  }

  package func probeMultiplyAdds(rounds: Int) throws -> Double {
    let loops = ThreadPool.shared.threadCount * 4
    ThreadPool.shared.parallelFor(loops, grain: 1) { range in
      var result: Float = 0
      for _ in range { _ = lathe_roof_multiply_adds(rounds, &result) }
    }
    var result: Float = 0
    return lathe_roof_multiply_adds(0, &result) * Double(rounds) * Double(loops)
  }

  package func probeLaunch() throws {
    ThreadPool.shared.parallelFor(ThreadPool.shared.threadCount, grain: 1) { _ in }
  }
}
