import LatheCore
import TableKernels

/// A quote where none may be: looked for byte by byte once something is known to be wrong.
struct CSVFault {
  let place: Int
  let what: String

  private enum State { case fieldStart, plain, quoted, closed }

  /// The first fault in a range that begins where a row does.
  static func find(_ source: CSVSource, _ format: lathe_csv_format, from start: Int, to end: Int) -> CSVFault?
  {
    guard format.has_quotes else { return nil }
    var state = State.fieldStart
    var field = 1
    var opening = start
    for place in start..<end {
      let byte = source.bytes[place]
      if state == .quoted {
        if byte == format.quote { state = .closed }
        continue
      }
      switch byte {
      case format.quote:
        switch state {
        case .fieldStart:
          state = .quoted
          opening = place
        case .closed: state = .quoted
        default:
          return CSVFault(
            place: place,
            what:
              "field \(field): a quote inside a field without quotes; put the field in quotes and double the quote, or "
              + "read the file without quotes (option quote)")
        }
      case format.delimiter:
        field += 1
        state = .fieldStart
      case format.line_end:
        field = 1
        state = .fieldStart
      case 0x0D
      where state == .closed && place + 1 < source.count && source.bytes[place + 1] == format.line_end: break
      default:
        if state == .closed {
          return CSVFault(
            place: place,
            what: "field \(field): text behind the quote that ends it; is a quote missing before?")
        }
        state = .plain
      }
    }
    return state == .quoted && end == source.count
      ? CSVFault(place: opening, what: "field \(field): a field in quotes that begins here has no end") : nil
  }

  func error(_ source: CSVSource, _ format: lathe_csv_format) -> LatheError {
    source.fault(place, format.line_end, what)
  }
}

extension CSVSource {
  /// The error for bytes that are not UTF-8.
  func notUTF8(_ place: Int, _ lineEnd: UInt8, _ what: String) -> LatheError {
    fault(
      place, lineEnd,
      "\(what): not UTF-8 text; name the encoding (option encoding: windows1252, latin1), or convert the file"
    )
  }
}
