/// Edits between two texts where moving a run of words counts as one edit.
///
/// The moves are found as Tercom finds them, one by one, each the one that saves most.
struct ShiftedEdits {
  private static let maxShiftSize = 10
  private static let maxShiftDistance = 50
  private static let maxCandidates = 1000

  private var distance: BeamEditDistance
  private let reference: [Int]
  private var checked = 0

  /// Edits that turn `hypothesis` into `reference`.
  static func count(_ hypothesis: [Int], _ reference: [Int]) -> Int {
    guard !reference.isEmpty else { return hypothesis.count }
    var edits = ShiftedEdits(distance: BeamEditDistance(reference), reference: reference)
    var words = hypothesis
    var shifts = 0
    while let better = edits.shifted(words), edits.checked < maxCandidates, better.gain > 0 {
      shifts += 1
      words = better.words
    }
    return shifts + edits.distance.edits(words)
  }

  /// The move that saves most: the longer first, then the earlier, then that to the earlier place.
  private mutating func shifted(_ words: [Int]) -> (gain: Int, words: [Int])? {
    let before = distance.edits(words)
    let alignment = Alignment(distance.trace(words))
    var best: (rank: (Int, Int, Int, Int), words: [Int])?
    for (start, target, length) in Self.commonRuns(words, reference) {
      let isRight = !alignment.isWrong[start..<start + length].contains(true)
      let isThere = !alignment.isMissing[target..<target + length].contains(true)
      if isRight || isThere { continue }
      if (start..<start + length).contains(alignment.places[target]) { continue }
      var last = -1
      for offset in -1..<length {
        let place = target + offset
        if place >= alignment.places.count { break }
        let index = place == -1 ? 0 : alignment.places[place] + 1
        if index == last { continue }
        last = index
        let moved = Self.move(words, start, length, to: index)
        let rank = (before - distance.edits(moved), length, -start, -index)
        checked += 1
        if best.map({ rank > $0.rank }) ?? true { best = (rank, moved) }
      }
      if checked >= Self.maxCandidates { break }
    }
    return best.map { ($0.rank.0, $0.words) }
  }

  /// Words with a run of them before another place.
  private static func move(_ words: [Int], _ start: Int, _ length: Int, to target: Int) -> [Int] {
    let end = start + length
    let run = words[start..<end]
    if target < start { return [Int](words[..<target]) + run + words[target..<start] + words[end...] }
    if target > end { return [Int](words[..<start]) + words[end..<target] + run + words[target...] }
    let middle = min(length + target, words.count)
    return [Int](words[..<start]) + words[end..<max(end, middle)] + run + words[max(end, middle)...]
  }

  /// Runs of words that both texts have, with where they start.
  private static func commonRuns(_ own: [Int], _ other: [Int]) -> [(Int, Int, Int)] {
    var result: [(Int, Int, Int)] = []
    for start in own.indices {
      for target in other.indices where abs(target - start) <= maxShiftDistance {
        var length = 0
        while length < maxShiftSize, start + length < own.count, target + length < other.count,
          own[start + length] == other[target + length]
        {
          length += 1
          result.append((start, target, length))
        }
      }
    }
    return result
  }

  /// What stands where, read from the edits.
  private struct Alignment {
    /// The place in the text of each word of the reference.
    var places: [Int] = []
    /// Whether a word of the reference is not in the text at its place.
    var isMissing: [Bool] = []
    /// Whether a word of the text is not the reference's.
    var isWrong: [Bool] = []

    init(_ trace: [BeamEditDistance.Edit]) {
      var place = -1
      for edit in trace {
        switch edit {
        case .keep, .replace:
          place += 1
          places.append(place)
          isMissing.append(edit == .replace)
          isWrong.append(edit == .replace)
        case .delete:
          place += 1
          isWrong.append(true)
        case .insert:
          places.append(place)
          isMissing.append(true)
        case .none: break
        }
      }
    }
  }
}
