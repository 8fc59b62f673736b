import TableKernels

extension Column {
  /// The column with its texts read as numbers, of type `float64`: a text that is no number is missing.
  ///
  /// Columns of other types stay as they are.
  ///
  /// - Parameter decimal: The decimal mark.
  public func numbersOrMissing(decimal: Character = ".") -> Column {
    guard type == .text || type == .categorical else { return self }
    let mark = decimal.asciiValue ?? UInt8(ascii: ".")
    return Column(name, (0..<count).map { isValid($0) ? number(ofText: $0, mark) : nil })
  }

  /// How many of the texts are numbers, and what the others are; nil where it is plain that most are none.
  package func numbersAmongTexts(decimal: Character = ".") -> (numbers: Int, others: Int, firstOther: Int)? {
    guard case .text = storage else { return nil }
    let mark = decimal.asciiValue ?? UInt8(ascii: ".")
    func isNumber(_ row: Int) -> Bool { number(ofText: row, mark) != nil }
    // A few rows show what nearly all columns of texts are.
    let some = stride(from: 0, to: count, by: max(1, count / 64)).filter(isValid)
    guard 5 * some.count(where: isNumber) >= 4 * some.count else { return nil }
    var (numbers, others) = (0, 0)
    var first: Int?
    for row in 0..<count where isValid(row) {
      if isNumber(row) {
        numbers += 1
      } else {
        others += 1
        first = first ?? row
      }
    }
    return first.map { (numbers, others, $0) }
  }

  private func number(ofText row: Int, _ decimal: UInt8) -> Double? {
    var text: UnsafeBufferPointer<UInt8>
    switch storage {
    case .text(let values): text = values.utf8(row)
    case .categorical(let codes, let categories): text = categories.utf8(Int(codes.pointer[row]))
    default: return nil
    }
    while let first = text.first, first == 0x20 || first == 0x09 { text = .init(rebasing: text.dropFirst()) }
    while let last = text.last, last == 0x20 || last == 0x09 { text = .init(rebasing: text.dropLast()) }
    var value = 0.0
    return lathe_parse_float64(text.baseAddress, text.count, decimal, &value) ? value : nil
  }
}
