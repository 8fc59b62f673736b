/// UTF-8 on its way to tokens, with the place in the original text that each byte stands for.
final class AlignedText {
  /// The bytes now: the caller's where nothing changed, else those of `storage`.
  private(set) var bytes: UnsafePointer<UInt8>
  private(set) var count = 0
  /// Whether bytes stand for those of the original at `base` and behind it.
  private(set) var isIdentity = true
  private(set) var base = 0
  /// Of each byte where its scalar's original begins and ends, where that is no identity.
  let starts = GrowingBuffer<Int32>()
  let ends = GrowingBuffer<Int32>()
  private let storage = GrowingBuffer<UInt8>()

  init() { bytes = UnsafePointer(storage.pointer) }

  /// Looks at bytes of the original, which must stay.
  func view(_ original: UnsafePointer<UInt8>, _ range: Range<Int>) {
    bytes = original + range.lowerBound
    count = range.count
    base = range.lowerBound
    isIdentity = true
  }

  /// Takes a range of another text, which must stay as it is.
  func slice(of other: AlignedText, _ range: Range<Int>) {
    bytes = other.bytes + range.lowerBound
    count = range.count
    base = other.base + range.lowerBound
    isIdentity = other.isIdentity
    guard !isIdentity else { return }
    starts.clear()
    ends.clear()
    starts.append(from: other.starts.pointer + range.lowerBound, count: count)
    ends.append(from: other.ends.pointer + range.lowerBound, count: count)
  }

  /// The range of the original that bytes stand for, which are not empty.
  @inline(__always) func original(_ start: Int, _ end: Int) -> (Int32, Int32) {
    if !isIdentity { return (starts.pointer[start], ends.pointer[end - 1]) }
    return identity(start, end)
  }

  /// Whole scalars of the original, also where bytes of one are apart.
  @inline(__always) private func identity(_ start: Int, _ end: Int) -> (Int32, Int32) {
    var (start, end) = (start, end)
    while start > 0 && UTF8Bytes.isContinuation(bytes[start]) { start -= 1 }
    while end < count && UTF8Bytes.isContinuation(bytes[end]) { end += 1 }
    return (Int32(truncatingIfNeeded: base + start), Int32(truncatingIfNeeded: base + end))
  }

  /// Replaces each byte by another, which keeps all places.
  func mapASCII(_ map: UnsafePointer<UInt8>) {
    storage.clear()
    storage.reserve(count)
    for index in 0..<count { storage.pointer[index] = map[Int(bytes[index])] }
    storage.count = count
    bytes = UnsafePointer(storage.pointer)
  }

  /// The scalars with what they stand for.
  func scalars(into result: ScalarText) {
    result.clear()
    var index = 0
    while index < count {
      let (scalar, length) = UTF8Bytes.scalar(bytes, index)
      let (start, end) =
        isIdentity
        ? (Int32(base + index), Int32(base + index + length)) : (starts.pointer[index], ends.pointer[index])
      result.append(scalar, start, end)
      index += length
    }
  }

  /// Takes other scalars in place of those here.
  func replace(by text: ScalarText) {
    storage.clear()
    starts.clear()
    ends.clear()
    storage.reserve(text.count * 4)
    for index in 0..<text.count {
      let length = UTF8Bytes.write(text.scalars.pointer[index], to: storage.pointer + storage.count)
      storage.count += length
      for _ in 0..<length {
        starts.append(text.starts.pointer[index])
        ends.append(text.ends.pointer[index])
      }
    }
    bytes = UnsafePointer(storage.pointer)
    count = storage.count
    isIdentity = false
  }

  /// Takes the bytes and places that were collected in place of those here.
  func replace(by other: AlignedTextBuilder) {
    storage.clear()
    starts.clear()
    ends.clear()
    storage.append(from: other.bytes.pointer, count: other.bytes.count)
    starts.append(from: other.starts.pointer, count: other.starts.count)
    ends.append(from: other.ends.pointer, count: other.ends.count)
    bytes = UnsafePointer(storage.pointer)
    count = storage.count
    isIdentity = false
  }

  /// The place of one byte in the original.
  @inline(__always) func place(_ index: Int) -> (Int32, Int32) {
    isIdentity ? identity(index, index + 1) : (starts.pointer[index], ends.pointer[index])
  }
}

/// Bytes with places in the original, being put together.
final class AlignedTextBuilder {
  let bytes = GrowingBuffer<UInt8>()
  let starts = GrowingBuffer<Int32>()
  let ends = GrowingBuffer<Int32>()

  func clear() {
    bytes.clear()
    starts.clear()
    ends.clear()
  }

  @inline(__always) func append(_ byte: UInt8, _ place: (Int32, Int32)) {
    bytes.append(byte)
    starts.append(place.0)
    ends.append(place.1)
  }

  /// Takes over bytes of a text.
  func append(_ text: AlignedText, _ range: Range<Int>) {
    for index in range { append(text.bytes[index], text.place(index)) }
  }
}

/// Scalars with places in the original, between two steps of a normaliser.
final class ScalarText {
  let scalars = GrowingBuffer<UInt32>()
  let starts = GrowingBuffer<Int32>()
  let ends = GrowingBuffer<Int32>()

  var count: Int { scalars.count }

  func clear() {
    scalars.clear()
    starts.clear()
    ends.clear()
  }

  @inline(__always) func append(_ scalar: UInt32, _ start: Int32, _ end: Int32) {
    scalars.append(scalar)
    starts.append(start)
    ends.append(end)
  }

  /// Keeps the scalars that a condition holds for.
  func filter(_ keep: (UInt32) -> Bool) {
    var kept = 0
    for index in 0..<count where keep(scalars.pointer[index]) {
      scalars.pointer[kept] = scalars.pointer[index]
      starts.pointer[kept] = starts.pointer[index]
      ends.pointer[kept] = ends.pointer[index]
      kept += 1
    }
    scalars.count = kept
    starts.count = kept
    ends.count = kept
  }
}

/// What scalars become in one step: a list of scalars, each with how it relates to those before.
///
/// A change of 0 takes the place of the next scalar of the source, 1 adds a scalar (which stands for what the one
/// before stands for), -n takes the place of the next one and removes n behind it.
final class ScalarChanges {
  let scalars = GrowingBuffer<UInt32>()
  let changes = GrowingBuffer<Int32>()

  func clear() {
    scalars.clear()
    changes.clear()
  }

  @inline(__always) func append(_ scalar: UInt32, _ change: Int32) {
    scalars.append(scalar)
    changes.append(change)
  }

  /// Writes the new scalars with their places.
  ///
  /// - Parameter origin: What an addition before everything stands for.
  func apply(from source: ScalarText, origin: Int32, into result: ScalarText) {
    result.clear()
    var place = 0
    for index in 0..<scalars.count {
      let change = changes.pointer[index]
      let at = change > 0 ? place - 1 : place
      if at < 0 || at >= source.count {
        // Behind the end only where a step lost count of what it removed: the last scalar stands for the rest.
        let end = at < 0 || source.count == 0 ? origin : source.ends.pointer[source.count - 1]
        result.append(scalars.pointer[index], at < 0 ? origin : end, end)
      } else {
        result.append(scalars.pointer[index], source.starts.pointer[at], source.ends.pointer[at])
      }
      if change <= 0 { place += 1 + Int(-change) }
    }
  }
}
