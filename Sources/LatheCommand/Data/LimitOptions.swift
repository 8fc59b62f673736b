import LatheCore
import LatheML

#if CommandLine
  import ArgumentParser

  /// What a file may take before it is an error.
  struct FileLimitOptions: ParsableArguments {
    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "Memory that the data of a compressed file may take, such as 8G; 1G, or twice the file's size.",
        valueName: "size"))
    var dataLimit: String?

    @Option(parsing: .unconditional, help: "Pixels that an image may have; 67108864.")
    var pixelLimit: Int?

    @Option(parsing: .unconditional, help: "Scans that a JPEG file may have; 100.")
    var scanLimit: Int?

    /// Sets what these flags say.
    func put(into options: inout TrainingOptions) {
      options.dataLimit = dataLimit ?? options.dataLimit
      options.pixelLimit = pixelLimit ?? options.pixelLimit
      options.scanLimit = scanLimit ?? options.scanLimit
    }
  }

  /// What a file may take, and how many examples may be left out.
  struct LimitOptions: ParsableArguments {
    @OptionGroup var file: FileLimitOptions

    @Option(
      parsing: .unconditional,
      help: "Leave out up to so many examples that cannot be read, and list them in the end.")
    var skipBroken: Int?

    /// Sets what these flags say.
    func put(into options: inout TrainingOptions) {
      file.put(into: &options)
      options.skipBroken = skipBroken ?? options.skipBroken
    }
  }
#endif

extension TrainingOptions {
  /// The memory that the data of a compressed file may take; nil where nothing is said.
  var memoryLimit: Int? { dataLimit.flatMap(byteCount) }
  /// Pixels and scans that an image file may have.
  var imageLimits: (pixels: Int, scans: Int) {
    (pixelLimit ?? ImageFile.defaultPixelLimit, scanLimit ?? ImageFile.defaultScanLimit)
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
