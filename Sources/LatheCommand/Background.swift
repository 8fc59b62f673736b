import Foundation
import Synchronization

/// A value made on a thread of its own.
final class Background<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, any Error>?>(nil)
  private let done = DispatchSemaphore(value: 0)

  /// Starts making the value.
  init(_ make: @escaping @Sendable () throws -> Value) {
    Thread.detachNewThread {
      let made = Result { try make() }
      self.result.withLock { $0 = made }
      self.done.signal()
    }
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
