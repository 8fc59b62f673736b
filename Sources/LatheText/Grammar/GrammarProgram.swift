import LatheCore

/// A grammar as places of small machines, one for each rule, that read bytes and call each other.
struct GrammarProgram: Sendable {
  /// What is possible at a place.
  enum Kind: UInt8, Sendable {
    /// A byte of one of `b` edges from `a` on.
    case bytes
    /// What is possible at `a`, and (where it is not negative) at `b`.
    case split
    /// What the rule `a` says, and then what is possible at `b`.
    case call
    /// The end of the rule.
    case accept
  }

  struct Place: BitwiseCopyable, Sendable {
    var kind: Kind
    var a: Int32 = 0
    var b: Int32 = 0
  }

  /// Bytes that lead to a place.
  struct Edge: BitwiseCopyable, Sendable {
    var low: UInt8
    var high: UInt8
    var target: Int32
  }

  private(set) var places: [Place] = []
  private(set) var edges: [Edge] = []
  /// Where each rule begins.
  private(set) var starts: [Int32] = []
  /// The rule that the whole text has to be.
  private(set) var root: Int32 = 0
  /// Whether each rule can be nothing.
  private(set) var isNullable: [Bool] = []
  /// Of each rule a number that is larger than those of the rules that may begin with it.
  private(set) var ranks: [Int32] = []
  /// Bytes that no place tells apart have the same class.
  private(set) var classes = [UInt8](repeating: 0, count: 256)
  /// One byte of each class.
  private(set) var bytes: [UInt8] = []

  /// Compiles rules.
  ///
  /// - Throws: `LatheError` for rules that begin with themselves or never end, and where they need too much memory.
  init(_ rules: GrammarRules) throws {
    var compiler = GrammarCompiler(rules)
    try compiler.compile()
    places = compiler.places
    edges = compiler.edges
    starts = compiler.starts
    root = Int32(rules.root)
    let analysis = try GrammarAnalysis(compiler)
    isNullable = analysis.isNullable
    ranks = analysis.ranks
    findClasses()
  }

  private mutating func findClasses() {
    var isBoundary = [Bool](repeating: false, count: 257)
    isBoundary[0] = true
    for edge in edges {
      isBoundary[Int(edge.low)] = true
      isBoundary[Int(edge.high) + 1] = true
    }
    for byte in 0..<256 {
      if isBoundary[byte] { bytes.append(UInt8(byte)) }
      classes[byte] = UInt8(bytes.count - 1)
    }
  }
}

/// Makes places of expressions, from their ends to their beginnings.
struct GrammarCompiler {
  /// Places and edges together; a grammar that needs more takes too much memory.
  private static let limit = 1 << 20
  /// A set of scalars with more places than these is compiled once, as a rule of its own.
  private static let largestInlineSet = 16
  private(set) var places: [GrammarProgram.Place] = []
  private(set) var edges: [GrammarProgram.Edge] = []
  private(set) var starts: [Int32] = []
  /// The names of the rules; those of sets that became rules are empty.
  private(set) var names: [String]
  private let bodies: [GrammarExpression]
  private var setRules: [[ClosedRange<UInt32>]: Int32] = [:]
  private var sets: [[ClosedRange<UInt32>]] = []
  private var work = 0

  init(_ rules: GrammarRules) {
    names = rules.names
    bodies = rules.bodies
  }

  mutating func compile() throws {
    for body in bodies {
      let end = try emit(.init(kind: .accept))
      starts.append(try compile(body, end))
    }
    // Sets are found while the rules are compiled.
    for set in sets {
      let end = try emit(.init(kind: .accept))
      names.append("")
      starts.append(try compile(set, end, isInline: true))
    }
  }

  private mutating func spend(_ amount: Int) throws {
    work += amount
    guard work <= Self.limit else {
      throw LatheError(
        .unsupported,
        "the grammar takes more than \(Self.limit) places; repetitions with smaller numbers take fewer")
    }
  }

  private mutating func emit(_ place: GrammarProgram.Place) throws -> Int32 {
    try spend(1)
    places.append(place)
    return Int32(places.count - 1)
  }

  private mutating func emit(_ list: [GrammarProgram.Edge]) throws -> Int32 {
    try spend(list.count)
    let first = Int32(edges.count)
    edges += list
    return try emit(.init(kind: .bytes, a: first, b: Int32(list.count)))
  }

  private mutating func split(_ a: Int32, _ b: Int32) throws -> Int32 {
    try emit(.init(kind: .split, a: a, b: b))
  }

  /// Where an expression begins behind which a place follows.
  private mutating func compile(_ expression: GrammarExpression, _ next: Int32) throws -> Int32 {
    try spend(1)
    switch expression {
    case .literal(let bytes):
      var start = next
      for byte in bytes.reversed() { start = try emit([.init(low: byte, high: byte, target: start)]) }
      return start
    case .scalars(let set): return try compile(set, next, isInline: false)
    case .rule(let rule): return try emit(.init(kind: .call, a: Int32(rule), b: next))
    case .sequence(let parts):
      var start = next
      for part in parts.reversed() { start = try compile(part, start) }
      return start
    case .alternation(let parts): return try alternation(parts, next)
    case .repetition(let part, let least, let most): return try repetition(part, least, most, next)
    }
  }

  private mutating func repetition(
    _ part: GrammarExpression, _ least: Int, _ most: Int?, _ next: Int32
  ) throws -> Int32 {
    var start = next
    var copies = least
    if let most {
      for _ in least..<most { start = try split(compile(part, start), next) }
    } else {
      let loop = try split(next, -1)
      let body = try compile(part, loop)
      places[Int(loop)] = .init(kind: .split, a: body, b: next)
      start = least > 0 ? body : loop
      copies = max(least - 1, 0)
    }
    for _ in 0..<copies { start = try compile(part, start) }
    return start
  }

  private mutating func alternation(_ parts: [GrammarExpression], _ next: Int32) throws -> Int32 {
    var texts: [[UInt8]] = []
    var starts: [Int32] = []
    for part in parts {
      if case .literal(let bytes) = part {
        texts.append(bytes)
      } else {
        starts.append(try compile(part, next))
      }
    }
    if !texts.isEmpty { starts.append(try compile(texts, next)) }
    var start = starts[starts.count - 1]
    for other in starts.dropLast().reversed() { start = try split(other, start) }
    return start
  }

  /// Texts that share their beginnings.
  private mutating func compile(_ texts: [[UInt8]], _ next: Int32) throws -> Int32 {
    var children: [[(byte: UInt8, node: Int)]] = [[]]
    var isEnd = [false]
    for text in texts {
      var node = 0
      for byte in text {
        if let known = children[node].first(where: { $0.byte == byte }) {
          node = known.node
        } else {
          try spend(1)
          children[node].append((byte, children.count))
          node = children.count
          children.append([])
          isEnd.append(false)
        }
      }
      isEnd[node] = true
    }
    var starts = [Int32](repeating: 0, count: children.count)
    // Those below have larger numbers.
    for node in children.indices.reversed() {
      if children[node].isEmpty {
        starts[node] = next
      } else {
        let edges = children[node].map {
          GrammarProgram.Edge(low: $0.byte, high: $0.byte, target: starts[$0.node])
        }
        starts[node] = try emit(edges)
        if isEnd[node] { starts[node] = try split(starts[node], next) }
      }
    }
    return starts[0]
  }

  /// One scalar of a set.
  private mutating func compile(
    _ set: [ClosedRange<UInt32>], _ next: Int32, isInline: Bool
  ) throws -> Int32 {
    let sequences = set.flatMap(UTF8Ranges.sequences)
    if !isInline && sequences.count > Self.largestInlineSet {
      try spend(set.count)
      let rule = setRules[set] ?? Int32(bodies.count + sets.count)
      if setRules.updateValue(rule, forKey: set) == nil { sets.append(set) }
      return try emit(.init(kind: .call, a: rule, b: next))
    }
    var tails: [ArraySlice<ClosedRange<UInt8>>: Int32] = [:]
    var first: [GrammarProgram.Edge] = []
    for sequence in sequences {
      var target = next
      for index in sequence.indices.dropFirst().reversed() {
        let tail = sequence[index...]
        if let known = tails[tail] {
          target = known
        } else {
          target = try emit([.init(low: tail[index].lowerBound, high: tail[index].upperBound, target: target)]
          )
          tails[tail] = target
        }
      }
      first.append(.init(low: sequence[0].lowerBound, high: sequence[0].upperBound, target: target))
    }
    return try emit(first)
  }
}
