/// Joins the pairs of a word in the order of their ranks, the leftmost first.
final class MergeWork {
  /// Longer words take a queue; in shorter ones looking at all pairs is quicker.
  private static let longestScan = 40

  /// A pair that may join.
  private struct Candidate: BitwiseCopyable {
    var rank: Int32
    var place: Int32
    var id: Int32

    @inline(__always) static func < (a: Candidate, b: Candidate) -> Bool {
      a.rank < b.rank || (a.rank == b.rank && a.place < b.place)
    }
  }

  private let merges = GrowingBuffer<PairTable.Merge>(capacity: 64)
  private let queue = GrowingBuffer<Candidate>(capacity: 64)
  private let previous = GrowingBuffer<Int32>(capacity: 64)
  private let following = GrowingBuffer<Int32>(capacity: 64)

  /// Replaces symbols by what they join to.
  func merge(_ symbols: GrowingBuffer<EncodingState.Symbol>, _ pairs: PairTable) {
    if symbols.count < 2 { return }
    if symbols.count <= Self.longestScan { scan(symbols, pairs) } else { walk(symbols, pairs) }
  }

  private func scan(_ symbols: GrowingBuffer<EncodingState.Symbol>, _ pairs: PairTable) {
    merges.clear()
    merges.reserve(Self.longestScan)
    let (all, list) = (symbols.pointer, merges.pointer)
    var count = symbols.count
    for place in 0..<count - 1 { list[place] = pairs.merge(all[place].id, all[place + 1].id) }
    while count > 1 {
      var best = 0
      for place in 1..<count - 1 where list[place].rank < list[best].rank { best = place }
      guard list[best].id >= 0 else { break }
      all[best] = EncodingState.Symbol(id: list[best].id, length: all[best].length + all[best + 1].length)
      count -= 1
      for place in best + 1..<max(count, best + 1) {
        all[place] = all[place + 1]
        list[place] = list[place + 1]
      }
      if best > 0 { list[best - 1] = pairs.merge(all[best - 1].id, all[best].id) }
      if best + 1 < count { list[best] = pairs.merge(all[best].id, all[best + 1].id) }
    }
    symbols.count = count
  }

  private func walk(_ symbols: GrowingBuffer<EncodingState.Symbol>, _ pairs: PairTable) {
    let all = symbols.pointer
    let count = symbols.count
    queue.clear()
    previous.clear()
    following.clear()
    for place in 0..<count {
      previous.append(Int32(place - 1))
      following.append(place + 1 < count ? Int32(place + 1) : -1)
    }
    func offer(_ place: Int32, _ next: Int32) {
      let merge = pairs.merge(all[Int(place)].id, all[Int(next)].id)
      if merge.id >= 0 { push(Candidate(rank: merge.rank, place: place, id: merge.id)) }
    }
    for place in 0..<count - 1 { offer(Int32(place), Int32(place + 1)) }
    while let best = pop() {
      let place = Int(best.place)
      let next = following.pointer[place]
      // A symbol that was joined to the one before it, or that has become another.
      guard all[place].length > 0, next >= 0,
        pairs.merge(all[place].id, all[Int(next)].id).id == best.id
      else { continue }
      all[place] = EncodingState.Symbol(id: best.id, length: all[place].length + all[Int(next)].length)
      all[Int(next)].length = 0
      let after = following.pointer[Int(next)]
      following.pointer[place] = after
      if after >= 0 {
        previous.pointer[Int(after)] = best.place
        offer(best.place, after)
      }
      let before = previous.pointer[place]
      if before >= 0 { offer(before, best.place) }
    }
    var kept = 0
    for place in 0..<count where all[place].length > 0 {
      all[kept] = all[place]
      kept += 1
    }
    symbols.count = kept
  }

  private func push(_ candidate: Candidate) {
    queue.append(candidate)
    let heap = queue.pointer
    var place = queue.count - 1
    while place > 0 {
      let parent = (place - 1) / 2
      guard candidate < heap[parent] else { break }
      heap[place] = heap[parent]
      place = parent
    }
    heap[place] = candidate
  }

  private func pop() -> Candidate? {
    guard queue.count > 0 else { return nil }
    let heap = queue.pointer
    let top = heap[0]
    queue.count -= 1
    let last = heap[queue.count]
    var place = 0
    while true {
      var child = 2 * place + 1
      guard child < queue.count else { break }
      if child + 1 < queue.count && heap[child + 1] < heap[child] { child += 1 }
      guard heap[child] < last else { break }
      heap[place] = heap[child]
      place = child
    }
    heap[place] = last
    return top
  }
}
