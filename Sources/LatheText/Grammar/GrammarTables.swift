import LatheCore

/// What a grammar can be in the middle of, found while texts are read, and how bytes lead from one to the next.
///
/// A rule that is under way is a node: the places where other rules go on when it has ended, each with the node of the
/// rule that it belongs to. All ways in which a text can be read share these nodes, so that even ambiguous grammars
/// have few. A state is the set of places, each with its node, at which the next byte may stand. Equal nodes and states
/// are the same, so a state that comes again has its transitions and masks already.
struct GrammarTables: Sendable {
  /// The place of a byte, or where a rule goes on, with a node.
  typealias Item = UInt64
  /// As an element of a state: the text may end here; as that of a node: behind it the text ends.
  private static let end = Item.max
  /// Numbers in all lists of nodes and states, and transitions.
  private static let limit = 1 << 22
  /// Items that the step behind one byte may take, and those of one mask.
  private static let mostStepWork = 1 << 18
  private static let mostMaskWork = 1 << 24
  /// Nodes that one state may need, which nested texts have.
  private static let mostNodes = 1 << 17
  private static let mostMasks = 1 << 9
  private static let mostCopied = 8

  let program: GrammarProgram
  private var nodes = ListTable()
  private var states = ListTable()
  /// Of each state and class of bytes the next state; -1 where there is none, -2 where that is not known yet.
  private var transitions: [Int32] = []
  private var masks: [MaskKey: TokenMask] = [:]
  private var work = 0
  private var maskWork = 0

  // What the step under way has found.
  private var seen = PairSet()
  private var stack: [Item] = []
  private var items: [Item] = []
  private var isComplete = false
  private var pending = LeastFirst()
  private let ruleOfRank: [Int32]
  /// Of each rule the last of its pending continuations; -1 where it was not called.
  private var lastCall: [Int32]
  private var calls: [(item: Item, previous: Int32)] = []

  private struct MaskKey: Hashable {
    var state: Int32
    var constraint: Int
  }

  init(_ program: GrammarProgram) {
    self.program = program
    var rules = [Int32](repeating: 0, count: program.ranks.count)
    for (rule, rank) in program.ranks.enumerated() { rules[Int(rank)] = Int32(rule) }
    ruleOfRank = rules
    lastCall = Array(repeating: -1, count: rules.count)
  }

  private static func item(_ place: Int32, _ node: Int32) -> Item { UInt64(place) << 32 | UInt64(node) }

  /// Whether new tables should be begun before they are used again.
  var isFull: Bool { 2 * max(transitions.count, nodes.values.count + states.values.count) > Self.limit }

  // MARK: States

  /// Whether a text that led to a state is whole.
  func isComplete(_ state: Int32) -> Bool {
    let range = states.range(state)
    return !range.isEmpty && states.values[range.upperBound - 1] == Self.end
  }

  /// Whether a text that led to a state can go on.
  func canContinue(_ state: Int32) -> Bool { states.range(state).count > (isComplete(state) ? 1 : 0) }

  /// The state before every text.
  mutating func start() throws -> Int32 {
    clear()
    isComplete = program.isNullable[Int(program.root)]
    push(program.starts[Int(program.root)], nodes.intern([Self.end]))
    try follow(isNew: true)
    try enterRules()
    return try finish()
  }

  /// The state behind a byte; -1 where it cannot stand there.
  mutating func next(_ state: Int32, _ byte: UInt8) throws -> Int32 {
    let byteClass = Int(program.classes[Int(byte)])
    let slot = Int(state) * program.bytes.count + byteClass
    if transitions[slot] == -2 { transitions[slot] = try step(state, program.bytes[byteClass]) }
    return transitions[slot]
  }

  private mutating func clear() {
    seen.clear()
    items.removeAll(keepingCapacity: true)
    calls.removeAll(keepingCapacity: true)
    isComplete = false
    maskWork += work
    work = 0
    // A step that failed may have left something.
    stack.removeAll(keepingCapacity: true)
    while let rank = pending.popLeast() { lastCall[Int(ruleOfRank[Int(rank)])] = -1 }
  }

  private mutating func step(_ state: Int32, _ byte: UInt8) throws -> Int32 {
    clear()
    for index in states.range(state) where states.values[index] != Self.end {
      let item = states.values[index]
      let place = program.places[Int(item >> 32)]
      for edge in program.edges[Int(place.a)..<Int(place.a + place.b)]
      where edge.low <= byte && byte <= edge.high {
        push(edge.target, Int32(truncatingIfNeeded: item))
      }
    }
    // What has read the byte may end rules; those that begin behind it have read nothing yet.
    try follow(isNew: false)
    try enterRules()
    return try finish()
  }

  @inline(__always) private mutating func push(_ place: Int32, _ node: Int32) {
    stack.append(Self.item(place, node))
  }

  private mutating func follow(isNew: Bool) throws {
    while let item = stack.popLast() {
      guard seen.insert(item) else { continue }
      try spend()
      let node = Int32(truncatingIfNeeded: item)
      let place = program.places[Int(item >> 32)]
      switch place.kind {
      case .bytes: items.append(item)
      case .split:
        push(place.a, node)
        if place.b >= 0 { push(place.b, node) }
      case .call:
        try call(place.a, Self.item(place.b, node), node)
        if program.isNullable[Int(place.a)] { push(place.b, node) }
      case .accept:
        // A rule that is nothing was passed over where it was called.
        if isNew { continue }
        for index in nodes.range(node) {
          let item = nodes.values[index]
          if item == Self.end { isComplete = true } else { stack.append(item) }
        }
      }
    }
  }

  private mutating func spend() throws {
    work += 1
    guard work <= Self.mostStepWork else { throw Self.excess("takes too many steps") }
  }

  private mutating func call(_ rule: Int32, _ item: Item, _ node: Int32) throws {
    // Behind the last part of a rule goes on what follows the rule, so that rules which end with themselves need no
    // further nodes. Long lists are named, not copied, since they would grow with the text.
    let isLast = program.places[Int(item >> 32)].kind == .accept
    guard isLast, nodes.range(node).count <= Self.mostCopied else { return try call(rule, item) }
    for index in nodes.range(node) { try call(rule, nodes.values[index]) }
  }

  private mutating func call(_ rule: Int32, _ item: Item) throws {
    try spend()
    if lastCall[Int(rule)] < 0 { pending.insert(program.ranks[Int(rule)]) }
    calls.append((item, lastCall[Int(rule)]))
    lastCall[Int(rule)] = Int32(calls.count - 1)
  }

  /// Enters the rules that were called, each when all of its callers are known.
  private mutating func enterRules() throws {
    while let rank = pending.popLeast() {
      let rule = Int(ruleOfRank[Int(rank)])
      var list: [Item] = []
      var index = lastCall[rule]
      lastCall[rule] = -1
      while index >= 0 {
        list.append(calls[Int(index)].item)
        index = calls[Int(index)].previous
      }
      push(program.starts[rule], nodes.intern(Self.sorted(list)))
      try follow(isNew: true)
    }
  }

  private static func sorted(_ list: [Item]) -> [Item] {
    if list.count < 2 { return list }
    var result: [Item] = []
    for item in list.sorted() where result.last != item { result.append(item) }
    return result
  }

  private mutating func finish() throws -> Int32 {
    if isComplete { items.append(Self.end) }
    return items.isEmpty ? -1 : try add(Self.sorted(items))
  }

  private mutating func add(_ list: [Item]) throws -> Int32 {
    let state = states.intern(list)
    let needed = states.count * program.bytes.count
    if transitions.count < needed {
      transitions += repeatElement(-2, count: needed - transitions.count)
    }
    guard max(transitions.count, nodes.values.count + states.values.count) <= Self.limit else {
      throw Self.excess("takes too much memory")
    }
    return state
  }

  private static func excess(_ what: String) -> LatheError {
    LatheError(
      .unsupported, "the grammar can read this text in so many ways, or nests it so deeply, that it \(what)")
  }

  // MARK: From tables to tables

  /// A state with all nodes that it needs.
  struct Extract: Sendable {
    fileprivate var nodes: [[Item]] = []
    fileprivate var items: [Item] = []
  }

  private static func renumbered(_ item: Item, _ number: (Int32) -> Int32) -> Item {
    item == end ? end : Self.item(Int32(item >> 32), number(Int32(truncatingIfNeeded: item)))
  }

  /// Takes a state out.
  ///
  /// - Throws: `LatheError.unsupported` where it needs too many nodes.
  func extract(_ state: Int32) throws -> Extract {
    var known: Set<Int32> = []
    var stack: [Int32] = []
    func visit(_ item: Item) {
      let node = Int32(truncatingIfNeeded: item)
      if item != Self.end, known.insert(node).inserted { stack.append(node) }
    }
    for index in states.range(state) { visit(states.values[index]) }
    while let node = stack.popLast() { for index in nodes.range(node) { visit(nodes.values[index]) } }
    guard known.count <= Self.mostNodes else { throw Self.excess("takes too much memory") }
    // A node was made behind those that it names.
    let order = known.sorted()
    let numbers = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, Int32($0)) })
    func moved(_ items: ArraySlice<Item>) -> [Item] { items.map { Self.renumbered($0) { numbers[$0] ?? 0 } } }
    return Extract(
      nodes: order.map { moved(nodes.values[nodes.range($0)]) },
      items: moved(states.values[states.range(state)]))
  }

  /// Puts a state in that other tables had.
  mutating func insert(_ extract: Extract) throws -> Int32 {
    var numbers: [Int32] = []
    func moved(_ items: [Item]) -> [Item] {
      Self.sorted(items.map { Self.renumbered($0) { numbers[Int($0)] } })
    }
    let isEmpty = states.count == 0
    for items in extract.nodes { numbers.append(nodes.intern(moved(items))) }
    let state = try add(moved(extract.items))
    if isEmpty && isFull { throw Self.excess("takes too much memory") }
    return state
  }

  // MARK: Tokens

  /// The tokens that can stand next.
  mutating func mask(_ state: Int32, _ trie: TokenTrie, _ constraint: Int) throws -> TokenMask {
    let key = MaskKey(state: state, constraint: constraint)
    if let known = masks[key] { return known }
    maskWork = 0
    var words = [UInt64](repeating: 0, count: (trie.tokenCount + 63) / 64)
    var path = [Int32](repeating: state, count: trie.depth + 1)
    let width = program.bytes.count
    try trie.nodes.withUnsafeBufferPointer { nodes in
      var index = 0
      while index < nodes.count {
        let node = nodes[index]
        let before = path[Int(node.depth) - 1]
        var after = transitions[Int(before) * width + Int(program.classes[Int(node.byte)])]
        if after == -2 {
          after = try next(before, node.byte)
          guard maskWork <= Self.mostMaskWork else { throw Self.excess("takes too many steps") }
        }
        guard after >= 0 else {
          index = Int(node.end)
          continue
        }
        path[Int(node.depth)] = after
        for place in node.firstToken..<node.firstToken + node.tokenCount {
          let token = trie.order[Int(place)]
          words[Int(token >> 6)] |= 1 << UInt64(token & 63)
        }
        index += 1
      }
    }
    if masks.count >= Self.mostMasks { masks.removeAll() }
    let mask = TokenMask(words: words, count: trie.tokenCount)
    masks[key] = mask
    return mask
  }
}
