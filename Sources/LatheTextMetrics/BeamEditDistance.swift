/// Edit distances of many texts from one, near the diagonal only.
struct BeamEditDistance {
  /// What is done with a word.
  enum Edit: UInt8 { case none, keep, replace, insert, delete }

  private struct Cell {
    var cost = Int.max / 2
    var edit = Edit.none
  }

  private static let beam = 25.0

  private let reference: [Int]
  /// Rows of the text computed last; texts are mostly permutations of each other that begin alike.
  private var rows: [[Cell]]
  private var words: [Int] = []

  init(_ reference: [Int]) {
    self.reference = reference
    rows = [(0...reference.count).map { Cell(cost: $0, edit: .insert) }]
  }

  /// Edits that turn a text into the reference.
  mutating func edits(_ text: [Int]) -> Int {
    compute(text)
    return rows[text.count][reference.count].cost
  }

  /// The edits in order.
  mutating func trace(_ text: [Int]) -> [Edit] {
    compute(text)
    var result: [Edit] = []
    var (row, column) = (text.count, reference.count)
    while row > 0 || column > 0 {
      let edit = rows[row][column].edit
      result.append(edit)
      switch edit {
      case .keep, .replace: (row, column) = (row - 1, column - 1)
      case .insert: column -= 1
      case .delete: row -= 1
      case .none: preconditionFailure("TER: rows of edits that do not meet, at \(row), \(column)")
      }
    }
    return result.reversed()
  }

  private mutating func compute(_ text: [Int]) {
    var start = 0
    // Rows depend on the whole length, too, by the place of the diagonal.
    if text.count == words.count {
      while start < text.count && text[start] == words[start] { start += 1 }
    }
    words = text
    rows.removeLast(rows.count - 1 - start)
    guard start < text.count else { return }
    let ratio = Double(reference.count) / Double(text.count)
    let width = Int(Self.beam < ratio / 2 ? (ratio / 2 + Self.beam).rounded(.up) : Self.beam)
    for row in start + 1...text.count {
      var cells = [Cell](repeating: Cell(), count: reference.count + 1)
      let diagonal = Int((Double(row) * ratio).rounded(.down))
      let end = row == text.count ? reference.count + 1 : min(reference.count + 1, diagonal + width)
      let above = rows[row - 1]
      for column in max(0, diagonal - width)..<end {
        if column == 0 {
          cells[0] = Cell(cost: above[0].cost + 1, edit: .delete)
          continue
        }
        let isSame = text[row - 1] == reference[column - 1]
        // Keeping and replacing are preferred, then deleting.
        var best = Cell(cost: above[column - 1].cost + (isSame ? 0 : 1), edit: isSame ? .keep : .replace)
        if above[column].cost + 1 < best.cost { best = Cell(cost: above[column].cost + 1, edit: .delete) }
        if cells[column - 1].cost + 1 < best.cost {
          best = Cell(cost: cells[column - 1].cost + 1, edit: .insert)
        }
        cells[column] = best
      }
      rows.append(cells)
    }
  }
}
