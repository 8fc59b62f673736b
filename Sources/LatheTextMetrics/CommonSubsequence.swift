/// A longest common subsequence of two texts.
struct CommonSubsequence {
  /// Its places in the first text, ascending.
  ///
  /// Which of several equally long ones is taken follows the package rouge-score.
  let places: [Int]

  init<Element: Hashable>(_ first: [Element], _ second: [Element]) {
    let width = second.count + 1
    var lengths = [Int32](repeating: 0, count: (first.count + 1) * width)
    for row in 0..<first.count {
      for column in 0..<second.count {
        let place = (row + 1) * width + column + 1
        lengths[place] =
          first[row] == second[column]
          ? lengths[place - width - 1] + 1 : max(lengths[place - width], lengths[place - 1])
      }
    }
    var found: [Int] = []
    var (row, column) = (first.count, second.count)
    while row > 0 && column > 0 {
      if first[row - 1] == second[column - 1] {
        found.append(row - 1)
        row -= 1
        column -= 1
      } else if lengths[row * width + column - 1] > lengths[(row - 1) * width + column] {
        column -= 1
      } else {
        row -= 1
      }
    }
    places = found.reversed()
  }
}
