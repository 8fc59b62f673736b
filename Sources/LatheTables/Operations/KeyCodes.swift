import LatheCore

/// Rows numbered by what some of their columns hold: rows that agree have the same number.
struct KeyCodes {
  /// A number for each row, counted in the order of first appearance.
  let codes: [Int]
  /// The first row of each number.
  let firstRows: [Int]

  /// - Parameter columns: At least one, of equal lengths. A missing value is equal to another one.
  init(_ columns: [Column]) {
    var (codes, count) = Self.codes(of: columns[0])
    for column in columns.dropFirst() {
      let (next, nextCount) = Self.codes(of: column)
      var index = NumberIndex(reserving: max(count, nextCount))
      // A pair of numbers is one number, since there are fewer of each than rows.
      for row in codes.indices {
        codes[row] = index.index(of: UInt64(codes[row]) << 32 | UInt64(next[row]))
      }
      count = index.count
    }
    var firstRows = [Int](repeating: -1, count: count)
    for row in codes.indices where firstRows[codes[row]] < 0 { firstRows[codes[row]] = row }
    self.codes = codes
    self.firstRows = firstRows
  }

  var count: Int { firstRows.count }

  /// The rows of each number, in their order: rows of number i are places[starts[i]..<starts[i + 1]].
  func rows() -> (starts: [Int], places: [Int]) {
    var starts = [Int](repeating: 0, count: count + 1)
    for code in codes { starts[code + 1] += 1 }
    for code in 0..<count { starts[code + 1] += starts[code] }
    var next = starts
    var places = [Int](repeating: 0, count: codes.count)
    for (row, code) in codes.enumerated() {
      places[next[code]] = row
      next[code] += 1
    }
    return (starts, places)
  }

  /// Numbers of the different values of a column, and how many there are.
  private static func codes(of column: Column) -> ([Int], Int) {
    let count = column.count
    func numbered(_ bits: (Int) -> UInt64) -> ([Int], Int) {
      var index = NumberIndex(reserving: min(count, 4096))
      var missing = -1
      var codes = [Int](repeating: 0, count: count)
      // A missing value has a number of its own, which is given when it is first met.
      for row in 0..<count {
        if column.isValid(row) {
          codes[row] = index.index(of: bits(row))
        } else {
          if missing < 0 { missing = index.addUnfound() }
          codes[row] = missing
        }
      }
      return (codes, index.count)
    }
    switch column.storage {
    case .float64(let values): return numbered { bits(values.pointer[$0]) }
    case .float32(let values): return numbered { bits(Double(values.pointer[$0])) }
    case .int64(let values), .dateTime(let values, _), .duration(let values):
      return numbered { UInt64(bitPattern: values.pointer[$0]) }
    case .bool(let values): return numbered { UInt64(values.pointer[$0]) }
    case .categorical(let codes, let categories):
      // Categories may be written alike, where tables were put together.
      var index = TextIndex(categories, reserving: categories.count)
      let known = (0..<categories.count).map { index.index(of: $0) }
      return numbered { UInt64(known[Int(codes.pointer[$0])]) }
    case .text(let values):
      var index = TextIndex(values, reserving: min(count, 4096))
      let texts = (0..<count).map { column.isValid($0) ? index.index(of: $0) : -1 }
      return numbered { UInt64(texts[$0]) }
    }
  }

  /// Equal numbers have equal bits: zero has one sign, and NaN one form.
  private static func bits(_ value: Double) -> UInt64 {
    value == 0 ? 0 : value.isNaN ? Double.nan.bitPattern : value.bitPattern
  }
}

/// Different numbers of 64 bits, numbered in the order in which they come: a table of hashes with open addressing.
struct NumberIndex {
  private var values: [UInt64] = []
  /// One more than the number of a value; 0 where a place is free.
  private var slots: [Int32]
  private var mask: Int
  /// Numbers given to nothing that is looked for.
  private var unfound = Set<Int>()

  init(reserving count: Int) {
    var size = 64
    while size < 2 * count { size *= 2 }
    slots = Array(repeating: 0, count: size)
    mask = size - 1
  }

  var count: Int { values.count }

  /// A number that no value has.
  mutating func addUnfound() -> Int {
    unfound.insert(values.count)
    values.append(0)
    return values.count - 1
  }

  /// The number of a value, which is given one where it is new.
  mutating func index(of value: UInt64) -> Int {
    var slot = Int(truncatingIfNeeded: ByteHash.hash(value)) & mask
    while slots[slot] != 0 {
      let number = Int(slots[slot]) - 1
      if values[number] == value { return number }
      slot = (slot + 1) & mask
    }
    values.append(value)
    slots[slot] = Int32(values.count)
    if 2 * values.count > slots.count { grow() }
    return values.count - 1
  }

  private mutating func grow() {
    slots = Array(repeating: 0, count: 2 * slots.count)
    mask = slots.count - 1
    for (number, value) in values.enumerated() where !unfound.contains(number) {
      var slot = Int(truncatingIfNeeded: ByteHash.hash(value)) & mask
      while slots[slot] != 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(number + 1)
    }
  }
}
