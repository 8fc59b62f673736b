/// Stops the program because it was written wrongly: shapes that do not fit, an axis that is not there.
///
/// `preconditionFailure` prints nothing in an optimised build; this always prints the message.
@inline(never) @usableFromInline
package func stop(_ message: String, file: StaticString = #fileID, line: UInt = #line) -> Never {
  fatalError(message, file: file, line: line)
}

/// Stops the program with a message unless a condition holds.
@inlinable @inline(__always)
package func require(
  _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID,
  line: UInt = #line
) {
  if !condition() { stop(message(), file: file, line: line) }
}
