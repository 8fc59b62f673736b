/// A word by its bytes: Swift's strings take texts that only look alike for equal, which files of vectors keep apart.
struct WordKey: Hashable {
  let bytes: [UInt8]

  init(_ word: some StringProtocol) { bytes = [UInt8](word.utf8) }
}
