/// A bit for each row: set where it has a value.
public struct Bitmap: Sendable {
  package let words: ColumnValues<UInt64>
  /// The number of rows.
  public let count: Int

  /// All set.
  package init(count: Int) {
    words = ColumnValues(repeating: .max, count: (count + 63) / 64)
    self.count = count
  }

  /// Set where a function says so; nil where it says so of all rows.
  package init?(count: Int, _ isSet: (Int) -> Bool) {
    self.init(count: count)
    let words = words.mutable
    var isClear = true
    for row in 0..<count where !isSet(row) {
      words[row >> 6] &= ~(1 << UInt64(row & 63))
      isClear = false
    }
    if isClear { return nil }
  }

  /// Whether a row's bit is set.
  public subscript(_ row: Int) -> Bool {
    precondition(row >= 0 && row < count, "no row \(row) among \(count)")
    return isSet(row)
  }

  @inline(__always) package func isSet(_ row: Int) -> Bool {
    words.pointer[row >> 6] >> UInt64(row & 63) & 1 != 0
  }

  /// How many bits are not set.
  package var clearCount: Int {
    let words = words.pointer
    var set = 0
    for index in 0..<count / 64 { set += words[index].nonzeroBitCount }
    if count % 64 != 0 { set += (words[count / 64] & (1 << UInt64(count % 64) - 1)).nonzeroBitCount }
    return count - set
  }
}
