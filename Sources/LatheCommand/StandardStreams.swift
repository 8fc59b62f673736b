import Foundation

/// The three descriptors that every program expects to be open.
enum StandardStreams {
  /// Opens /dev/null where the program that started this one closed some of them.
  ///
  /// Otherwise the first file that a run opens gets their number, and what is printed lands in it.
  static func openClosed() {
    for descriptor in STDIN_FILENO...STDERR_FILENO
    where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
      // The lowest free number is this one, as those below are open by now.
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY)
    }
  }
}
