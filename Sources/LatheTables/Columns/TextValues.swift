import Foundation

/// Texts in UTF-8, laid end to end, and where each begins.
public struct TextValues: RandomAccessCollection, Sendable {
  /// One place more than texts: text i is bytes offsets[i]..<offsets[i + 1].
  package let offsets: ColumnValues<Int64>
  package let bytes: ColumnValues<UInt8>

  package init(offsets: ColumnValues<Int64>, bytes: ColumnValues<UInt8>) {
    self.offsets = offsets
    self.bytes = bytes
  }

  /// Copies of texts.
  package init(_ texts: some Collection<String>) {
    var builder = TextBuilder()
    for text in texts { builder.append(text) }
    self = builder.finish()
  }

  /// The number of texts.
  public var count: Int { offsets.count - 1 }
  /// The first index.
  public var startIndex: Int { 0 }
  /// The index behind the last.
  public var endIndex: Int { count }

  /// A text.
  public subscript(_ index: Int) -> String {
    precondition(index >= 0 && index < count, "no row \(index) among \(count)")
    return String(decoding: utf8(index), as: UTF8.self)
  }

  /// A text's bytes, for as long as the column is held.
  @inline(__always) package func utf8(_ index: Int) -> UnsafeBufferPointer<UInt8> {
    let start = Int(offsets.pointer[index])
    return UnsafeBufferPointer(start: bytes.pointer + start, count: Int(offsets.pointer[index + 1]) - start)
  }
}

/// Compares bytes, which is to compare Unicode scalars: negative where the first come before the others.
@inline(__always) package func compareBytes(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>)
  -> Int
{
  let common = min(a.count, b.count)
  if common > 0, let first = a.baseAddress, let second = b.baseAddress {
    let order = Int(memcmp(first, second, common))
    if order != 0 { return order }
  }
  return a.count - b.count
}

/// Texts under way.
package struct TextBuilder {
  private var offsets: [Int64] = [0]
  private var bytes: [UInt8] = []

  package init() {}

  package var count: Int { offsets.count - 1 }

  package mutating func append(_ text: String) { append(utf8: text.utf8) }

  package mutating func append(utf8: some Sequence<UInt8>) {
    bytes.append(contentsOf: utf8)
    offsets.append(Int64(bytes.count))
  }

  package func finish() -> TextValues {
    TextValues(offsets: ColumnValues(offsets), bytes: ColumnValues(bytes))
  }
}
