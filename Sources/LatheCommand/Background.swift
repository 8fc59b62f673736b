import Foundation
import LatheCore
import Synchronization

/// A value made on a thread of its own, or by the caller where the system has none to give.
final class Background<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, any Error>?>(nil)
  private let done = DispatchSemaphore(value: 0)

  /// Starts making the value.
  init(_ make: @escaping @Sendable () throws -> Value) {
    let work: @Sendable () -> Void = {
      let made = Result { try make() }
      self.result.withLock { $0 = made }
      self.done.signal()
    }
    if !startThread(named: "lathe-background", work) { work() }
  }

  /// The value, waited for, or what it failed with; may be asked for once.
  func value() throws -> Value {
    done.wait()
    guard let made = result.withLock({ $0 }) else {
      preconditionFailure("Background: signalled without a value")
    }
    return try made.get()
  }
}
