#if OpenCL
  import LatheCore
  import Synchronization

  /// What a kernel reports by `lathe_report`.
  package enum ReportedError: Int32, Sendable, CaseIterable {
    case gather = 1
    case scatterAdd = 2
    case crossEntropy = 3
    case scatter = 4
    case rows = 5

    private var what: String {
      switch self {
      case .gather: "gather: index"
      case .scatterAdd: "scatterAdd: index"
      case .crossEntropy: "crossEntropy: label"
      case .scatter: "scatter: index"
      case .rows: "rows: index"
      }
    }

    /// The error that a launch's words say, nil where it reported nothing; see `lathe_report` in common.clh.
    static func error(in words: ArraySlice<Int64>) -> LatheError? {
      let code = Int32(truncatingIfNeeded: words[words.startIndex])
      guard code != 0 else { return nil }
      let what = ReportedError(rawValue: code)?.what ?? "index"
      return LatheError(
        .indexOutOfRange,
        "\(what) \(words[words.startIndex + 1]) is outside an axis of size \(words[words.startIndex + 2])")
    }
  }

  /// Device memory in which up to 64 launches report, each in a slot of its own.
  final class ReportPage: Sendable {
    /// Launches that a page has room for: one bit of a mask each.
    static let slots = 64
    /// 64-bit words of a slot: a code, the index, the axis's size.
    static let slotWords = 4
    static let byteCount = slots * slotWords * 8

    let memory: OpenCLBuffer
    /// The order in which pages were opened.
    let number: Int
    /// What its launches reported, by slot; nil until that was read.
    private let outcome = Mutex<[Int: LatheError]?>(nil)

    init(_ memory: OpenCLBuffer, number: Int) {
      self.memory = memory
      self.number = number
    }

    /// What was reported; the first caller reads it, others wait for that.
    func errors(_ read: () throws -> [Int: LatheError]) rethrows -> [Int: LatheError] {
      try outcome.withLock { known in
        if let known { return known }
        let errors = try read()
        known = errors
        return errors
      }
    }

    /// What was reported, nil where nobody has read it.
    var knownErrors: [Int: LatheError]? { outcome.withLock { $0 } }
  }

  /// Why a buffer's content may not be what its operation should give.
  final class Doubt: Sendable {
    enum Cause {
      /// Launches of a page that it was made with, as a bit for each slot; whether they reported is not known yet.
      case launches(ReportPage, UInt64)
      /// One of the launches did report.
      case error(LatheError)
    }

    let cause: Cause

    init(_ cause: Cause) { self.cause = cause }
  }
#endif
