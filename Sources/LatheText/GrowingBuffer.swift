/// Memory that grows and keeps its size for the next use.
final class GrowingBuffer<Element: BitwiseCopyable> {
  private(set) var pointer: UnsafeMutablePointer<Element>
  private(set) var capacity: Int
  var count = 0

  init(capacity: Int = 256) {
    self.capacity = capacity
    pointer = .allocate(capacity: capacity)
  }

  deinit { pointer.deallocate() }

  /// Makes room for elements behind the last one.
  @inline(__always) func reserve(_ more: Int) {
    if count + more > capacity { grow(count + more) }
  }

  private func grow(_ least: Int) {
    let next = max(least, capacity * 2)
    let moved = UnsafeMutablePointer<Element>.allocate(capacity: next)
    moved.update(from: pointer, count: count)
    pointer.deallocate()
    pointer = moved
    capacity = next
  }

  @inline(__always) func append(_ element: Element) {
    reserve(1)
    pointer[count] = element
    count += 1
  }

  func append(from source: UnsafePointer<Element>, count added: Int) {
    reserve(added)
    (pointer + count).update(from: source, count: added)
    count += added
  }

  /// Memory that grew far beyond the usual is given back.
  func clear(keeping most: Int = 1 << 20) {
    count = 0
    guard capacity > most else { return }
    pointer.deallocate()
    capacity = 256
    pointer = .allocate(capacity: capacity)
  }
}
