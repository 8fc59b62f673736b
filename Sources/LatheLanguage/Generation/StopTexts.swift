/// Finds the texts at which a text ends while it comes in pieces, and holds back what may become one.
package struct StopTexts {
  private let stops: [[UInt8]]
  /// What came and was not given on.
  private var held: [UInt8] = []

  package init(_ texts: [String]) { stops = texts.map { Array($0.utf8) } }

  /// What of a piece can be shown, and which text was found; nothing may be appended from then on.
  package mutating func append(_ piece: String) -> (shown: String, found: String?) {
    guard !stops.isEmpty else { return (piece, nil) }
    held += Array(piece.utf8)
    var first: (place: Int, stop: [UInt8])?
    for stop in stops {
      guard let place = Self.place(of: stop, in: held) else { continue }
      if first.map({ place < $0.place || (place == $0.place && stop.count > $0.stop.count) }) ?? true {
        first = (place, stop)
      }
    }
    if let first {
      let shown = String(decoding: held[..<first.place], as: UTF8.self)
      held = []
      return (shown, String(decoding: first.stop, as: UTF8.self))
    }
    let kept = stops.map { Self.overlap($0, held) }.max() ?? 0
    let shown = String(decoding: held.dropLast(kept), as: UTF8.self)
    held = Array(held.suffix(kept))
    return (shown, nil)
  }

  /// What was held back.
  package mutating func finish() -> String {
    defer { held = [] }
    return String(decoding: held, as: UTF8.self)
  }

  private static func place(of stop: [UInt8], in text: [UInt8]) -> Int? {
    guard stop.count <= text.count else { return nil }
    return (0...text.count - stop.count).first { text[$0..<$0 + stop.count].elementsEqual(stop) }
  }

  /// How many of the text's last bytes begin the stop.
  private static func overlap(_ stop: [UInt8], _ text: [UInt8]) -> Int {
    (1..<max(stop.count, 1)).reversed().first {
      $0 <= text.count && text.suffix($0).elementsEqual(stop.prefix($0))
    }
      ?? 0
  }
}
