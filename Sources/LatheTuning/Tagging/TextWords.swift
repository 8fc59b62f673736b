/// The words of a running text, as annotated texts have them: what stands between spaces, with brackets, quotes and stops
/// parted from it, and each Chinese, Japanese or Korean ideograph by itself.
struct TextWords {
  /// The words.
  private(set) var words: [String] = []
  /// Where each stands, in Unicode scalars.
  private(set) var places: [Range<Int>] = []

  private static let opening = Set("([{<\"'“‘«¿¡《「『（【".unicodeScalars)
  private static let closing = Set(")]}>\"'”’».,!?;:…》」』）】。，！？；：、".unicodeScalars)

  init(_ text: String) {
    let scalars = Array(text.unicodeScalars)
    var start = 0
    while start < scalars.count {
      guard !scalars[start].properties.isWhitespace else {
        start += 1
        continue
      }
      var end = start
      while end < scalars.count, !scalars[end].properties.isWhitespace { end += 1 }
      var front = start
      var runs: [Range<Int>] = []
      while front < end, Self.opening.contains(scalars[front]) {
        runs.append(front..<front + 1)
        front += 1
      }
      var back = end
      while back > front, Self.closing.contains(scalars[back - 1]) { back -= 1 }
      var run = front
      for place in front..<back where scalars[place].properties.isIdeographic || Self.isWide(scalars[place]) {
        if run < place { runs.append(run..<place) }
        runs.append(place..<place + 1)
        run = place + 1
      }
      if run < back { runs.append(run..<back) }
      runs += (back..<end).map { $0..<$0 + 1 }
      for range in runs where !scalars[range].allSatisfy(Self.isInvisible) {
        places.append(range)
        words.append(String(String.UnicodeScalarView(scalars[range])))
      }
      start = end
    }
  }

  /// Stops within a run of ideographs.
  private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value > 0x2FFF && closing.union(opening).contains(scalar)
  }

  private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    [.control, .format, .nonspacingMark, .surrogate, .unassigned, .privateUse].contains(
      scalar.properties.generalCategory)
  }
}
