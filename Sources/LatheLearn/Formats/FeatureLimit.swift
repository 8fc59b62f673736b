import LatheCore

/// How many columns a file may speak of without naming them: each gets a name that takes memory.
enum FeatureLimit {
  private static let most = 1 << 22

  static func check(_ columns: Int, named: Int, _ file: String) throws {
    guard columns == named || columns <= most else {
      throw LatheError(
        .format, "\(file): \(columns) columns and \(named) names of them; more than \(most) need names")
    }
  }
}
