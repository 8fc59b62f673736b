import TableKernels

extension Column {
  /// A text as a date without a zone in an order, in microseconds since 1970; nil where it is none.
  package static func date(_ text: String, order: DateOrder) -> Int64? {
    let code =
      switch order {
      case .yearMonthDay: LATHE_YEAR_FIRST
      case .dayMonthYear: LATHE_DAY_FIRST
      case .monthDayYear: LATHE_MONTH_FIRST
      }
    var value: Int64 = 0
    var isZoned = false
    let bytes = Array(text.utf8)
    return lathe_parse_time(bytes, bytes.count, Int32(bitPattern: code.rawValue), &value, &isZoned)
      && !isZoned
      ? value : nil
  }

  /// A text as a number; nil where it is none.
  package static func number(_ text: some StringProtocol, decimal: Character = ".") -> Double? {
    let bytes = Array(text.utf8)
    var value = 0.0
    return lathe_parse_float64(bytes, bytes.count, decimal.asciiValue ?? 0x2E, &value) ? value : nil
  }
}
