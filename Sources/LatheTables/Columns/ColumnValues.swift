import Foundation
import LatheCore

/// The values of a column, one behind the other; those of missing rows are there and mean nothing.
public struct ColumnValues<Element: BitwiseCopyable & Sendable>: RandomAccessCollection, Sendable {
  package let memory: ColumnMemory
  /// The number of values.
  public let count: Int

  /// The first index.
  public var startIndex: Int { 0 }
  /// The index behind the last.
  public var endIndex: Int { count }

  /// Memory for values that are about to be written.
  package init(count: Int) {
    memory = ColumnMemory(byteCount: count * MemoryLayout<Element>.stride)
    self.count = count
  }

  /// Values that are somewhere else.
  package init<Source: Collection>(_ source: Source) where Source.Element == Element {
    self.init(count: source.count)
    _ = mutable.initialize(fromContentsOf: source)
  }

  /// A value many times.
  package init(repeating value: Element, count: Int) {
    self.init(count: count)
    mutable.initialize(repeating: value)
  }

  /// The first `count` of the memory's values.
  package init(_ memory: ColumnMemory, count: Int) {
    self.memory = memory
    self.count = count
  }

  /// For whoever makes the column, before anybody else sees it.
  package var mutable: UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(
      start: memory.bytes.assumingMemoryBound(to: Element.self), count: count)
  }

  /// The memory; it stays for as long as the values are held.
  package var pointer: UnsafePointer<Element> {
    UnsafePointer(memory.bytes.assumingMemoryBound(to: Element.self))
  }

  /// A value.
  public subscript(_ index: Int) -> Element {
    precondition(index >= 0 && index < count, "no row \(index) among \(count)")
    return pointer[index]
  }

  /// Calls a function with the values' memory.
  public func withUnsafeBufferPointer<Result>(
    _ body: (UnsafeBufferPointer<Element>) throws -> Result
  ) rethrows -> Result {
    defer { extendLifetime(memory) }
    return try body(UnsafeBufferPointer(start: pointer, count: count))
  }

  /// The same, so that algorithms of the standard library take it at once.
  public func withContiguousStorageIfAvailable<Result>(
    _ body: (UnsafeBufferPointer<Element>) throws -> Result
  ) rethrows -> Result? { try withUnsafeBufferPointer(body) }
}

/// Memory of a column: in pages as large as the system gives, since the first touch of each page costs.
package final class ColumnMemory: @unchecked Sendable {
  // Unchecked: written by its maker alone, and never once a column has it.

  package let bytes: UnsafeMutableRawPointer
  private let mapped: Int
  /// MADV_HUGEPAGE: advice that a system may not follow.
  private static let hugePages: Int32 = 14

  package init(byteCount: Int) {
    let large = 1 << 21
    if byteCount >= large {
      let memory = mmap(
        nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
      if let memory, memory != MAP_FAILED {
        _ = madvise(memory, byteCount, Self.hugePages)
        bytes = memory
        mapped = byteCount
        return
      }
    }
    // A little more, for loops that look at whole words.
    bytes = UnsafeMutableRawPointer.allocate(byteCount: byteCount + 64, alignment: 64)
    mapped = 0
  }

  deinit {
    if mapped > 0 { munmap(bytes, mapped) } else { bytes.deallocate() }
  }
}
