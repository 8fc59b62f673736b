import CUnicode

/// The tables of decompositions and compositions.
struct UnicodeMappings: Sendable {
  static let canonical = Mapping(4)
  static let compatible = Mapping(6)
  static let lower = Mapping(8)

  /// What some scalars become: sorted keys with a range of scalars each.
  struct Mapping: @unchecked Sendable {
    // Constant data of the program.
    private let keys: UnsafePointer<UInt32>
    private let starts: UnsafePointer<UInt32>
    private let values: UnsafePointer<UInt32>
    private let count: Int

    fileprivate init(_ section: Int32) {
      let head = UnsafeRawPointer(lathe_unicode_section(section)).assumingMemoryBound(to: UInt32.self)
      count = Int(head[0])
      keys = head + 1
      starts = keys + count
      values = UnsafeRawPointer(lathe_unicode_section(section + 1)).assumingMemoryBound(to: UInt32.self)
    }

    /// What a scalar becomes; nil where it stays.
    func value(_ scalar: UInt32) -> UnsafeBufferPointer<UInt32>? {
      var low = 0
      var high = count
      while low < high {
        let middle = (low + high) / 2
        if keys[middle] < scalar { low = middle + 1 } else { high = middle }
      }
      guard low < count, keys[low] == scalar else { return nil }
      return UnsafeBufferPointer(
        start: values + Int(starts[low]), count: Int(starts[low + 1] - starts[low]))
    }
  }

  private enum Hangul {
    static let syllables: UInt32 = 0xAC00
    static let leading: UInt32 = 0x1100
    static let vowel: UInt32 = 0x1161
    static let trailing: UInt32 = 0x11A7
    static let count: UInt32 = 11172
  }

  /// Appends a scalar's full decomposition, the parts behind the first as additions.
  static func decompose(_ scalar: UInt32, _ mapping: Mapping, _ emit: (UInt32, Int32) -> Void) {
    if Scalars.isInert(scalar) { return emit(scalar, 0) }
    let index = scalar &- Hangul.syllables
    if index < Hangul.count {
      emit(Hangul.leading + index / 588, 0)
      emit(Hangul.vowel + index % 588 / 28, 1)
      if index % 28 != 0 { emit(Hangul.trailing + index % 28, 1) }
      return
    }
    guard let parts = mapping.value(scalar) else { return emit(scalar, 0) }
    for (place, part) in parts.enumerated() { emit(part, place == 0 ? 0 : 1) }
  }

  /// What two scalars compose to; nil where they do not.
  static func compose(_ first: UInt32, _ second: UInt32) -> UInt32? {
    let leading = first &- Hangul.leading
    if leading < 19 {
      let vowel = second &- Hangul.vowel
      return vowel < 21 ? Hangul.syllables + (leading * 21 + vowel) * 28 : nil
    }
    let index = first &- Hangul.syllables
    if index < Hangul.count, index % 28 == 0, second > Hangul.trailing, second < Hangul.trailing + 28 {
      return first + second - Hangul.trailing
    }
    let head = UnsafeRawPointer(lathe_unicode_section(10)).assumingMemoryBound(to: UInt64.self)
    let key = UInt64(first) << 32 | UInt64(second)
    var low = 1
    var high = Int(head[0]) + 1
    while low < high {
      let middle = (low + high) / 2
      if head[middle] < key { low = middle + 1 } else { high = middle }
    }
    guard low <= Int(head[0]), head[low] == key else { return nil }
    return UnsafeRawPointer(lathe_unicode_section(11)).assumingMemoryBound(to: UInt32.self)[low - 1]
  }
}

/// The four forms of Unicode normalisation.
enum NormalizationForm: String, Sendable {
  case nfc = "NFC"
  case nfd = "NFD"
  case nfkc = "NFKC"
  case nfkd = "NFKD"

  private var mapping: UnicodeMappings.Mapping {
    self == .nfc || self == .nfd ? UnicodeMappings.canonical : UnicodeMappings.compatible
  }

  /// Writes what scalars become in this form.
  func changes(of source: ScalarText, into result: ScalarChanges) {
    result.clear()
    let mapping = self.mapping
    for index in 0..<source.count {
      UnicodeMappings.decompose(source.scalars.pointer[index], mapping) { result.append($0, $1) }
    }
    Self.order(result)
    if self == .nfc || self == .nfkc { Self.compose(result) }
  }

  /// Sorts runs of combining marks by their classes, marks of one class staying in order.
  private static func order(_ text: ScalarChanges) {
    let (scalars, changes) = (text.scalars.pointer, text.changes.pointer)
    var start = 0
    while start < text.scalars.count {
      guard scalars[start] >= 0x300, lathe_combining_class(scalars[start]) != 0 else {
        start += 1
        continue
      }
      var end = start + 1
      var isSorted = true
      while end < text.scalars.count {
        let order = lathe_combining_class(scalars[end])
        if order == 0 { break }
        if order < lathe_combining_class(scalars[end - 1]) { isSorted = false }
        end += 1
      }
      if !isSorted {
        // Not by insertion: a run can be as long as the text.
        let run = (start..<end).map { (lathe_combining_class(scalars[$0]), scalars[$0], changes[$0]) }
        let places = run.indices.sorted { (run[$0].0, $0) < (run[$1].0, $1) }
        for (offset, place) in places.enumerated() {
          scalars[start + offset] = run[place].1
          changes[start + offset] = run[place].2
        }
      }
      start = end
    }
  }

  /// Joins each starter with the marks behind it that are not blocked.
  private static func compose(_ text: ScalarChanges) {
    let (scalars, changes) = (text.scalars.pointer, text.changes.pointer)
    var written = 0
    var starter = -1
    var lastClass: UInt8 = 0
    var hasMarks = false
    for index in 0..<text.scalars.count {
      let (scalar, change) = (scalars[index], changes[index])
      let order = scalar < 0x300 ? 0 : lathe_combining_class(scalar)
      if starter >= 0, !hasMarks || lastClass < order,
        let joined = UnicodeMappings.compose(scalars[starter], scalar)
      {
        scalars[starter] = joined
        changes[starter] += change - 1
        continue
      }
      if order == 0 {
        starter = written
        hasMarks = false
      } else {
        hasMarks = true
        lastClass = order
      }
      scalars[written] = scalar
      changes[written] = change
      written += 1
    }
    text.scalars.count = written
    text.changes.count = written
  }
}
