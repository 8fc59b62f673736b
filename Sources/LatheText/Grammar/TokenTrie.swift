#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The bytes of all tokens of a vocabulary as a tree, in the order in which it is walked.
struct TokenTrie: Sendable {
  /// A byte behind those above it.
  struct Node: BitwiseCopyable, Sendable {
    var byte: UInt8
    /// How many bytes lead to it, itself among them.
    var depth: Int32
    /// The node behind all that begin with it.
    var end: Int32
    /// The tokens that end here: where they stand in `order`.
    var firstToken: Int32
    var tokenCount: Int32
  }

  private(set) var nodes: [Node] = []
  /// The tokens by their bytes.
  private(set) var order: [Int32] = []
  /// How many tokens there are, with those that have no bytes.
  let tokenCount: Int
  /// The bytes of the longest token.
  private(set) var depth = 0

  /// Makes a tree of the bytes of each token; those without any are left out.
  init(_ tokens: [[UInt8]?]) {
    tokenCount = tokens.count
    var places: [Range<Int>] = []
    var all: [UInt8] = []
    for token in tokens {
      places.append(all.count..<all.count + (token?.count ?? 0))
      all += token ?? []
    }
    order = tokens.indices.filter { !places[$0].isEmpty }.map { Int32($0) }
    all.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      order.sort { a, b in
        let (x, y) = (places[Int(a)], places[Int(b)])
        let comparison = memcmp(base + x.lowerBound, base + y.lowerBound, min(x.count, y.count))
        if comparison != 0 { return comparison < 0 }
        return x.count == y.count ? a < b : x.count < y.count
      }
      var path: [Int] = []
      for (index, token) in order.enumerated() {
        let text = bytes[places[Int(token)]]
        let shared = zip(path, text).prefix { nodes[$0].byte == $1 }.count
        close(&path, downTo: shared)
        for byte in text.dropFirst(shared) {
          path.append(nodes.count)
          let depth = Int32(path.count)
          nodes.append(Node(byte: byte, depth: depth, end: 0, firstToken: Int32(index), tokenCount: 0))
        }
        nodes[path[path.count - 1]].tokenCount += 1
        depth = max(depth, path.count)
      }
      close(&path, downTo: 0)
    }
  }

  private mutating func close(_ path: inout [Int], downTo count: Int) {
    while path.count > count { nodes[path.removeLast()].end = Int32(nodes.count) }
  }
}
