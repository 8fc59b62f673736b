/// A list of plain values with a fixed capacity, in memory that it does not own.
struct PlacedList<Element: BitwiseCopyable> {
  let start: UnsafeMutablePointer<Element>
  private(set) var count = 0
  private let capacity: Int

  /// An empty list that takes its room off the front of `memory`.
  init(capacity: Int, from memory: inout UnsafeMutableRawPointer) {
    start = memory.bindMemory(to: Element.self, capacity: capacity)
    self.capacity = capacity
    memory += Self.bytes(capacity)
  }

  /// The room that a list takes; what follows stays aligned for any value.
  static func bytes(_ capacity: Int) -> Int { (capacity * MemoryLayout<Element>.stride + 15) / 16 * 16 }

  subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count)
      return start[index]
    }
    nonmutating set {
      precondition(index >= 0 && index < count)
      start[index] = newValue
    }
  }

  mutating func append(_ element: Element) {
    precondition(count < capacity)
    start[count] = element
    count += 1
  }

  mutating func append(repeating element: Element, count: Int) {
    for _ in 0..<count { append(element) }
  }

  mutating func popLast() -> Element? {
    if count == 0 { return nil }
    count -= 1
    return start[count]
  }
}
