/// Blocks of a pool that nobody uses.
struct FreeBlocks {
  private struct FreeBlock {
    var block: BufferPool.Block
    /// When it was given back.
    var stamp: Int
  }

  /// The largest block that serves only requests of its own class.
  private static let largestSmall = 1 << 20

  /// Small ones by class, those given back last at the end.
  private var small: [[FreeBlock]] = Array(
    repeating: [], count: BufferPool.sizeClass(largestSmall).index + 1)
  /// Others by size, those given back last behind others of their size.
  private var large: [FreeBlock] = []
  private var stamp = 0

  /// Of small blocks one of the class, of others the smallest that is at most half as large again.
  mutating func take(_ size: Int) -> BufferPool.Block? {
    if size <= Self.largestSmall { return small[BufferPool.sizeClass(size).index].popLast()?.block }
    let first = firstLarge { $0 >= size }
    guard first < large.count, large[first].block.size <= size + size / 2 else { return nil }
    let found = large[first].block.size
    return large.remove(at: firstLarge { $0 > found } - 1).block
  }

  /// Takes a block back.
  mutating func keep(_ block: BufferPool.Block) {
    stamp += 1
    let free = FreeBlock(block: block, stamp: stamp)
    if block.size <= Self.largestSmall {
      small[BufferPool.sizeClass(block.size).index].append(free)
    } else {
      large.insert(free, at: firstLarge { $0 > block.size })
    }
  }

  /// The block that has been free for the longest time.
  mutating func takeOldest() -> BufferPool.Block? {
    let oldestSmall = small.indices.filter { !small[$0].isEmpty }
      .min { small[$0][0].stamp < small[$1][0].stamp }
    let oldestLarge = large.indices.min { large[$0].stamp < large[$1].stamp }
    guard let place = oldestLarge else { return oldestSmall.map { small[$0].removeFirst().block } }
    if let index = oldestSmall, small[index][0].stamp < large[place].stamp {
      return small[index].removeFirst().block
    }
    return large.remove(at: place).block
  }

  /// The first large block whose size is as a condition asks, which all behind it fulfil.
  private func firstLarge(where isMet: (Int) -> Bool) -> Int {
    var (low, high) = (0, large.count)
    while low < high {
      let middle = (low + high) / 2
      if isMet(large[middle].block.size) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
