import Lathe

/// The size of a test's batches where memory is short.
enum TestBatches {
  /// Runs a test, with half as many examples at a time where the device has no room for so many.
  ///
  /// - Parameters:
  ///   - size: Examples at a time to begin with.
  ///   - smaller: Called with the size that is tried next.
  static func fitting<Result>(
    _ size: Int, smaller: (Int) -> Void = { _ in }, _ body: (_ size: Int) throws -> Result
  ) throws -> Result {
    var size = size
    while true {
      do {
        return try body(size)
      } catch let error as LatheError where error.kind == .outOfMemory && size > 1 {
        size = max(1, size / 2)
        smaller(size)
      }
    }
  }
}
