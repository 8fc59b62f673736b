#if OpenCL
  import LatheCore

  /// How far a search is and how long the rest will take.
  package struct TuningProgress: Sendable {
    /// Candidates of all searches.
    package let candidates: Int
    private let start: UInt64
    private var done = 0

    /// - Parameter start: Nanoseconds of the host's clock.
    package init(candidates: Int, start: UInt64 = Trace.now) {
      self.candidates = candidates
      self.start = start
    }

    /// Minutes that candidates of one to three seconds each take.
    package var firstGuess: String {
      let (least, most) = (minutes(Double(candidates)), minutes(3 * Double(candidates)))
      return least == most ? "about \(most) min" : "about \(least) to \(most) min"
    }

    /// Counts the candidates of a finished search.
    package mutating func add(_ count: Int) { done += count }

    /// What is left, by the candidates measured so far; nil where nothing is.
    package func rest(at now: UInt64 = Trace.now) -> String? {
      guard done > 0, done < candidates else { return nil }
      let seconds = Double(now - start) * 1e-9 / Double(done) * Double(candidates - done)
      return "about \(minutes(seconds)) min left"
    }

    private func minutes(_ seconds: Double) -> Int { max(1, Int((seconds / 60).rounded())) }
  }
#endif
