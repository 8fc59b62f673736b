/// Texts as paths of bytes: which of them a text begins with.
struct ByteTrie: Sendable {
  /// A node above all.
  static let root: Int32 = 0
  private var keys: [UInt32]
  private var children: [Int32]
  private var mask: Int
  private var rootChildren = [Int32](repeating: -1, count: 256)
  private var edgeCount = 0
  /// Of each node the number of the text that ends there; -1 where none does.
  private(set) var values: [Int32] = [-1]

  init(capacity: Int = 16) {
    var size = 64
    while size < capacity * 4 { size *= 2 }
    keys = [UInt32](repeating: .max, count: size)
    children = [Int32](repeating: -1, count: size)
    mask = size - 1
  }

  @inline(__always) private static func hash(_ key: UInt32) -> Int {
    let product = UInt64(key) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: product >> 20)
  }

  /// The node below another by a byte; -1 where there is none.
  @inline(__always) func child(_ node: Int32, _ byte: UInt8) -> Int32 {
    if node == 0 { return rootChildren[Int(byte)] }
    let key = UInt32(bitPattern: node) << 8 | UInt32(byte)
    return keys.withUnsafeBufferPointer { keys in
      var slot = Self.hash(key) & mask
      while true {
        let found = keys[slot]
        if found == key { return children[slot] }
        if found == .max { return -1 }
        slot = (slot + 1) & mask
      }
    }
  }

  /// The node that a text leads to; -1 where there is none.
  func node(_ bytes: some Sequence<UInt8>) -> Int32 {
    var node = Self.root
    for byte in bytes {
      node = child(node, byte)
      if node < 0 { return -1 }
    }
    return node
  }

  /// Adds a text with a number; one that is there already keeps its own.
  mutating func insert(_ bytes: some Sequence<UInt8>, _ value: Int32) {
    var node = Self.root
    for byte in bytes {
      var next = child(node, byte)
      if next < 0 {
        next = Int32(values.count)
        values.append(-1)
        add(node, byte, next)
      }
      node = next
    }
    if values[Int(node)] < 0 { values[Int(node)] = value }
  }

  private mutating func add(_ node: Int32, _ byte: UInt8, _ child: Int32) {
    if node == 0 {
      rootChildren[Int(byte)] = child
      return
    }
    edgeCount += 1
    if edgeCount * 2 > keys.count { rehash() }
    place(UInt32(bitPattern: node) << 8 | UInt32(byte), child)
  }

  private mutating func place(_ key: UInt32, _ child: Int32) {
    var slot = Self.hash(key) & mask
    while keys[slot] != .max { slot = (slot + 1) & mask }
    keys[slot] = key
    children[slot] = child
  }

  private mutating func rehash() {
    let old = (keys, children)
    keys = [UInt32](repeating: .max, count: old.0.count * 2)
    children = [Int32](repeating: -1, count: old.0.count * 2)
    mask = keys.count - 1
    for (key, child) in zip(old.0, old.1) where key != .max { place(key, child) }
  }
}
