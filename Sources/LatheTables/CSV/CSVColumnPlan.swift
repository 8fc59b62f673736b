import LatheCore
import TableKernels

/// What a column of a file is read as.
struct CSVColumnPlan: Sendable {
  let index: Int
  let name: String
  var type: ColumnType
  var decimal = UInt8(ascii: ".")
  var order = LATHE_YEAR_FIRST
  /// Whether the type was asked for, and not found.
  let isGiven: Bool
  /// Whether nothing in the file can contradict it any more.
  var isSure: Bool
  var note: String?
  /// Values of a column of numbers that are none, in the rows read so far.
  var noNumbers = 0
}

/// Finds the types of columns.
struct CSVTypes {
  let options: CSVOptions
  let layout: CSVLayout

  /// The plan of a column whose type was asked for; nil where none was.
  func given(_ index: Int) -> CSVColumnPlan? {
    let name = layout.names[index]
    guard let type = options.types[name] else { return nil }
    var plan = CSVColumnPlan(index: index, name: name, type: type, isGiven: true, isSure: true)
    plan.decimal = decimal
    switch options.dateOrder {
    case .dayMonthYear: plan.order = LATHE_DAY_FIRST
    case .monthDayYear: plan.order = LATHE_MONTH_FIRST
    case .yearMonthDay, nil: break
    }
    return plan
  }

  var decimal: UInt8 { options.decimal?.asciiValue ?? UInt8(ascii: ".") }

  /// What `lathe_csv_classify` is asked of every column.
  var kinds: UInt32 {
    let times =
      LATHE_KIND_TIME.rawValue | LATHE_KIND_ZONED_TIME.rawValue | LATHE_KIND_DAY_FIRST.rawValue
      | LATHE_KIND_MONTH_FIRST.rawValue
    return options.infersDates ? LATHE_KIND_ALL.rawValue : LATHE_KIND_ALL.rawValue & ~times
  }

  /// The narrowest type that values can be read as.
  ///
  /// - Parameter isWhole: Whether all values of the column were looked at.
  func plan(_ index: Int, _ found: UInt32, isWhole: Bool) -> CSVColumnPlan {
    func has(_ kind: lathe_field_kind) -> Bool { found & kind.rawValue != 0 }
    let name = layout.names[index]
    var plan = CSVColumnPlan(index: index, name: name, type: .text, isGiven: false, isSure: isWhole)
    plan.decimal = decimal
    guard has(LATHE_SEEN_VALUE) else {
      // As pandas: a column without values is of numbers. What was not looked at may be narrower.
      plan.type = isWhole ? .float64 : .int64
      return plan
    }
    if has(LATHE_KIND_BOOL) {
      plan.type = .bool
    } else if has(LATHE_KIND_INT64) {
      plan.type = .int64
    } else if has(LATHE_KIND_FLOAT64) {
      plan.type = .float64
    } else if has(LATHE_KIND_DECIMAL_COMMA) && allowsDecimalComma {
      guard has(LATHE_SEEN_DECIMAL_COMMA) || layout.format.delimiter == UInt8(ascii: ";") else {
        plan.note =
          "commas may be decimal marks or stand between groups of three digits; read as text (options decimal, thousands)"
        return plan
      }
      plan.type = .float64
      plan.decimal = UInt8(ascii: ",")
    } else if has(LATHE_KIND_TIME) {
      plan.type = .dateTime()
    } else if has(LATHE_KIND_ZONED_TIME) {
      plan.type = .dateTime(zone: "UTC")
    } else {
      decideOrder(&plan, dayFirst: has(LATHE_KIND_DAY_FIRST), monthFirst: has(LATHE_KIND_MONTH_FIRST), found)
      return plan
    }
    return plan
  }

  private var allowsDecimalComma: Bool {
    options.decimal == nil && options.thousands != "," && layout.format.delimiter != UInt8(ascii: ",")
  }

  private func decideOrder(_ plan: inout CSVColumnPlan, dayFirst: Bool, monthFirst: Bool, _ found: UInt32) {
    switch (dayFirst, monthFirst, options.dateOrder) {
    case (true, false, _), (true, true, .dayMonthYear):
      plan.type = .dateTime()
      plan.order = LATHE_DAY_FIRST
    case (false, true, _), (true, true, .monthDayYear):
      plan.type = .dateTime()
      plan.order = LATHE_MONTH_FIRST
    case (true, true, _):
      plan.note =
        "dates of which no value shows whether day or month comes first; read as text (option dateOrder)"
    case (false, false, _):
      // Text is what everything can be read as, and needs no second look.
      plan.isSure = true
      let both = LATHE_SEEN_DAY_FIRST.rawValue | LATHE_SEEN_MONTH_FIRST.rawValue
      if found & both == both {
        plan.note = "dates in two orders, day first and month first; read as text: mend one of them"
        plan.isSure = false
      } else if options.infersDates && found & LATHE_SEEN_YEAR_FIRST.rawValue != 0 && found & both != 0 {
        plan.note = "dates in two forms, with the year first and with it last; read as text: mend one of them"
        plan.isSure = false
      } else if found & LATHE_SEEN_LONG_INTEGER.rawValue != 0 {
        plan.note =
          "whole numbers beyond 64 bits; read as text, so that no digit is lost (type float64 rounds them)"
        plan.isSure = false
      }
    }
    // A note speaks of all values, so all are looked at before it stands.
  }
}
