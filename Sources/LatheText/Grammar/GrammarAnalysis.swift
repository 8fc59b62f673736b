import LatheCore

/// What must be known of rules before text is read: which can be nothing, and which may begin with which.
struct GrammarAnalysis {
  private(set) var isNullable: [Bool]
  private(set) var ranks: [Int32]
  private let compiler: GrammarCompiler

  /// - Throws: `LatheError` for rules that never end, and for those that begin with themselves.
  init(_ compiler: GrammarCompiler) throws {
    self.compiler = compiler
    let count = compiler.starts.count
    isNullable = []
    ranks = Array(repeating: 0, count: count)
    let ending = Flood(compiler, readsBytes: true)
    if let rule = ending.isDone.firstIndex(of: false) {
      throw LatheError(.format, "grammar: the rule '\(compiler.names[rule])' never comes to an end")
    }
    let empty = Flood(compiler, readsBytes: false)
    isNullable = empty.isDone
    try rank(empty.calls)
  }

  /// Which places are reached from the beginnings of the rules, and which rules come to their ends.
  private struct Flood {
    private(set) var isDone: [Bool]
    /// Calls that were reached: of each rule those that it makes.
    private(set) var calls: [[Int32]]

    init(_ compiler: GrammarCompiler, readsBytes: Bool) {
      let count = compiler.starts.count
      isDone = Array(repeating: false, count: count)
      calls = Array(repeating: [], count: count)
      var isSeen = [Bool](repeating: false, count: compiler.places.count)
      // Where other rules go on when one has ended: places with the rules that they belong to.
      var waiting = [[(Int32, Int32)]](repeating: [], count: count)
      var stack = compiler.starts.enumerated().map { ($1, Int32($0)) }
      while let (place, rule) = stack.popLast() {
        guard !isSeen[Int(place)] else { continue }
        isSeen[Int(place)] = true
        let entry = compiler.places[Int(place)]
        switch entry.kind {
        case .bytes:
          guard readsBytes else { continue }
          for edge in compiler.edges[Int(entry.a)..<Int(entry.a + entry.b)] {
            stack.append((edge.target, rule))
          }
        case .split:
          stack.append((entry.a, rule))
          if entry.b >= 0 { stack.append((entry.b, rule)) }
        case .call:
          calls[Int(rule)].append(entry.a)
          if isDone[Int(entry.a)] {
            stack.append((entry.b, rule))
          } else {
            waiting[Int(entry.a)].append((entry.b, rule))
          }
        case .accept:
          isDone[Int(rule)] = true
          stack += waiting[Int(rule)]
          waiting[Int(rule)] = []
        }
      }
    }
  }

  /// Numbers the rules so that each comes behind those that may begin with it.
  private mutating func rank(_ calls: [[Int32]]) throws {
    var callers = [Int](repeating: 0, count: calls.count)
    for list in calls { for rule in list { callers[Int(rule)] += 1 } }
    var ready = calls.indices.filter { callers[$0] == 0 }
    var isRanked = [Bool](repeating: false, count: calls.count)
    var next: Int32 = 0
    while let rule = ready.popLast() {
      ranks[rule] = next
      next += 1
      isRanked[rule] = true
      for other in calls[rule] {
        callers[Int(other)] -= 1
        if callers[Int(other)] == 0 { ready.append(Int(other)) }
      }
    }
    guard let left = isRanked.firstIndex(of: false) else { return }
    // What is left lies on circles or behind them; going back from call to caller ends on one.
    var caller = [Int](repeating: -1, count: calls.count)
    for rule in calls.indices where !isRanked[rule] { for other in calls[rule] { caller[Int(other)] = rule } }
    var (rule, isSeen) = (left, Set<Int>())
    while isSeen.insert(rule).inserted { rule = caller[rule] }
    throw LatheError(
      .unsupported,
      "grammar: the rule '\(compiler.names[rule])' begins with itself; write it as a repetition")
  }
}
