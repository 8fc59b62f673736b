import FoundationEssentials

/// What went wrong outside the program: a file, a device, a driver, memory, an argument.
///
/// Mistakes of the programmer (shapes that do not fit) are not errors of this type: they stop the program.
public struct LatheError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What a caller may want to tell apart.
  public enum Kind: Sendable, Hashable {
    /// The device or its driver failed.
    case device
    /// The device has no room for a buffer.
    case outOfMemory
    /// A kernel's source did not build.
    case kernelBuild
    /// The backend has no kernel for this; the caller falls back to the CPU.
    case unsupported
    /// An index outside the axis it indexes.
    case indexOutOfRange
    /// A file or folder could not be read or written.
    case file
    /// A file's content is not what its format says.
    case format
    /// An argument given by a user is not acceptable.
    case invalidArgument
    /// Training cannot go on, for example because the loss is NaN.
    case training
  }

  /// The class of the failure.
  public let kind: Kind
  /// What was wrong, where, and what to do about it.
  public let message: String

  /// An error of a class with its message.
  ///
  /// Control characters in it, which can come from files and arguments, are written as escapes; the logs of compilers
  /// and drivers keep their lines.
  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = printable(message, keepingLines: kind == .kernelBuild || kind == .device)
  }

  /// What is printed.
  public var description: String { message }

  /// Out of device memory: names the device, the bytes asked for, in use and the limit.
  public static func outOfMemory(device: String, requested: Int, inUse: Int, limit: Int) -> LatheError {
    LatheError(
      .outOfMemory,
      "\(device): out of memory: \(requested) bytes asked for, \(inUse) in use, limit \(limit); "
        + "use a smaller batch or release tensors")
  }

  /// The backend has no kernel for an operation.
  public static func unsupported(_ what: String) -> LatheError { LatheError(.unsupported, what) }
}

extension LatheError: LocalizedError {
  /// What `localizedDescription` says: the message.
  public var errorDescription: String? { message }
}
