#if canImport(Glibc)
  // The C library's `stdout` is a variable, which nothing here changes.
  @preconcurrency import Glibc
#elseif canImport(Musl)
  @preconcurrency import Musl
#endif
#if canImport(Runtime)
  import Runtime
#endif

/// Stops the program because it was written wrongly: shapes that do not fit, an axis that is not there.
///
/// One line names the place in the program that called Lathe, where its debugging information tells it; what the
/// program printed before is flushed. The process ends by SIGABRT, which a shell shows as 134 and a debugger stops at.
@inline(never) @usableFromInline
package func stop(_ message: String, file: StaticString = #fileID, line: UInt = #line) -> Never {
  let place = callerOfLathe() ?? "\(file):\(line)"
  fflush(stdout)
  writeToStandardError("\(place): Fatal error: \(printable(message, keepingLines: true))")
  // Swift's own handler would add the whole stack, of which the line above is the part that helps.
  signal(SIGABRT, SIG_DFL)
  abort()
}

/// Stops the program with a message unless a condition holds.
@inlinable @inline(__always)
package func require(
  _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID,
  line: UInt = #line
) {
  if !condition() { stop(message(), file: file, line: line) }
}

/// Where the innermost function outside Lathe's libraries is: its file and the line that it has reached.
private func callerOfLathe(of own: String = #filePath) -> String? {
  #if canImport(Runtime)
    guard let stack = try? Backtrace.capture(limit: 128),
      let frames = stack.symbolicated(options: [.showInlineFrames, .showSourceLocations])?.frames
    else { return nil }
    let sources = own.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(
      separator: "/")
    // All of the package's libraries, and no program.
    func isOwn(_ path: String) -> Bool {
      path.hasPrefix("\(sources)/") && !path.hasPrefix("\(sources)/LatheCommand/")
    }
    for frame in frames {
      // What the compiler made has no line, and the standard library no file.
      guard let place = frame.symbol?.sourceLocation, place.line > 0, place.path.hasPrefix("/"),
        !place.path.hasPrefix("//"), !isOwn(place.path)
      else { continue }
      return "\(place.path):\(place.line)"
    }
  #endif
  return nil
}
