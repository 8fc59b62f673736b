import LatheML

extension TrainingOptions {
  /// The memory that the data of a compressed file may take; nil where nothing is said.
  var memoryLimit: Int? { self.dataLimit.flatMap(byteCount) }
  /// Pixels and scans that an image file may have.
  var imageLimits: (pixels: Int, scans: Int) {
    (settled(\.pixelLimit), settled(\.scanLimit))
  }
}

extension ReadingProblems {
  /// What a run did without, as lines: examples left out, and how many files a decoder warned of.
  var lines: [String] {
    let shown = 10
    var lines: [String] = []
    if !skipped.isEmpty {
      lines.append("\(skipped.count) \(skipped.count == 1 ? "example was" : "examples were") left out:")
      lines += skipped.prefix(shown).map { "  \($0)" }
      if skipped.count > shown { lines.append("  and \(skipped.count - shown) more") }
    }
    if let first = warnings.first {
      lines.append(
        warnings.count == 1
          ? "a warning of the decoder: \(first)"
          : "warnings of the decoder for \(warnings.count) images, such as: \(first)")
    }
    return lines
  }
}
