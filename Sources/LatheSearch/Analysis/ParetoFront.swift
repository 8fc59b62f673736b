/// Trials of several goals, by which of them beat which.
enum ParetoFront {
  /// Whether losses are at least as small in all goals, and smaller in one.
  static func dominates(_ a: [Double], _ b: [Double]) -> Bool {
    var isLess = false
    for (x, y) in zip(a, b) {
      if x > y { return false }
      if x < y { isLess = true }
    }
    return isLess
  }

  /// Those that none of the others dominates, in their order.
  static func first(_ losses: [[Double]]) -> [Int] {
    losses.indices.filter { i in !losses.indices.contains { dominates(losses[$0], losses[i]) } }
  }

  /// All of them, front by front; in a front those first that lie far from their neighbours, as NSGA-II orders them (Deb et al.,
  /// IEEE Transactions on Evolutionary Computation 6, 2002).
  static func ranking(_ losses: [[Double]]) -> [Int] {
    guard let goals = losses.first?.count else { return [] }
    if goals == 1 {
      let values = losses.map { $0[0] }
      return values.indices.sorted { values[$0] == values[$1] ? $0 < $1 : values[$0] < values[$1] }
    }
    var dominated = [[Int]](repeating: [], count: losses.count)
    var missing = [Int](repeating: 0, count: losses.count)
    for i in losses.indices {
      for j in losses.indices where dominates(losses[i], losses[j]) {
        dominated[i].append(j)
        missing[j] += 1
      }
    }
    var result: [Int] = []
    var front = losses.indices.filter { missing[$0] == 0 }
    while !front.isEmpty {
      let distances = crowding(front.map { losses[$0] }, goals: goals)
      result += front.indices.sorted {
        distances[$0] == distances[$1] ? $0 < $1 : distances[$0] > distances[$1]
      }.map { front[$0] }
      var next: [Int] = []
      for i in front {
        for j in dominated[i] {
          missing[j] -= 1
          if missing[j] == 0 { next.append(j) }
        }
      }
      front = next.sorted()
    }
    return result
  }

  /// How far each is from its neighbours, summed over goals; the ends are infinitely far.
  private static func crowding(_ losses: [[Double]], goals: Int) -> [Double] {
    var result = [Double](repeating: 0, count: losses.count)
    for goal in 0..<goals {
      let order = losses.indices.sorted { losses[$0][goal] < losses[$1][goal] }
      guard let first = order.first, let last = order.last else { break }
      let width = losses[last][goal] - losses[first][goal]
      result[first] = .infinity
      result[last] = .infinity
      guard width > 0, order.count > 2 else { continue }
      for i in 1..<order.count - 1 {
        result[order[i]] += (losses[order[i + 1]][goal] - losses[order[i - 1]][goal]) / width
      }
    }
    return result
  }
}
