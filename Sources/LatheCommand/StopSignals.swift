import Foundation
import Synchronization

/// Turns Ctrl-C, SIGTERM and a closed terminal into a request that the training loop sees between two steps.
enum StopSignals {
  private static let received = Atomic<Int32>(0)
  private static let all = [SIGINT, SIGTERM, SIGHUP]

  /// The signal that asked to stop; 0 for none.
  static var number: Int32 { received.load(ordering: .relaxed) }

  /// Lets the signals through where the program that started this one had them blocked.
  static func unblock() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in all { sigaddset(&signals, number) }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// Starts listening; a second signal ends the process at once.
  ///
  /// A signal that is ignored stays so: that is how `nohup` keeps a run alive when its terminal goes, and a shell
  /// without job control its background commands when Ctrl-C ends the one in front.
  static func listen() {
    // Made before any handler can run: the first use of a static allocates nothing afterwards.
    received.store(0, ordering: .relaxed)
    // A reader of our output that goes away is an error of a write, not the end of the run.
    signal(SIGPIPE, SIG_IGN)
    for number in all where !isIgnored(number) {
      signal(number) { number in
        if StopSignals.received.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
      }
    }
  }

  /// Folders that were made and hold nothing yet, as a handler can read them: it may allocate nothing.
  nonisolated(unsafe) private static var emptyFolders: [UnsafeMutablePointer<CChar>] = []
  /// Whether signals wait, and the one that does.
  private static let isHolding = Atomic<Bool>(false)
  private static let held = Atomic<Int32>(0)

  /// Lets a signal that would end the process at once wait until `letGo`: a folder is being made and tried out.
  ///
  /// Not where the signals are listened to, and not those that are ignored.
  static func hold() {
    held.store(0, ordering: .relaxed)
    isHolding.store(true, ordering: .sequentiallyConsistent)
    for number in all where isDefault(number) {
      signal(number) { number in
        if StopSignals.isHolding.load(ordering: .sequentiallyConsistent) {
          StopSignals.held.store(number, ordering: .sequentiallyConsistent)
        } else {
          StopSignals.end(number)
        }
      }
    }
  }

  /// Ends `hold`: a signal, also one that waited, removes `folders` that are still empty and ends the process.
  static func letGo(removing folders: [String]) {
    guard isHolding.load(ordering: .relaxed) else { return }
    emptyFolders = folders.compactMap { strdup($0) }
    isHolding.store(false, ordering: .sequentiallyConsistent)
    let waiting = held.exchange(0, ordering: .sequentiallyConsistent)
    if waiting != 0 { end(waiting) }
  }

  private static func end(_ number: Int32) {
    for folder in emptyFolders { rmdir(folder) }
    signal(number, SIG_DFL)
    raise(number)
  }

  private static func isDefault(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_DFL, to: Int.self)
  }

  /// Lets a signal end the process at once again.
  static func stopListening() { for number in all where !isIgnored(number) { signal(number, SIG_DFL) } }

  /// Lets Ctrl-C end the process only when it is pressed twice: the first one may have been meant for what just ended.
  static func askBeforeInterrupt() {
    received.store(0, ordering: .relaxed)
    guard !isIgnored(SIGINT) else { return }
    signal(SIGINT) { number in
      if StopSignals.received.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
      let hint: StaticString = "\nCtrl-D ends the conversation, and so does another Ctrl-C\n> "
      _ = write(STDERR_FILENO, hint.utf8Start, hint.utf8CodeUnitCount)
    }
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
